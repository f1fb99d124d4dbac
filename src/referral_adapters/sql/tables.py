"""The tables, each with its distribution column for a cluster, and the names of their constraints."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Column, ForeignKey, Identity, Index, MetaData, Table, UniqueConstraint, text
from sqlalchemy.schema import SchemaItem

from referral_adapters.sql.types import COUNT, WORDS, Amount, CanonicalJson, Day, Moment, State

# Every constraint has a name that begins with its table's: an error from a node of a cluster tells nothing else.
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
"""The distribution of a small table that every node of a cluster holds completely."""


def table(name: str, *items: SchemaItem, distribution: str) -> Table:
    """Return a table whose rows a cluster distributes by the column ``distribution``."""
    # Strict, since SQLite otherwise stores a value of any type in any column.
    return Table(name, METADATA, *items, info={"distribution": distribution}, sqlite_strict=True)


def words(name: str, **options: Any) -> Column[str]:  # noqa: ANN401 - what a column may be given
    """Return a column of text, ``NOT NULL`` by default."""
    return Column(name, WORDS, nullable=options.pop("nullable", False), **options)


def offer_columns(side: str, *, nullable: bool = False) -> tuple[Column[Any], ...]:
    """Return the columns of one side's offer: the group, the amount and the period that were locked (S7)."""
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
"""The accounts, each with the one customer to whom it belongs."""

CONTRACT_ACCOUNTS: Final = table(
    "contract_accounts",
    words("contract", primary_key=True),
    words("account"),
    distribution="contract",
)
"""The directory of contracts, each with its account.

On a cluster a key must contain the distribution column: only a table that is distributed by the id can keep it unique.
"""

CUSTOMER_ACCOUNTS: Final = table(
    "customer_accounts",
    words("customer", primary_key=True),
    words("account", primary_key=True),
    distribution="customer",
)
"""The directory of customers, each with the accounts on which the customer's contracts are."""

IS_CONCLUDED: Final = text("status = 'concluded'")
"""The condition of the partial index of open contracts, without a parameter: a generic plan could not use the index."""
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
    Column("annulled_at", Moment),
    Column("concluded_recorded_at", Moment),
    Column("activated_recorded_at", Moment),
    Column("ended_recorded_at", Moment),
    Column("annulled_recorded_at", Moment),
    Index("contracts_id", "id"),
    Index("contracts_channel", "channel", "id"),
    Index("contracts_open", "id", sqlite_where=IS_CONCLUDED, postgresql_where=IS_CONCLUDED),
    distribution="account",
)
"""The contracts in their last states, colocated with all other rows of their accounts."""


CODE_TEXTS: Final = table(
    "code_texts",
    words("text", primary_key=True),
    words("account"),
    distribution="text",
)
"""All texts of codes that were ever issued, each with its account; the key makes a text unique in all time (C1).

As for contracts, only a table that is distributed by the text can keep it unique on a cluster.
"""

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
    Column("ended_by_hand_at", Moment),
    Column("revision", COUNT, nullable=False),
    Column("recorded_at", Moment, nullable=False),
    distribution="account",
)
"""The codes in their last states, with the moments of recording; the periods of an account's codes are disjoint (C6).

The moments of recording of one account never go back.
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
"""The past states of codes, with the moments of recording; rows are only added.

``personal`` holds the reasons that staff gave, and can be erased (A5).
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
"""The referrals in their last states, at most one a contract (S4); the moment of recording never goes back."""

GIVEN_REFERRALS: Final = table(
    "given_referrals",
    words("referrer", primary_key=True),
    Column("concluded_at", Moment, primary_key=True),
    words("contract", primary_key=True),
    distribution="referrer",
)
"""The directory of referrers, each with the contracts of its referrals in order of concluding moment."""

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
"""The fee notes of referrals, numbered in the order of adding (B8)."""

