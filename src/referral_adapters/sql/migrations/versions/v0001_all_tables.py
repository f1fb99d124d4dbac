"""All tables of the first version, and what they guard."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from referral_adapters.sql.migrations.guards_0001 import postgresql_guards, sqlite_guards
from referral_adapters.sql.types import COUNT, WORDS, Amount, CanonicalJson, Day, Moment

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make everything."""
    op.create_table(
        "accounts",
        sa.Column("account", WORDS, nullable=False),
        sa.Column("customer", WORDS, nullable=False),
        sa.PrimaryKeyConstraint("account", name="accounts_pk"),
        sqlite_strict=True,
    )
    op.create_table(
        "bills",
        sa.Column("bill", WORDS, nullable=False),
        sa.Column("account", WORDS, nullable=False),
        sa.PrimaryKeyConstraint("bill", name="bills_pk"),
        sqlite_strict=True,
    )
    op.create_table(
        "cases",
        sa.Column("id", WORDS, nullable=False),
        sa.Column("customer", WORDS, nullable=False),
        sa.Column("opened_at", Moment(), nullable=False),
        sa.Column("product", WORDS, nullable=False),
        sa.Column("segment", WORDS, nullable=False),
        sa.Column("code", WORDS, nullable=True),
        sa.Column("referrer_group", WORDS, nullable=True),
        sa.Column("referrer_amount", Amount(), nullable=True),
        sa.Column("referrer_currency", WORDS, nullable=True),
        sa.Column("referrer_from", Moment(), nullable=True),
        sa.Column("referrer_until", Moment(), nullable=True),
        sa.Column("referee_group", WORDS, nullable=True),
        sa.Column("referee_amount", Amount(), nullable=True),
        sa.Column("referee_currency", WORDS, nullable=True),
        sa.Column("referee_from", Moment(), nullable=True),
        sa.Column("referee_until", Moment(), nullable=True),
        sa.Column("warnings", CanonicalJson(), nullable=False),
        sa.Column("status", WORDS, nullable=False),
        sa.Column("contract", WORDS, nullable=True),
        sa.PrimaryKeyConstraint("id", name="cases_pk"),
        sqlite_strict=True,
    )
    op.create_table(
        "code_numbers",
        sa.Column("name", WORDS, nullable=False),
        sa.Column("next", COUNT, nullable=False),
        sa.PrimaryKeyConstraint("name", name="code_numbers_pk"),
        sqlite_strict=True,
    )
    op.create_table(
        "code_texts",
        sa.Column("text", WORDS, nullable=False),
        sa.Column("account", WORDS, nullable=False),
        sa.PrimaryKeyConstraint("text", name="code_texts_pk"),
        sqlite_strict=True,
    )
    op.create_table(
        "contracts",
        sa.Column("id", WORDS, nullable=False),
        sa.Column("account", WORDS, nullable=False),
        sa.Column("customer", WORDS, nullable=False),
        sa.Column("product", WORDS, nullable=False),
        sa.Column("segment", WORDS, nullable=False),
        sa.Column("channel", WORDS, nullable=False),
        sa.Column("concluded_at", Moment(), nullable=False),
        sa.Column("starts_on", Day(), nullable=True),
        sa.Column("first_name", WORDS, nullable=True),
        sa.Column("warned_code", WORDS, nullable=True),
        sa.Column("warnings", CanonicalJson(), nullable=False),
        sa.Column("status", WORDS, nullable=False),
        sa.Column("activated_at", Moment(), nullable=True),
        sa.Column("ended_at", Moment(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="contracts_pk"),
        sqlite_strict=True,
    )
    op.create_index("contracts_account", "contracts", ["account", "concluded_at", "id"], unique=False)
    op.create_index("contracts_customer", "contracts", ["customer", "concluded_at", "id"], unique=False)
    op.create_table(
        "discount_group_history",
        sa.Column("id", WORDS, nullable=False),
        sa.Column("revision", COUNT, autoincrement=False, nullable=False),
        sa.Column("recorded_at", Moment(), nullable=False),
        sa.Column("state", CanonicalJson(), nullable=False),
        sa.PrimaryKeyConstraint("id", "revision", name="discount_group_history_pk"),
        sqlite_strict=True,
    )
    op.create_table(
        "discount_groups",
        sa.Column("id", WORDS, nullable=False),
        sa.Column("place", COUNT, nullable=False),
        sa.Column("side", WORDS, nullable=False),
        sa.Column("name", WORDS, nullable=False),
        sa.Column("compared_name", WORDS, nullable=False),
        sa.Column("stamp", WORDS, nullable=False),
        sa.Column("revision", COUNT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="discount_groups_pk"),
        sa.UniqueConstraint("compared_name", name="discount_groups_name_unique"),
        sa.UniqueConstraint("place", name="discount_groups_place_unique"),
        sqlite_strict=True,
    )
    op.create_table(
        "discount_lots",
        sa.Column("account", WORDS, nullable=False),
        sa.Column("number", COUNT, autoincrement=False, nullable=False),
        sa.Column("effective_from", Moment(), nullable=False),
        sa.Column("unused", Amount(), nullable=False),
        sa.PrimaryKeyConstraint("account", "number", name="discount_lots_pk"),
        sqlite_strict=True,
    )
    op.create_table(
        "discount_movements",
        sa.Column("account", WORDS, nullable=False),
        sa.Column("kind", WORDS, nullable=False),
        sa.Column("reference", WORDS, nullable=False),
        sa.Column("amount", Amount(), nullable=False),
        sa.PrimaryKeyConstraint("account", "kind", "reference", name="discount_movements_pk"),
        sqlite_strict=True,
    )
    op.create_table(
        "events",
        sa.Column("source", WORDS, nullable=False),
        sa.Column("id", WORDS, nullable=False),
        sa.Column("digest", WORDS, nullable=False),
        sa.PrimaryKeyConstraint("source", "id", name="events_pk"),
        sqlite_strict=True,
    )
    op.create_table(
        "grants",
        sa.Column("referral", WORDS, nullable=False),
        sa.Column("side", WORDS, nullable=False),
        sa.Column("key", WORDS, nullable=False),
        sa.Column("account", WORDS, nullable=False),
        sa.Column("amount", Amount(), nullable=False),
        sa.Column("currency", WORDS, nullable=False),
        sa.Column("effective_from", Moment(), nullable=False),
        sa.Column("status", WORDS, nullable=False),
        sa.Column("attempts", COUNT, nullable=False),
        sa.PrimaryKeyConstraint("referral", "side", name="grants_pk"),
        sqlite_strict=True,
    )
    op.create_index("grants_account", "grants", ["account", "key"], unique=False)
    op.create_index("grants_key", "grants", ["key"], unique=False)
    op.create_index(
        "grants_unsettled",
        "grants",
        ["key"],
        unique=False,
        sqlite_where=sa.text("status <> 'granted'"),
        postgresql_where=sa.text("status <> 'granted'"),
    )
    op.create_table(
        "live_referrals",
        sa.Column("customer", WORDS, nullable=False),
        sa.Column("contract", WORDS, nullable=False),
        sa.PrimaryKeyConstraint("customer", name="live_referrals_pk"),
        sqlite_strict=True,
    )
    op.create_table(
        "posted_grants",
        sa.Column("key", WORDS, nullable=False),
        sa.PrimaryKeyConstraint("key", name="posted_grants_pk"),
        sqlite_strict=True,
    )
    op.create_table(
        "promo_code_history",
        sa.Column("account", WORDS, nullable=False),
        sa.Column("text", WORDS, nullable=False),
        sa.Column("revision", COUNT, autoincrement=False, nullable=False),
        sa.Column("recorded_at", Moment(), nullable=False),
        sa.Column("state", CanonicalJson(), nullable=False),
        sa.PrimaryKeyConstraint("account", "text", "revision", name="promo_code_history_pk"),
        sqlite_strict=True,
    )
    op.create_table(
        "promo_codes",
        sa.Column("account", WORDS, nullable=False),
        sa.Column("text", WORDS, nullable=False),
        sa.Column("place", COUNT, nullable=False),
        sa.Column("customer", WORDS, nullable=False),
        sa.Column("issued_at", Moment(), nullable=False),
        sa.Column("issued_by", WORDS, nullable=False),
        sa.Column("issuing", WORDS, nullable=False),
        sa.Column("starts_at", Moment(), nullable=True),
        sa.Column("ends_at", Moment(), nullable=True),
        sa.Column("ending", WORDS, nullable=True),
        sa.Column("ending_reason", WORDS, nullable=True),
        sa.Column("revision", COUNT, nullable=False),
        sa.PrimaryKeyConstraint("account", "text", name="promo_codes_pk"),
        sqlite_strict=True,
    )
    op.create_table(
        "referral_history",
        sa.Column("contract", WORDS, nullable=False),
        sa.Column("revision", COUNT, autoincrement=False, nullable=False),
        sa.Column("recorded_at", Moment(), nullable=False),
        sa.Column("state", CanonicalJson(), nullable=False),
        sa.PrimaryKeyConstraint("contract", "revision", name="referral_history_pk"),
        sqlite_strict=True,
    )
    op.create_table(
        "referrals",
        sa.Column("contract", WORDS, nullable=False),
        sa.Column("code", WORDS, nullable=False),
        sa.Column("referrer", WORDS, nullable=False),
        sa.Column("referrer_customer", WORDS, nullable=False),
        sa.Column("referee", WORDS, nullable=False),
        sa.Column("referee_customer", WORDS, nullable=False),
        sa.Column("concluded_at", Moment(), nullable=False),
        sa.Column("channel", WORDS, nullable=False),
        sa.Column("referrer_group", WORDS, nullable=False),
        sa.Column("referrer_amount", Amount(), nullable=False),
        sa.Column("referrer_currency", WORDS, nullable=False),
        sa.Column("referrer_from", Moment(), nullable=False),
        sa.Column("referrer_until", Moment(), nullable=True),
        sa.Column("referee_group", WORDS, nullable=False),
        sa.Column("referee_amount", Amount(), nullable=False),
        sa.Column("referee_currency", WORDS, nullable=False),
        sa.Column("referee_from", Moment(), nullable=False),
        sa.Column("referee_until", Moment(), nullable=True),
        sa.Column("honoured_moment", Moment(), nullable=True),
        sa.Column("case_id", WORDS, nullable=True),
        sa.Column("status", WORDS, nullable=False),
        sa.Column("granted_at", Moment(), nullable=True),
        sa.Column("cancelled_at", Moment(), nullable=True),
        sa.Column("notes", COUNT, nullable=False),
        sa.Column("revision", COUNT, nullable=False),
        sa.PrimaryKeyConstraint("contract", name="referrals_pk"),
        sqlite_strict=True,
    )
    op.create_index("referrals_order", "referrals", ["concluded_at", "contract"], unique=False)
    op.create_index("referrals_referrer", "referrals", ["referrer", "concluded_at", "contract"], unique=False)
    op.create_table(
        "seals",
        sa.Column("number", COUNT, autoincrement=False, nullable=False),
        sa.Column("moment", Moment(), nullable=False),
        sa.Column("heads", CanonicalJson(), nullable=False),
        sa.Column("previous", WORDS, nullable=False),
        sa.Column("hash", WORDS, nullable=False),
        sa.PrimaryKeyConstraint("number", name="seals_pk"),
        sqlite_strict=True,
    )
    op.create_table(
        "settings",
        sa.Column("name", WORDS, nullable=False),
        sa.Column("value", WORDS, nullable=False),
        sa.PrimaryKeyConstraint("name", name="settings_pk"),
        sqlite_strict=True,
    )
    op.create_table(
        "sharings",
        sa.Column("account", WORDS, nullable=False),
        sa.Column("id", WORDS, nullable=False),
        sa.Column("code", WORDS, nullable=False),
        sa.Column("means", WORDS, nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("account", "id", name="sharings_pk"),
        sqlite_strict=True,
    )
    op.create_table(
        "trace_entries",
        sa.Column("subject", WORDS, nullable=False),
        sa.Column("number", COUNT, autoincrement=False, nullable=False),
        sa.Column("moment", Moment(), nullable=False),
        sa.Column("act", WORDS, nullable=False),
        sa.Column("role", WORDS, nullable=False),
        sa.Column("before", CanonicalJson(), nullable=True),
        sa.Column("after", CanonicalJson(), nullable=True),
        sa.Column("actor", WORDS, nullable=True),
        sa.Column("reason", WORDS, nullable=True),
        sa.Column("salt", WORDS, nullable=True),
        sa.Column("personal_digest", WORDS, nullable=False),
        sa.Column("previous", WORDS, nullable=False),
        sa.Column("hash", WORDS, nullable=False),
        sa.PrimaryKeyConstraint("subject", "number", name="trace_entries_pk"),
        sqlite_strict=True,
    )
    op.create_table(
        "transfers",
        sa.Column("key", WORDS, nullable=False),
        sa.Column("moved", Amount(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="transfers_pk"),
        sqlite_strict=True,
    )
    op.create_table(
        "amount_periods",
        sa.Column("group_id", WORDS, nullable=False),
        sa.Column("starts_at", Moment(), nullable=False),
        sa.Column("ends_at", Moment(), nullable=True),
        sa.Column("amount", Amount(), nullable=False),
        sa.Column("currency", WORDS, nullable=False),
        sa.ForeignKeyConstraint(["group_id"], ["discount_groups.id"], name="amount_periods_group_id_known"),
        sa.PrimaryKeyConstraint("group_id", "starts_at", name="amount_periods_pk"),
        sqlite_strict=True,
    )
    op.create_table(
        "fee_notes",
        sa.Column("contract", WORDS, nullable=False),
        sa.Column("number", COUNT, autoincrement=False, nullable=False),
        sa.Column("amount", Amount(), nullable=False),
        sa.Column("currency", WORDS, nullable=False),
        sa.Column("reason", WORDS, nullable=True),
        sa.Column("noted_at", Moment(), nullable=False),
        sa.Column("noted_by", WORDS, nullable=False),
        sa.ForeignKeyConstraint(["contract"], ["referrals.contract"], name="fee_notes_contract_known"),
        sa.PrimaryKeyConstraint("contract", "number", name="fee_notes_pk"),
        sqlite_strict=True,
    )
    op.create_table(
        "group_switches",
        sa.Column("group_id", WORDS, nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("status", WORDS, nullable=False),
        sa.ForeignKeyConstraint(["group_id"], ["discount_groups.id"], name="group_switches_group_id_known"),
        sa.PrimaryKeyConstraint("group_id", "at", name="group_switches_pk"),
        sqlite_strict=True,
    )
    is_postgresql = op.get_bind().dialect.name == "postgresql"
    for guard in postgresql_guards() if is_postgresql else sqlite_guards():
        op.execute(guard)
