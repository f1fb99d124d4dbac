"""What a database holds about a customer, found and erased (A5): a handful of statements, each over a whole table."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import attrs
from sqlalchemy import (
    BindParameter,
    Column,
    ColumnElement,
    Select,
    Table,
    Update,
    and_,
    bindparam,
    case,
    delete,
    func,
    insert,
    literal,
    null,
    or_,
    select,
    text,
    union_all,
    update,
)

from referral_adapters.sql.atomic import atomic
from referral_adapters.sql.prepared import Row
from referral_adapters.sql.tables import (
    ACCOUNTS,
    ANSWERS,
    CASES,
    CONTRACTS,
    CUSTOMER_ACCOUNTS,
    FEE_NOTES,
    LIVE_REFERRALS,
    PROMO_CODE_HISTORY,
    PROMO_CODES,
    REFERRALS,
    TRACE_ENTRIES,
)
from referral_adapters.sql.types import WORDS
from referral_adapters.sql.work import Work
from referral_core.entities.actor import Role
from referral_core.entities.case import CaseStatus
from referral_core.entities.personal_data import ACTING_FOR_CUSTOMERS, GRANT_ACTS, PSEUDONYM, PersonalData, mentions
from referral_core.entities.trace import account_subject, referral_subject
from referral_core.ports.requests import asker_of, quoted

_OF: Final[BindParameter[str]] = bindparam("of")
_PSEUDONYM: Final[BindParameter[str]] = bindparam("pseudonym")
_T: Final = TRACE_ENTRIES.c
_ACCOUNTS: Final = select(CUSTOMER_ACCOUNTS.c.account).where(CUSTOMER_ACCOUNTS.c.customer == _OF)
_OWN_CONTRACTS: Final = and_(CONTRACTS.c.customer == _OF, CONTRACTS.c.account.in_(_ACCOUNTS))
_SUBJECTS: Final = union_all(
    select(literal(account_subject("")) + CUSTOMER_ACCOUNTS.c.account).where(CUSTOMER_ACCOUNTS.c.customer == _OF),
    select(literal(referral_subject("")) + CONTRACTS.c.id).where(_OWN_CONTRACTS),
)
"""The chains of the customer's accounts, and of the referrals of their contracts."""
_FRIENDS: Final = select(literal(referral_subject("")) + REFERRALS.c.contract).where(
    REFERRALS.c.referrer_customer == _OF
)
"""The chains of the referrals that the customer is the referrer of: the rows of grants are about them too."""
_OWN_NOTES: Final = FEE_NOTES.c.contract.in_(select(REFERRALS.c.contract).where(REFERRALS.c.referee_customer == _OF))
_OWN_ROWS: Final = or_(
    _T.subject.in_(_SUBJECTS), and_(or_(*[_T.act == act for act in sorted(GRANT_ACTS)]), _T.subject.in_(_FRIENDS))
)
_ACTED: Final = and_(_T.actor == _OF, or_(*[_T.role == role.value for role in ACTING_FOR_CUSTOMERS]))
_CONCERNED: Final = and_(_OWN_ROWS, or_(_T.actor == _OF, _T.reason.is_not(None)))

# ── finding ───────────────────────────────────────────────────────────────────────────────────────────────────────────

ACCOUNTS_OF: Final = _ACCOUNTS.order_by(CUSTOMER_ACCOUNTS.c.account)
FIRST_NAMES: Final = (
    select(CONTRACTS.c.first_name)
    .distinct()
    .where(_OWN_CONTRACTS, CONTRACTS.c.first_name.is_not(None))
    .order_by(CONTRACTS.c.first_name)
)
CASES_OF: Final = select(CASES.c.id, CASES.c.status).where(CASES.c.customer == _OF).order_by(CASES.c.id)
CODES_HELD: Final = select(PROMO_CODES.c.text).where(PROMO_CODES.c.customer == _OF).with_for_update()
"""The customer's codes, which nobody who looks at them may use until the customer is erased."""
LIVE_OF: Final = select(LIVE_REFERRALS.c.contract).where(LIVE_REFERRALS.c.customer == _OF)
_REFERRED: Final = or_(REFERRALS.c.referrer_customer == _OF, REFERRALS.c.referee_customer == _OF)
COUNTS: Final = {
    "contracts": select(func.count().label("found")).where(_OWN_CONTRACTS),
    "codes": select(func.count().label("found")).where(PROMO_CODES.c.customer == _OF),
    "referrals": select(func.count().label("found")).select_from(REFERRALS).where(_REFERRED),
}
TRACED: Final = select(_T.subject, _T.number).where(or_(_CONCERNED, _ACTED))
"""The rows about the customer that say something of persons, and those about others in which the customer acted."""

