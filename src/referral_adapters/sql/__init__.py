"""A store in an SQLite file or a PostgreSQL database: the same answers, guarded by the database itself."""

from __future__ import annotations

from referral_adapters.sql.errors import SchemaMismatch, StoreFailed
from referral_adapters.sql.schema import upgrade
from referral_adapters.sql.store import SqlStore

__all__ = ["SchemaMismatch", "SqlStore", "StoreFailed", "upgrade"]
