"""A store in an SQLite file or a PostgreSQL database: the same answers, with guards in the database itself."""

from __future__ import annotations

from referral_adapters.sql.errors import ForeignDatabase, SchemaMismatch, StoreFailed
from referral_adapters.sql.file_copy import backup
from referral_adapters.sql.integrity import check
from referral_adapters.sql.limiter import SqlLimiter
from referral_adapters.sql.schema import Upgraded, upgrade
from referral_adapters.sql.shape import Finding
from referral_adapters.sql.store import SqlStore

__all__ = [
    "Finding",
    "ForeignDatabase",
    "SchemaMismatch",
    "SqlLimiter",
    "SqlStore",
    "StoreFailed",
    "Upgraded",
    "backup",
    "check",
    "upgrade",
]
