"""The tables, each with the column by which a cluster spreads its rows, and how constraints are named."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Column, ForeignKey, Identity, Index, MetaData, Table, UniqueConstraint, text
from sqlalchemy.schema import SchemaItem

from referral_adapters.sql.types import COUNT, WORDS, Amount, CanonicalJson, Day, Moment, State

METADATA: Final = MetaData(
    naming_convention={
        "pk": "%(table_name)s_pk",
        "uq": "%(table_name)s_%(column_0_N_name)s_unique",
        "ix": "%(table_name)s_%(column_0_N_name)s",
        "fk": "%(table_name)s_%(column_0_N_name)s_known",
        "ck": "%(table_name)s_%(constraint_name)s",
    }
)

REFERENCE: Final = "reference"
"""The distribution of a tiny table that every node of a cluster holds whole."""


def table(name: str, *items: SchemaItem, distribution: str) -> Table:
    """Return a table and name the column by which a cluster distributes its rows."""
    return Table(name, METADATA, *items, info={"distribution": distribution}, sqlite_strict=True)


def words(name: str, **options: Any) -> Column[str]:  # noqa: ANN401 - what a column may be given
    """Return a column of text, which is there unless told otherwise."""
    return Column(name, WORDS, nullable=options.pop("nullable", False), **options)


def offer_columns(side: str, *, nullable: bool = False) -> tuple[Column[Any], ...]:
    """Return the columns of one side's offer: what was locked, and where it came from (S7)."""
    return (
        words(f"{side}_group", nullable=nullable),
        Column(f"{side}_amount", Amount, nullable=nullable),
        words(f"{side}_currency", nullable=nullable),
        Column(f"{side}_from", Moment, nullable=nullable),
        Column(f"{side}_until", Moment),
    )


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


CODE_TEXTS: Final = table(
    "code_texts",
    words("text", primary_key=True),
    words("account"),
    distribution="text",
)
"""Every text that was ever held, by anybody: a table of its own, so that a text is unique everywhere (C1)."""

PROMO_CODES: Final = table(
    "promo_codes",
    words("account", primary_key=True),
    words("text", primary_key=True),
    Column("place", COUNT, nullable=False),
    words("customer"),
    Column("issued_at", Moment, nullable=False),
    words("issued_by"),
    words("issuing"),
    Column("starts_at", Moment),
    Column("ends_at", Moment),
    words("ending", nullable=True),
    words("ending_reason", nullable=True),
    Column("revision", COUNT, nullable=False),
    Column("recorded_at", Moment, nullable=False),
    distribution="account",
)
"""Codes as last stored, and when that was recorded; the periods in which one account holds them are disjoint (C6).

The moments of one account never go back.
"""

PROMO_CODE_HISTORY: Final = table(
    "promo_code_history",
    words("account", primary_key=True),
    words("text", primary_key=True),
    Column("revision", COUNT, primary_key=True, autoincrement=False),
    Column("recorded_at", Moment, nullable=False),
    Column("state", CanonicalJson, nullable=False),
    Column("personal", CanonicalJson),
    distribution="account",
)
"""Every state that a code was in before, with the moment it was recorded; rows are only added.

``personal``, the words in which staff said why, can be emptied (A5).
"""

SETTINGS: Final = table(
    "settings",
    words("name", primary_key=True),
    words("value"),
    distribution=REFERENCE,
)
"""What this database keeps about itself: its secret, and currency and zone of the programme that it belongs to (P5)."""


REFERRALS: Final = table(
    "referrals",
    words("contract", primary_key=True),
    words("code"),
    words("referrer"),
    words("referrer_customer"),
    words("referee"),
    words("referee_customer"),
    Column("concluded_at", Moment, nullable=False),
    words("channel"),
    *offer_columns("referrer"),
    *offer_columns("referee"),
    Column("honoured_moment", Moment),
    words("case_id", nullable=True),
    words("status"),
    Column("granted_at", Moment),
    Column("cancelled_at", Moment),
    Column("held_at", Moment),
    Column("referrer_void_at", Moment),
    Column("referee_void_at", Moment),
    Column("notes", COUNT, nullable=False),
    Column("revision", COUNT, nullable=False),
    Column("recorded_at", Moment, nullable=False),
    Index("referrals_order", "concluded_at", "contract"),
    distribution="contract",
)
"""Referrals as last stored, and when that was recorded, which never goes back; a contract carries at most one (S4)."""

GIVEN_REFERRALS: Final = table(
    "given_referrals",
    words("referrer", primary_key=True),
    Column("concluded_at", Moment, primary_key=True),
    words("contract", primary_key=True),
    distribution="referrer",
)
"""The contracts for which every account was named as the referrer, in the order of their referrals."""

LIVE_REFERRALS: Final = table(
    "live_referrals",
    words("customer", primary_key=True),
    words("contract", primary_key=True),
    distribution="customer",
)
"""The referrals of each referee customer that are open or were paid (S4, S12)."""