# ── erasing ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def _named(column: ColumnElement[str]) -> ColumnElement[str]:
    """Return what a column is to hold, the pseudonym in the customer's place."""
    return case((column == _OF, _PSEUDONYM), else_=column)


def _customer_of(table: Table) -> Update:
    return update(table).where(table.c.customer == _OF).values(customer=_PSEUDONYM)


_NOBODY: Final = {"actor": null(), "reason": null(), "salt": null()}

ERASING: Final = (
    # What is found by another table's names comes before those are erased.
    update(TRACE_ENTRIES).where(_CONCERNED).values(**_NOBODY),
    update(FEE_NOTES).where(_OWN_NOTES).values(reason=null(), noted_by=_named(FEE_NOTES.c.noted_by)),
    update(PROMO_CODE_HISTORY).where(PROMO_CODE_HISTORY.c.account.in_(_ACCOUNTS)).values(personal=null()),
    _customer_of(PROMO_CODES).values(
        issued_by=_named(PROMO_CODES.c.issued_by),
        ending_reason=null(),
        revision=PROMO_CODES.c.revision + 1,  # whoever has read the code must not store what they read
    ),
    update(REFERRALS)
    .where(_REFERRED)
    .values(
        referrer_customer=_named(REFERRALS.c.referrer_customer),
        referee_customer=_named(REFERRALS.c.referee_customer),
    ),
    _customer_of(CASES),
    update(CONTRACTS).where(_OWN_CONTRACTS).values(customer=_PSEUDONYM, first_name=null(), warned_code=null()),
    update(ACCOUNTS).where(ACCOUNTS.c.account.in_(_ACCOUNTS)).values(customer=_PSEUDONYM),
)
"""What becomes of everything but words about others, in this order."""


# ── words about others that name the customer ─────────────────────────────────────────────────────────────────────────


@attrs.frozen
class FreeWords:
    """A column of free words: how to read those that may name somebody, and how to take them away.

    ``are_named`` says that the column holds names with words, as JSON.
    """

    words: Column[Any]
    taken: Mapping[str, Any]
    are_named: bool = False

    @property
    def key(self) -> tuple[Column[Any], ...]:
        """The columns that tell the rows apart."""
        return tuple(self.words.table.primary_key.columns)

    def having(self, name: str) -> Select[Any]:
        """Return the statement that reads keys and words, at least of all rows whose words have a name in them."""
        found = select(*self.key, self.words.label("words")).where(self.words.is_not(None))
        # Databases differ in letters beyond ASCII, and JSON writes some signs otherwise: read all words there.
        if self.are_named or not name.isascii():
            return found
        return found.where(func.lower(self.words).contains(name.lower(), autoescape=True))

    def read(self, row: Row) -> str:
        """Return the words of a row."""
        return "\n".join(map(str, row.words.values())) if self.are_named else str(row.words)

    @property
    def taking(self) -> Update:
        """The statement that takes the words of one row away, by parameters called ``of_`` and the key's columns."""
        places = [column == bindparam(f"of_{column.key}") for column in self.key]
        return update(self.words.table).where(*places).values(**self.taken)


FREE_WORDS: Final = (
    FreeWords(_T.reason, _NOBODY),
    FreeWords(FEE_NOTES.c.reason, {"reason": null()}),
    FreeWords(PROMO_CODES.c.ending_reason, {"ending_reason": null(), "revision": PROMO_CODES.c.revision + 1}),
    FreeWords(PROMO_CODE_HISTORY.c.personal, {"personal": null()}, are_named=True),
)

ACTED_ELSEWHERE: Final = update(TRACE_ENTRIES).where(_ACTED).values(**_NOBODY)
"""What becomes of rows about others in which the customer acted."""

_QUOTED: Final = [bindparam(name, type_=WORDS) for name in ("quoted", "quoted_in_ascii")]
ANSWERED: Final = delete(ANSWERS).where(
    or_(
        ANSWERS.c.asker == bindparam("asker"),
        *[func.replace(ANSWERS.c.text, quoted, "") != ANSWERS.c.text for quoted in _QUOTED],
    )
)
"""What becomes of answers to, or about, the customer: a text of them is what is in quotes, sign for sign."""


