"""Everything of an account beside the account, and directories of where what is asked by another key is to be found.

Contracts and grants lie by account from now on. A contract's id, a customer and a referrer lead there by directories:
small tables, each by the key that it is asked for.
"""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op

from referral_adapters.sql.types import WORDS, Moment

revision = "0009"
down_revision = "0008"

_KEYS: Final = {"contracts": ("account", "id"), "grants": ("account", "side", "referral")}
_FILLED: Final = (
    "INSERT INTO contract_accounts (contract, account) SELECT id, account FROM contracts",
    "INSERT INTO customer_accounts (customer, account) SELECT customer, account FROM accounts",
    "INSERT INTO given_referrals SELECT referrer, concluded_at, contract FROM referrals",
)


def upgrade() -> None:
    """Make the directories, and fill them from what is there."""
    op.create_table(
        "contract_accounts",
        sa.Column("contract", WORDS, nullable=False),
        sa.Column("account", WORDS, nullable=False),
        sa.PrimaryKeyConstraint("contract", name="contract_accounts_pk"),
        sqlite_strict=True,
    )
    op.create_table(
        "customer_accounts",
        sa.Column("customer", WORDS, nullable=False),
        sa.Column("account", WORDS, nullable=False),
        sa.PrimaryKeyConstraint("customer", "account", name="customer_accounts_pk"),
        sqlite_strict=True,
    )
    op.create_table(
        "given_referrals",
        sa.Column("referrer", WORDS, nullable=False),
        sa.Column("concluded_at", Moment(), nullable=False),
        sa.Column("contract", WORDS, nullable=False),
        sa.PrimaryKeyConstraint("referrer", "concluded_at", "contract", name="given_referrals_pk"),
        sqlite_strict=True,
    )
    for filled in _FILLED:
        op.execute(filled)
    for index, table in (
        ("contracts_account", "contracts"),
        ("contracts_customer", "contracts"),
        ("grants_account", "grants"),
        ("grants_key", "grants"),
        ("referrals_referrer", "referrals"),
    ):
        op.drop_index(index, table)
    for table, key in _KEYS.items():
        with op.batch_alter_table(table, table_kwargs={"sqlite_strict": True}) as altered:
            altered.drop_constraint(f"{table}_pk", type_="primary")
            altered.create_primary_key(f"{table}_pk", [*key])
    op.create_index("contracts_id", "contracts", ["id"])
    op.create_index("grants_key", "grants", ["key"], unique=True)