FEE_NOTES: Final = table(
    "fee_notes",
    Column("contract", WORDS, ForeignKey("referrals.contract"), primary_key=True),
    Column("number", COUNT, primary_key=True, autoincrement=False),
    Column("amount", Amount, nullable=False),
    words("currency"),
    words("reason", nullable=True),
    Column("noted_at", Moment, nullable=False),
    words("noted_by"),
    distribution="contract",
)
"""Fee notes of referrals, in the order they were entered (B8)."""

REFERRAL_HISTORY: Final = table(
    "referral_history",
    words("contract", primary_key=True),
    Column("revision", COUNT, primary_key=True, autoincrement=False),
    Column("recorded_at", Moment, nullable=False),
    Column("state", CanonicalJson, nullable=False),
    distribution="contract",
)
"""Every state that a referral was in before, with the moment it was recorded; rows are only added."""

GRANTS: Final = table(
    "grants",
    words("account", primary_key=True),
    words("side", primary_key=True),
    words("referral", primary_key=True),
    words("key"),
    Column("amount", Amount, nullable=False),
    words("currency"),
    Column("effective_from", Moment, nullable=False),
    words("status"),
    Column("attempts", COUNT, nullable=False),
    Column("wait_until", Moment),
    words("problem", nullable=True),
    Column("failed_at", Moment),
    Index("grants_key", "key", unique=True, info={"one_server": True}),
    Index(
        "grants_unsettled",
        "key",
        sqlite_where=text("status <> 'granted'"),
        postgresql_where=text("status <> 'granted'"),
    ),
    Index(
        "grants_waiting",
        "wait_until",
        "key",
        sqlite_where=text("wait_until IS NOT NULL"),
        postgresql_where=text("wait_until IS NOT NULL"),
    ),
    distribution="account",
)
"""Grants on their way to billing, beside the accounts that they are for; one a referral and side (B2).

One server refuses a second grant under a key. A cluster cannot, as that may lie elsewhere: it refuses a second one for
the same account, and the accounts of a referral never change.
"""

IS_OPEN: Final = text("status = 'open'")
"""Whether a case is open, in the words of the index of those: a value may be planned for without it."""
CASES: Final = table(
    "cases",
    words("id", primary_key=True),
    words("customer"),
    Column("opened_at", Moment, nullable=False),
    words("product"),
    words("segment"),
    words("code", nullable=True),
    *offer_columns("referrer", nullable=True),
    *offer_columns("referee", nullable=True),
    Column("warnings", CanonicalJson, nullable=False),
    words("status"),
    words("contract", nullable=True),
    Column("closed_at", Moment),
    Index("cases_open", "id", sqlite_where=IS_OPEN, postgresql_where=IS_OPEN),
    distribution="id",
)
"""Cases and what they carry (K1)."""


GROUPS: Final = table(
    "discount_groups",
    words("id", primary_key=True),
    Column("place", COUNT, nullable=False),
    words("side"),
    words("name"),
    words("compared_name"),
    words("stamp"),
    Column("revision", COUNT, nullable=False),
    UniqueConstraint("compared_name", name="discount_groups_name_unique"),
    UniqueConstraint("place", name="discount_groups_place_unique"),
    distribution=REFERENCE,
)
"""Groups as last stored, in the order they were added; names are unique as they are compared (D2)."""

AMOUNT_PERIODS: Final = table(
    "amount_periods",
    Column("group_id", WORDS, ForeignKey("discount_groups.id"), primary_key=True),
    Column("starts_at", Moment, primary_key=True),
    Column("ends_at", Moment),
    Column("amount", Amount, nullable=False),
    words("currency"),
    distribution=REFERENCE,
)
"""A group's amounts; their periods are disjoint (D3)."""

GROUP_SWITCHES: Final = table(
    "group_switches",
    Column("group_id", WORDS, ForeignKey("discount_groups.id"), primary_key=True),
    Column("at", Moment, primary_key=True),
    words("status"),
    distribution=REFERENCE,
)
"""When a group was switched off and on (D8)."""

GROUP_HISTORY: Final = table(
    "discount_group_history",
    words("id", primary_key=True),
    Column("revision", COUNT, primary_key=True, autoincrement=False),
    Column("recorded_at", Moment, nullable=False),
    Column("state", CanonicalJson, nullable=False),
    distribution=REFERENCE,
)
"""Every state of every group, with the moment it was recorded, which never goes back; rows are only added."""


POSTED_GRANTS: Final = table("posted_grants", words("key", primary_key=True), distribution="key")
"""The keys of all grants that were posted, each once (B2)."""

BILLS: Final = table("bills", words("bill", primary_key=True), words("account"), distribution="bill")
"""All bills that were taken into account, each once (B6)."""