@attrs.frozen
class SqlPersonalData:
    """What a database holds about persons, found and erased (A5).

    Erasing is a handful of statements, each over a whole table: it takes as long as reading the trace once. On
    PostgreSQL it waits for those who conclude contracts or open cases for the customer, or use a code of theirs, and
    they for it. SQLite is told to overwrite what it deletes; what it has deleted before is gone after ``VACUUM``.
    """

    work: Work

    def find(self, customer: str) -> PersonalData:
        """Return what the store holds about a customer; empty and zero throughout where it is nothing."""
        given = {"of": customer}
        self.work.lock(f"customer {customer}")  # what an act finds of a customer stays so until it ends
        accounts = tuple(row.account for row in self.work.rows(ACCOUNTS_OF, given))
        cases = self.work.rows(CASES_OF, given)
        found = {kind: self._count(kind, customer) for kind in COUNTS}
        return PersonalData(
            accounts=accounts,
            first_names=tuple(row.first_name for row in self.work.rows(FIRST_NAMES, given)),
            open_cases=tuple(row.id for row in cases if row.status == CaseStatus.OPEN),
            cases=len(cases),
            traced=len(self._traced(customer)),
            **found,
        )

    @atomic
    def erase(self, customer: str) -> str:
        """Put a fresh pseudonym in a customer's place wherever the store names them, and return it.

        :raises ConcurrentChange: somebody else was at the same rows.
        """
        self.work.lock(f"customer {customer}")
        pseudonym = f"{PSEUDONYM}{secrets.token_hex(16)}"
        if self.work.dialect == "sqlite":
            self.work.rows(text("PRAGMA secure_delete = ON"))
        accounts = [row.account for row in self.work.rows(ACCOUNTS_OF, {"of": customer})]
        self.work.lock(*[f"account {account}" for account in accounts])
        if self.work.locks:
            self.work.rows(CODES_HELD, {"of": customer})
        for statement in ERASING:
            self.work.change(statement, {"of": customer, "pseudonym": pseudonym})
        self._move_accounts(customer, pseudonym, accounts)
        self._move_live_referrals(customer, pseudonym)
        self.work.change(ACTED_ELSEWHERE, {"of": customer})
        for words in FREE_WORDS:
            keys = list(self._naming(words, customer))
            if keys:
                self.work.change(words.taking, keys)
        as_it_is, in_ascii = quoted(customer)
        asker = asker_of(Role.CUSTOMER, customer)
        self.work.change(ANSWERED, {"asker": asker, "quoted": as_it_is, "quoted_in_ascii": in_ascii})
        return pseudonym

    def _move_accounts(self, customer: str, pseudonym: str, accounts: Sequence[str]) -> None:
        """List a customer's accounts under another key, which is one by which a cluster distributes rows."""
        self.work.change(delete(CUSTOMER_ACCOUNTS).where(CUSTOMER_ACCOUNTS.c.customer == customer))
        if accounts:
            self.work.change(
                insert(CUSTOMER_ACCOUNTS), [{"customer": pseudonym, "account": account} for account in accounts]
            )

    def _move_live_referrals(self, customer: str, pseudonym: str) -> None:
        """Move live referrals to another key, which is one by which a cluster distributes rows."""
        live = list(self.work.rows(LIVE_OF, {"of": customer}))
        if live:
            self.work.change(delete(LIVE_REFERRALS).where(LIVE_REFERRALS.c.customer == customer))
            self.work.change(
                insert(LIVE_REFERRALS), [{"customer": pseudonym, "contract": each.contract} for each in live]
            )

    def _naming(self, words: FreeWords, customer: str) -> Iterator[dict[str, Any]]:
        """Yield the keys of rows whose words have the customer's id in them."""
        for row in self.work.rows(words.having(customer)):
            if mentions(words.read(row), customer):
                yield {f"of_{column.key}": getattr(row, column.key) for column in words.key}

    def _traced(self, customer: str) -> set[tuple[str, int]]:
        """Return the places of the rows whose actor and reason would go."""
        found = {(row.subject, row.number) for row in self.work.rows(TRACED, {"of": customer})}
        return found | {(key["of_subject"], key["of_number"]) for key in self._naming(FREE_WORDS[0], customer)}

    def _count(self, kind: str, customer: str) -> int:
        row = self.work.row(COUNTS[kind], {"of": customer})
        return 0 if row is None else row.found
