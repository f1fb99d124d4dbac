"""The tables of contracts and of the accounts they stand on."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Column, Index, text

from referral_adapters.sql.metadata import table, words
from referral_adapters.sql.types import CanonicalJson, Day, Moment

ACCOUNTS: Final = table(
    "accounts",
    words("account", primary_key=True),
    words("customer"),
    distribution="account",
)
"""Every account and the one customer it belongs to."""

CONTRACT_ACCOUNTS: Final = table(
    "contract_accounts",
    words("contract", primary_key=True),
    words("account"),
    distribution="contract",
)
"""The account on which every contract stands: a table of its own, so that an id is unique everywhere."""

CUSTOMER_ACCOUNTS: Final = table(
    "customer_accounts",
    words("customer", primary_key=True),
    words("account", primary_key=True),
    distribution="customer",
)
"""The accounts of every customer: where their contracts are to be looked for."""

IS_CONCLUDED: Final = text("status = 'concluded'")
"""Whether a contract waits to activate, in the words of the index of those: a value may be planned for without it."""
CONTRACTS: Final = table(
    "contracts",
    words("account", primary_key=True),
    words("id", primary_key=True),
    words("customer"),
    words("product"),
    words("segment"),
    words("channel"),
    Column("concluded_at", Moment, nullable=False),
    Column("starts_on", Day),
    words("first_name", nullable=True),
    words("warned_code", nullable=True),
    Column("warnings", CanonicalJson, nullable=False),
    words("status"),
    Column("activated_at", Moment),
    Column("ended_at", Moment),
    Index("contracts_id", "id"),
    Index("contracts_channel", "channel", "id"),
    Index("contracts_open", "id", sqlite_where=IS_CONCLUDED, postgresql_where=IS_CONCLUDED),
    distribution="account",
)
"""Contracts as last stored, beside all else that is kept of their accounts."""
