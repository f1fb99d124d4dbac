"""Distribution: the tables on a cluster of PostgreSQL servers with Citus, each by its distribution column.

The tables meet the conditions of Citus by their declarations: every key and exclusion contains the distribution column,
and every foreign key leads to a table that is colocated or is a reference table. Row triggers run on the shards and
read nothing but their own row, so that it is safe to enable them.
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
    # Citus refuses triggers on distributed tables unless told so; these run on every shard as they did on the table.
    "SET LOCAL citus.enable_unsafe_triggers = on",
    # One connection to each node: a table that is distributed must see those distributed before it in the transaction.
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
    """Distribute every table that is not distributed yet, in the open transaction, and return their names.

    :raises StoreFailed: the database has no extension ``citus``.
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
    """Distribute the new tables of a database that is distributed already, and return their names."""
    if not is_distributed(connection):
        return ()
    return distribute(connection)


def is_distributed(connection: Connection) -> bool:
    """Tell whether any table of this library is distributed."""
    return _has_citus(connection) and not METADATA.tables.keys().isdisjoint(connection.execute(_DONE).scalars())


def _has_citus(connection: Connection) -> bool:
    return connection.dialect.name == "postgresql" and bool(connection.execute(_IS_THERE).scalar())


def _in_order() -> list[Table]:
    """Return the tables with reference tables first, and otherwise each after the tables that it refers to."""
    # Sorting is stable, so that the order of references survives within each half.
    return sorted(METADATA.sorted_tables, key=lambda table: table.info["distribution"] != REFERENCE)


def _hand_over(connection: Connection, table: Table) -> None:
    column = table.info["distribution"]
    loosen(connection, table)
    if column == REFERENCE:
        connection.execute(_REFERENCE, {"name": table.name})
    else:
        connection.execute(_DISTRIBUTED, {"name": table.name, "column": column, "beside": _beside(table)})


def loosen(connection: Connection, *tables: Table) -> None:
    """Replace indexes that are unique on one server by plain ones: Citus needs the distribution column in a key."""
    for table in tables or METADATA.sorted_tables:
        for index in table.indexes:
            if index.info.get("one_server"):
                columns = ", ".join(index.columns.keys())
                connection.exec_driver_sql(f"DROP INDEX {index.name}")
                connection.exec_driver_sql(f"CREATE INDEX {index.name} ON {table.name} ({columns})")


def _beside(table: Table) -> str:
    """Return the table to colocate with: the one referred to, else the default group of columns of the same type."""
    known = [each.referred_table for each in table.constraints if isinstance(each, ForeignKeyConstraint)]
    return next((each.name for each in known if each.info["distribution"] != REFERENCE), "default")