REFERRAL_HISTORY: Final = table(
    "referral_history",
    words("contract", primary_key=True),
    Column("revision", COUNT, primary_key=True, autoincrement=False),
    Column("recorded_at", Moment, nullable=False),
    Column("state", CanonicalJson, nullable=False),
    distribution="contract",
)
"""The past states of referrals, with the moments of recording; rows are only added."""

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
    Column("recorded_at", Moment),
    Column("posted_at", Moment),
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
"""The grants on their way to billing, colocated with their accounts; one for each side of a referral (B2).

One server refuses a second grant with the same key. A cluster keeps that index plain, because it does not contain the
distribution column. There the primary key refuses a second grant for the same account, and the accounts of a referral
never change.
"""

REVERSALS: Final = table(
    "reversals",
    words("account", primary_key=True),
    words("side", primary_key=True),
    words("referral", primary_key=True),
    words("key"),
    words("status"),
    Column("recorded_at", Moment, nullable=False),
    Column("attempts", COUNT, nullable=False),
    Column("wait_until", Moment),
    words("problem", nullable=True),
    Column("failed_at", Moment),
    Column("amount", Amount),
    words("currency", nullable=True),
    Index("reversals_key", "key"),
    Index("reversals_referral", "referral", "side"),
    Index(
        "reversals_unsettled",
        "key",
        sqlite_where=text("status <> 'taken-back'"),
        postgresql_where=text("status <> 'taken-back'"),
    ),
    Index(
        "reversals_waiting",
        "wait_until",
        "key",
        sqlite_where=text("wait_until IS NOT NULL"),
        postgresql_where=text("wait_until IS NOT NULL"),
    ),
    distribution="account",
)
"""The reversals of grants on their way to billing, one for each grant and account; colocated with their accounts."""

IS_OPEN: Final = text("status = 'open'")
"""The condition of the partial index of open cases, without a parameter: a generic plan could not use the index."""
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
"""The cases, with the code, the offers and the warnings that they carry (K1)."""


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
"""The groups in their last states, numbered in the order of adding; their compared names are unique (D2).

``stamp`` is random and changes with every state, so that a reader knows whether its copy of the group is still good.
"""

AMOUNT_PERIODS: Final = table(
    "amount_periods",
    Column("group_id", WORDS, ForeignKey("discount_groups.id"), primary_key=True),
    Column("starts_at", Moment, primary_key=True),
    Column("ends_at", Moment),
    Column("amount", Amount, nullable=False),
    words("currency"),
    distribution=REFERENCE,
)
"""The amounts of groups; the periods of one group are disjoint (D3)."""

GROUP_SWITCHES: Final = table(
    "group_switches",
    Column("group_id", WORDS, ForeignKey("discount_groups.id"), primary_key=True),
    Column("at", Moment, primary_key=True),
    words("status"),
    distribution=REFERENCE,
)
"""The moments at which groups were switched off and on (D8)."""

GROUP_HISTORY: Final = table(
    "discount_group_history",
    words("id", primary_key=True),
    Column("revision", COUNT, primary_key=True, autoincrement=False),
    Column("recorded_at", Moment, nullable=False),
    Column("state", CanonicalJson, nullable=False),
    distribution=REFERENCE,
)
"""All states of groups, with the moments of recording, which never go back; rows are only added."""


POSTED_GRANTS: Final = table(
    "posted_grants", words("key", primary_key=True), words("account", nullable=True), distribution="key"
)
"""The keys of all posted grants, each once, with the account that it was posted to (B2).

The account is empty where a grant of an earlier version was one of zero.
"""

MOVED_GRANTS: Final = table(
    "moved_grants",
    words("grant_key", primary_key=True),
    words("account", primary_key=True),
    distribution="grant_key",
)
"""The directory of grants of which something was transferred, each with the accounts that it came to (B7)."""

POSTED_REVERSALS: Final = table(
    "posted_reversals",
    words("grant_key", primary_key=True),
    words("key", primary_key=True),
    words("account"),
    Column("amount", Amount, nullable=False),
    distribution="grant_key",
)
"""All reversals by grant and key, each once: what was taken back from which account (B11)."""

BILLS: Final = table(
    "bills",
    words("bill", primary_key=True),
    words("account"),
    Column("cancelled_at", Moment),
    distribution="bill",
)
"""All bills that were applied, each once, with the recording of its cancelling (B6, B12)."""

