"""All tables: importing this module makes the metadata whole."""

from __future__ import annotations

from referral_adapters.sql import (
    billing_tables,
    code_tables,
    contract_tables,
    group_tables,
    outgoing_tables,
    referral_tables,
    trace_tables,
)
from referral_adapters.sql.metadata import METADATA

__all__ = [
    "METADATA",
    "billing_tables",
    "code_tables",
    "contract_tables",
    "group_tables",
    "outgoing_tables",
    "referral_tables",
    "trace_tables",
]