TRANSFERS: Final = table(
    "transfers",
    words("key", primary_key=True),
    Column("moved", Amount, nullable=False),
    words("source", nullable=True),
    words("target", nullable=True),
    Column("wanted", Amount, nullable=True),
    distribution="key",
)
"""All transfers by key, each once: between which accounts, what was asked for (all, where it is empty), what was moved.

The accounts are empty where a transfer from before they were kept moved nothing (B7)."""

MOVEMENTS: Final = table(
    "discount_movements",
    words("account", primary_key=True),
    words("kind", primary_key=True),
    words("reference", primary_key=True),
    Column("amount", Amount, nullable=False),
    Column("moved_at", Moment, nullable=False),
    distribution="account",
)
"""What was granted, transferred and consumed on each account, and when; a balance is their sum, never a counter."""

LOTS: Final = table(
    "discount_lots",
    words("account", primary_key=True),
    Column("number", COUNT, primary_key=True, autoincrement=False),
    Column("effective_from", Moment, nullable=False),
    Column("unused", Amount, nullable=False),
    distribution="account",
)
"""What is unused of grants and parts of them, by the order in which they arrived on the account (B6, B7)."""


TRACE_ENTRIES: Final = table(
    "trace_entries",
    words("subject", primary_key=True),
    Column("number", COUNT, primary_key=True, autoincrement=False),
    Column("moment", Moment, nullable=False),
    words("act"),
    words("role"),
    Column("before", State),
    Column("after", State),
    words("actor", nullable=True),
    words("reason", nullable=True),
    words("salt", nullable=True),
    words("personal_digest"),
    words("previous"),
    words("hash"),
    Index("trace_entries_moment", "subject", "moment", "number"),
    distribution="subject",
)
"""Rows that are only ever added; actor, reason and salt can be erased, nothing else can change (A2, A5)."""

SEALS: Final = table(
    "seals",
    Column("number", COUNT, primary_key=True, autoincrement=False),
    Column("moment", Moment, nullable=False),
    Column("heads", COUNT, nullable=False),
    words("previous"),
    words("hash"),
    distribution="number",
)
"""Seals over the heads of all chains, each with the count of those that it lists; they never change (A2)."""

SEALED_HEADS: Final = table(
    "sealed_heads",
    words("subject", primary_key=True),
    Column("number", COUNT, primary_key=True, autoincrement=False),
    Column("seal", COUNT, primary_key=True, autoincrement=False),
    words("hash"),
    Index("sealed_heads_seal", "seal", "subject"),
    distribution="subject",
)
"""The heads that seals list, beside the rows that they vouch for; they never change (A2)."""

SHARINGS: Final = table(
    "sharings",
    words("account", primary_key=True),
    words("id", primary_key=True),
    words("code"),
    words("means"),
    Column("at", Moment, nullable=False),
    distribution="account",
)
"""How often codes were passed on, and by what means (T2)."""

EVENTS: Final = table(
    "events",
    words("source", primary_key=True),
    words("id", primary_key=True),
    words("digest"),
    distribution="id",
)
"""The events that took effect, each once."""


_SEQUENCE: Final = Column("sequence", COUNT, Identity(always=True), nullable=False)
_POSITION: Final = Column("position", COUNT, nullable=True)

OUTBOX: Final = table(
    "outbox",
    words("subject", primary_key=True),
    Column("number", COUNT, primary_key=True, autoincrement=False),
    _SEQUENCE,
    _POSITION,
    Index("outbox_waiting", "sequence", sqlite_where=_POSITION.is_(None), postgresql_where=_POSITION.is_(None)),
    distribution="subject",
)
"""Every row of the trace since there is an outbox, put there by a trigger; a position is given once and stays.

``sequence`` tells in which order those without a position were written. Of two who write to one chain the second waits
until the first has committed, and only then gets its place in the chain and its sequence: so of one subject the higher
number has the higher sequence, and whoever sees the one sees the other.
"""

PUBLISHED: Final = table(
    "published",
    Column("position", COUNT, primary_key=True, autoincrement=False),
    words("subject"),
    Column("number", COUNT, nullable=False),
    distribution="position",
)
"""What stands at every position, which is there once wherever the rows lie; rows are only added."""

SUBSCRIPTIONS: Final = table(
    "subscriptions",
    words("name", primary_key=True),
    Column("position", COUNT, nullable=False),
    Column("failures", COUNT, nullable=False),
    Column("next_at", Moment),
    Column("leased_until", Moment),
    distribution="name",
)
"""How far every receiver has got, and until when somebody is sending to it."""

ANSWERS: Final = table(
    "answers",
    words("asker", primary_key=True),
    words("key", primary_key=True),
    words("digest"),
    words("text", nullable=True),
    Column("at", Moment, nullable=False),
    Index("answers_at", "at"),
    distribution="key",
)
"""What was answered to whom under which key, each once, for as long as it is kept (B2)."""