BILL_USES: Final = table(
    "bill_uses",
    words("account", primary_key=True),
    words("bill", primary_key=True),
    words("grant_key", primary_key=True),
    Column("effective_from", Moment, nullable=False),
    Column("amount", Amount, nullable=False),
    Column("at", Moment, nullable=False),
    Column("recorded_at", Moment, nullable=False),
    Column("cancelled_at", Moment),
    Index("bill_uses_grant", "account", "grant_key"),
    distribution="account",
)
"""What each bill took of which grant, when the bill was and when it was recorded, and the recording of its cancelling.

What a bill of an earlier version took of a grant that cannot be told for certain stands under a key of no grant."""

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
    Column("recorded_at", Moment, nullable=False),
    distribution="account",
)
"""The movements of discount on accounts, each with its own moment and that of its recording; a balance is their sum."""

LOTS: Final = table(
    "discount_lots",
    words("account", primary_key=True),
    words("grant_key", primary_key=True),
    Column("effective_from", Moment, nullable=False),
    Column("unused", Amount, nullable=False),
    Column("recorded_at", Moment, nullable=False),
    distribution="account",
)
"""The unused parts of grants on accounts, with the moment since when they are recorded there (B6, B7)."""


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
    Column("stored", State),
    words("owner_salt", nullable=True),
    Index("trace_entries_moment", "subject", "moment", "number"),
    distribution="subject",
)
"""The entries of the trace; rows are only added, and nothing can change except that persons are erased (A2, A5).

Erasing empties actor, reason and the salts; the digests stay in the chain.
"""

SEALS: Final = table(
    "seals",
    Column("number", COUNT, primary_key=True, autoincrement=False),
    Column("moment", Moment, nullable=False),
    Column("heads", COUNT, nullable=False),
    words("previous"),
    words("hash"),
    distribution="number",
)
"""The seals over the heads of chains, each with the number of heads that it lists; they never change (A2)."""

SEALED_HEADS: Final = table(
    "sealed_heads",
    words("subject", primary_key=True),
    Column("number", COUNT, primary_key=True, autoincrement=False),
    Column("seal", COUNT, primary_key=True, autoincrement=False),
    words("hash"),
    Index("sealed_heads_seal", "seal", "subject"),
    distribution="subject",
)
"""The heads that seals list, colocated with the entries that they confirm; they never change (A2)."""

SHARINGS: Final = table(
    "sharings",
    words("account", primary_key=True),
    words("id", primary_key=True),
    words("code"),
    words("means"),
    Column("at", Moment, nullable=False),
    distribution="account",
)
"""The sharings of codes, each with its means (T2)."""

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
"""The entries of the trace since there is an outbox, inserted by a trigger; a position is given once and stays.

``sequence`` orders the entries without a position. Of two transactions that write to one chain the second waits for the
commit of the first, and only then gets its number and its sequence. So within a subject a higher number has a higher
sequence, and a reader who sees the higher one sees the lower one too.
"""

PUBLISHED: Final = table(
    "published",
    Column("position", COUNT, primary_key=True, autoincrement=False),
    words("subject"),
    Column("number", COUNT, nullable=False),
    distribution="position",
)
"""The published entries by position; rows are only added.

The key makes a position unique on a cluster too, where the entries lie on different nodes.
"""

SUBSCRIPTIONS: Final = table(
    "subscriptions",
    words("name", primary_key=True),
    Column("position", COUNT, nullable=False),
    Column("failures", COUNT, nullable=False),
    Column("next_at", Moment),
    Column("leased_until", Moment),
    distribution="name",
)
"""The subscriptions, each with the last delivered position, its failures, and the end of its lease."""

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
"""The answers by asker and key, each once, until they are forgotten (B2)."""

CODE_DRAWS: Final = table(
    "code_draws",
    words("asker", primary_key=True),
    Column("due", COUNT, nullable=False),
    distribution="asker",
)
"""The limit on guessing (A4): by whose codes are counted, as a digest, the microsecond at which all are paid for.

In PostgreSQL only: counts for SQLite lie in a file of their own, and this table in it.
"""
