"""Distribution: tables handed to a cluster of PostgreSQL servers with Citus, each by the column it names.

What Citus asks of a table is kept by the tables themselves: every key and exclusion contains the distribution column,
and a foreign key leads to a table that lies in the same place or whole on every node. Row triggers run on the shards,
on one row each, which is why it is safe to let Citus have them.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, ForeignKeyConstraint, Table, text

from referral_adapters.sql.errors import StoreFailed
from referral_adapters.sql.tables import METADATA, REFERENCE

_IS_THERE: Final = text(
    "SELECT count(*) FROM pg_proc WHERE proname = 'create_distributed_table' AND pg_function_is_visible(oid)"
)
_DONE: Final = text("SELECT relname FROM pg_dist_partition JOIN pg_class ON pg_class.oid = logicalrelid::oid")
_SETTINGS: Final = (
    # A row trigger sees the row at hand only, and stands on every shard as it stood on the table.
    "SET LOCAL citus.enable_unsafe_triggers = on",
    # One connection to each node, so that a table sees the ones that were handed over before it.
    "SET LOCAL citus.multi_shard_modify_mode = 'sequential'",
)
_REFERENCE: Final = text("SELECT create_reference_table(CAST(:name AS regclass))")
_DISTRIBUTED: Final = text(
    "SELECT create_distributed_table(CAST(:name AS regclass), :column, colocate_with => :beside)"
)
_NO_CITUS: Final = (
    "Tables can be distributed by the extension `citus` of PostgreSQL only, which this database does not have."
)


def distribute(connection: Connection) -> tuple[str, ...]:
    """Hand over every table that is not yet, in the transaction that is open, and return their names.

    :raises StoreFailed: the database is none with Citus.
    """
    if not _has_citus(connection):
        raise StoreFailed(_NO_CITUS)
    done = set(connection.execute(_DONE).scalars())
    for setting in _SETTINGS:
        connection.exec_driver_sql(setting)
    rest = [table for table in _in_order() if table.name not in done]
    for table in rest:
        _hand_over(connection, table)
    return tuple(table.name for table in rest)


def continued(connection: Connection) -> tuple[str, ...]:
    """Hand over what is new in a database whose other tables were handed over before; return the names."""
    if not is_distributed(connection):
        return ()
    return distribute(connection)


def is_distributed(connection: Connection) -> bool:
    """Tell whether this library's tables lie on a cluster."""
    return _has_citus(connection) and not METADATA.tables.keys().isdisjoint(connection.execute(_DONE).scalars())


def _has_citus(connection: Connection) -> bool:
    return connection.dialect.name == "postgresql" and bool(connection.execute(_IS_THERE).scalar())


def _in_order() -> list[Table]:
    """Return the tables so that each comes after those it refers to, and those that lie on every node first."""
    return sorted(METADATA.sorted_tables, key=lambda table: table.info["distribution"] != REFERENCE)


def _hand_over(connection: Connection, table: Table) -> None:
    column = table.info["distribution"]
    loosen(connection, table)
    if column == REFERENCE:
        connection.execute(_REFERENCE, {"name": table.name})
    else:
        connection.execute(_DISTRIBUTED, {"name": table.name, "column": column, "beside": _beside(table)})


def loosen(connection: Connection, *tables: Table) -> None:
    """Make indexes plain that are unique on one server only: a cluster keeps none unique without its column."""
    for table in tables or METADATA.sorted_tables:
        for index in table.indexes:
            if index.info.get("one_server"):
                columns = ", ".join(index.columns.keys())
                connection.exec_driver_sql(f"DROP INDEX {index.name}")
                connection.exec_driver_sql(f"CREATE INDEX {index.name} ON {table.name} ({columns})")


def _beside(table: Table) -> str:
    """Return the table whose rows lie beside this one's; by default Citus puts equal texts in the same place."""
    known = [each.referred_table for each in table.constraints if isinstance(each, ForeignKeyConstraint)]
    return next((each.name for each in known if each.info["distribution"] != REFERENCE), "default")
