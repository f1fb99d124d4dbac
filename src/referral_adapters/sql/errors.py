"""Errors of a database, translated into errors of this library. No driver's error leaves a port.

::

    ReferralError
    ├── ConcurrentChange        of the core: another transaction changed the same rows, the whole act is repeated
    └── StoreFailed             the database cannot be used, or not for this purpose
        ├── SchemaMismatch      the tables are older or newer than this version of the library, or missing
        └── ForeignDatabase     the tables belong to another program
"""

from __future__ import annotations

import re
from typing import Final

from sqlalchemy.exc import DBAPIError

from referral_core.values.errors import ConcurrentChange, Reason, ReferralError, Refusal


class StoreFailed(ReferralError):
    """The database cannot be used, or not for this purpose; the message is one sentence without a password."""


class SchemaMismatch(StoreFailed):
    """The tables are older or newer than this version of the library, or missing."""


_NAMED: Final = 3


class ForeignDatabase(StoreFailed):
    """The database has tables, but none of this library; ``tables`` are the names of those it has."""

    def __init__(self, tables: tuple[str, ...]) -> None:
        named, more = tables[:_NAMED], len(tables) - _NAMED
        listed = ", ".join(named) if more <= 0 else f"{', '.join(named)} and {more} more"
        super().__init__(f"The database is somebody else's: it has the tables {listed}, and none of this library's.")
        self.tables = tables


_THERE_BEFORE: Final = (Reason.CONTRACT_EXISTS, "a contract of this id was concluded before")
GUARDS: Final = {
    "accounts": (Reason.NOT_SAME_CUSTOMER, "the account belongs to a customer already"),
    "contracts": _THERE_BEFORE,
    "contract_accounts": _THERE_BEFORE,
    "code_texts": (Reason.CODE_TAKEN, "the text was issued before"),
    "promo_codes": (Reason.CODE_OVERLAP, "the account holds another code then"),
    "discount_groups": (Reason.GROUP_EXISTS, "another group has this id or name"),
    "amount_periods": (Reason.PERIOD_OVERLAP, "the group has another amount then"),
    "referrals": (Reason.ALREADY_REFERRED, "the contract carries a referral"),
    "live_referrals": (Reason.ALREADY_REFERRED, "the contract carries a referral"),
    "cases": (Reason.CASE_EXISTS, "there is a case of this id already"),
    "bills": (Reason.BILL_EXISTS, "the bill was taken into account before"),
}
"""The reason and the sentence of a violated key or exclusion, by table.

A unique key of any other table has no rule of its own: a violation is a lost race.
"""

_SQLITE_GUARD: Final = re.compile(r"UNIQUE constraint failed: (?:index ')?([a-z_]+)[.']")
_CONSTRAINT: Final = re.compile(r'constraint "([a-z_]+)')
_TRIGGERS: Final = {"code-overlap": "promo_codes", "period-overlap": "amount_periods"}
"""The messages of SQLite's triggers, which take the place of PostgreSQL's exclusion constraints."""

_TRANSIENT: Final = {"40001", "40P01", "55P03", "26000"}
"""PostgreSQL: serialization failure, deadlock, lock not available; a prepared statement that a pooler has dropped."""
_UNIQUE, _EXCLUSION = "23505", "23P01"

_NAME_TAKEN: Final = "The database has something else under a name that this library needs."
UNTOLD: Final = "The database failed"
"""The beginning of the sentence for an error that is in no list here."""

_SENTENCES: Final = {
    "28P01": "The database refused the user or the password.",
    "28000": "The database refused the user or the password.",
    "3D000": "There is no database of this name on the server.",
    "25006": "The database is read-only.",
    "53100": "The database's disk is full.",
    "53300": "The database server lets nobody else in at the moment.",
    "55P03": "The database is locked by somebody else.",
    "57014": "The database server did not answer in time.",
    "57P03": "The database server is starting or stopping.",
    "58030": "The database server cannot read or write its files.",
    "XX001": "The database is damaged.",
    "XX002": "The database is damaged.",
    "42501": "The database does not let this user do that.",
    "42710": _NAME_TAKEN,
    "42723": _NAME_TAKEN,
    "42P07": _NAME_TAKEN,
}
_INCOMPLETE: Final = "The database lacks a table or a column that belongs there: see what `referral db check` says."
# SQLite's errors have no SQLSTATE, and neither have those of libpq before there is a session. The first match counts.
_SAID: Final = (
    (re.compile(r"no such (table|column)|has no column named|(relation|column) .* does not exist"), _INCOMPLETE),
    (re.compile(r"^(table|index|trigger) \S+ already exists"), _NAME_TAKEN),
    (re.compile(r"database (table )?is locked"), "The database is locked by somebody else."),
    (re.compile(r"readonly database"), "The database is read-only."),
    (re.compile(r"disk is full|No space left"), "The database's disk is full."),
    (re.compile(r"disk I/O error"), "The database file cannot be read or written; its disk may be full."),
    (re.compile(r"unable to open database file"), "The database file cannot be opened."),
    (re.compile(r"not a database|malformed"), "The file is not a database, or it is damaged."),
    (re.compile(r"password"), _SENTENCES["28P01"]),
    (re.compile(r'database "[^"]*" does not exist'), _SENTENCES["3D000"]),
    (re.compile(r"NUL|surrogates|\\u0000|0x00"), "A text holds a character that the database cannot keep."),
    (re.compile(r"connect|closed|terminat|host|timeout"), "The database server does not answer."),
)


def translated(error: Exception) -> ReferralError:
    """Return the library's error for a driver's error.

    A violated guard is a refusal with the reason of its rule, a lost race is :class:`ConcurrentChange`, and everything
    else is :class:`StoreFailed`.
    """
    cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    state = getattr(cause, "sqlstate", None)
    text = str(cause)
    guard = _guard(cause, state, text)
    if guard in GUARDS:
        reason, sentence = GUARDS[guard]
        return Refusal(reason, message=sentence)
    if state in _TRANSIENT or "is locked" in text or state == _UNIQUE:
        return ConcurrentChange(_sentence(state, text, "Somebody else changed the same rows at the same time."))
    return StoreFailed(_sentence(state, text, f"{UNTOLD}: {type(cause).__name__}."))


def _guard(cause: BaseException, state: str | None, text: str) -> str | None:
    """Return the table whose key, exclusion or trigger an error comes from, ``None`` for any other error."""
    if state in {_UNIQUE, _EXCLUSION}:
        diagnosis = getattr(cause, "diag", None)
        return getattr(diagnosis, "table_name", None) or _table_of(text)
    found = _SQLITE_GUARD.search(text)
    return found.group(1) if found else _TRIGGERS.get(text)


def _table_of(text: str) -> str | None:
    """Return the table that a constraint is named after: an error from a node of a cluster names nothing else."""
    found = _CONSTRAINT.search(text)
    named = [] if found is None else [table for table in GUARDS if found.group(1).startswith(f"{table}_")]
    return max(named, key=len, default=None)


def _sentence(state: str | None, text: str, otherwise: str) -> str:
    if state in _SENTENCES:
        return _SENTENCES[state]
    return next((sentence for pattern, sentence in _SAID if pattern.search(text)), otherwise)
