"""Opening a database that has to be there: looking at one makes none."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy.engine import URL

from referral_adapters.sql import schema
from referral_adapters.sql.connections import OwnConnections, parsed_url
from referral_adapters.sql.errors import StoreFailed
from referral_adapters.sql.store import SqlStore


def open_existing(url: str | URL) -> SqlStore:
    """Return the store in a database with tables; neither a file nor a table is made where there is none.

    :raises SchemaMismatch: the database has no tables yet, or is of another version of the library.
    :raises StoreFailed: the database cannot be opened.
    """
    parsed = parsed_url(url)
    if parsed.get_backend_name() == "sqlite" and "uri" not in parsed.query and not Path(str(parsed.database)).exists():
        raise StoreFailed("There is no such database file.")
    connections = OwnConnections(parsed)
    try:
        with schema.told():
            schema.check(schema.version_of(connections.get()))
    finally:
        connections.close()
    return SqlStore(parsed)
