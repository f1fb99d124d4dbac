"""The personal data of a customer in a database, found and erased (A5) by a few statements over whole tables."""

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
from referral_adapters.sql.work import Work
from referral_core.entities.actor import Role
from referral_core.entities.case import CaseStatus
from referral_core.entities.personal_data import ACTING_FOR_CUSTOMERS, GRANT_ACTS, PSEUDONYM, PersonalData, mentions
from referral_core.entities.trace import account_subject, referral_subject
from referral_core.ports.requests import CustomerNames, asker_of

_OF: Final[BindParameter[str]] = bindparam("of")
_PSEUDONYM: Final[BindParameter[str]] = bindparam("pseudonym")
_T: Final = TRACE_ENTRIES.c
_ACCOUNTS: Final = select(CUSTOMER_ACCOUNTS.c.account).where(CUSTOMER_ACCOUNTS.c.customer == _OF)
_OWN_CONTRACTS: Final = and_(CONTRACTS.c.customer == _OF, CONTRACTS.c.account.in_(_ACCOUNTS))
_SUBJECTS: Final = union_all(
    select(literal(account_subject("")) + CUSTOMER_ACCOUNTS.c.account).where(CUSTOMER_ACCOUNTS.c.customer == _OF),
    select(literal(referral_subject("")) + CONTRACTS.c.id).where(_OWN_CONTRACTS),
)
"""The subjects of the chains of the customer's accounts and of the referrals of the customer's contracts."""
_FRIENDS: Final = select(literal(referral_subject("")) + REFERRALS.c.contract).where(
    REFERRALS.c.referrer_customer == _OF
)
"""The subjects of the chains of referrals with the customer as referrer, whose grants are about the customer too."""
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
"""The customer's codes, locked ``FOR UPDATE``: erasing waits for transactions that use a code, and later ones wait."""
LIVE_OF: Final = select(LIVE_REFERRALS.c.contract).where(LIVE_REFERRALS.c.customer == _OF)
_REFERRED: Final = or_(REFERRALS.c.referrer_customer == _OF, REFERRALS.c.referee_customer == _OF)
COUNTS: Final = {
    "contracts": select(func.count().label("found")).where(_OWN_CONTRACTS),
    "codes": select(func.count().label("found")).where(PROMO_CODES.c.customer == _OF),
    "referrals": select(func.count().label("found")).select_from(REFERRALS).where(_REFERRED),
}
TRACED: Final = select(_T.subject, _T.number).where(or_(_CONCERNED, _ACTED))
"""The trace entries about the customer with the customer as actor or with a reason, and others by the customer."""

# ── erasing ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def _named(column: ColumnElement[str]) -> ColumnElement[str]:
    """Return the value of a column with the pseudonym in the place of the customer."""
    return case((column == _OF, _PSEUDONYM), else_=column)


def _customer_of(table: Table) -> Update:
    return update(table).where(table.c.customer == _OF).values(customer=_PSEUDONYM)


_NOBODY: Final = {"actor": null(), "reason": null(), "salt": null()}

ERASING: Final = (
    # In this order: rows that are found through the names of another table come before that table.
    update(TRACE_ENTRIES).where(_CONCERNED).values(**_NOBODY),
    update(TRACE_ENTRIES).where(_T.subject.in_(_SUBJECTS), _T.owner_salt.is_not(None)).values(owner_salt=null()),
    update(FEE_NOTES).where(_OWN_NOTES).values(reason=null(), noted_by=_named(FEE_NOTES.c.noted_by)),
    update(PROMO_CODE_HISTORY).where(PROMO_CODE_HISTORY.c.account.in_(_ACCOUNTS)).values(personal=null()),
    _customer_of(PROMO_CODES).values(
        issued_by=_named(PROMO_CODES.c.issued_by),
        ending_reason=null(),
        revision=PROMO_CODES.c.revision + 1,  # a transaction that has read the code must not write the name back
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
"""The updates that erase everything except free words in rows about others, in order."""


# ── words about others that name the customer ─────────────────────────────────────────────────────────────────────────


@attrs.frozen
class FreeWords:
    """A column of free words, with the values that replace a row's words when they name the customer.

    ``are_named`` tells that the column holds a mapping from names to words, as JSON.
    """

    words: Column[Any]
    taken: Mapping[str, Any]
    are_named: bool = False

    @property
    def key(self) -> tuple[Column[Any], ...]:
        """The columns of the table's primary key."""
        return tuple(self.words.table.primary_key.columns)

    def having(self, name: str) -> Select[Any]:
        """Return the statement that reads keys and words of all rows that contain a name, and possibly of others."""
        found = select(*self.key, self.words.label("words")).where(self.words.is_not(None))
        # Databases fold letters beyond ASCII differently, and JSON escapes some characters: then all words are read.
        if self.are_named or not name.isascii():
            return found
        return found.where(func.lower(self.words).contains(name.lower(), autoescape=True))

    def read(self, row: Row) -> str:
        """Return the words of a row."""
        return "\n".join(map(str, row.words.values())) if self.are_named else str(row.words)

    @property
    def taking(self) -> Update:
        """The update that erases the words of one row, with a parameter ``of_…`` for each column of the key."""
        places = [column == bindparam(f"of_{column.key}") for column in self.key]
        return update(self.words.table).where(*places).values(**self.taken)


FREE_WORDS: Final = (
    FreeWords(_T.reason, _NOBODY),
    FreeWords(FEE_NOTES.c.reason, {"reason": null()}),
    FreeWords(PROMO_CODES.c.ending_reason, {"ending_reason": null(), "revision": PROMO_CODES.c.revision + 1}),
    FreeWords(PROMO_CODE_HISTORY.c.personal, {"personal": null()}, are_named=True),
)

ACTED_ELSEWHERE: Final = update(TRACE_ENTRIES).where(_ACTED).values(**_NOBODY)
"""The update of trace entries about others with the customer as the actor."""

THINGS_OF: Final = union_all(
    select(CUSTOMER_ACCOUNTS.c.account.label("thing")).where(CUSTOMER_ACCOUNTS.c.customer == _OF),
    select(CONTRACTS.c.id).where(_OWN_CONTRACTS),
    select(PROMO_CODES.c.text).where(PROMO_CODES.c.customer == _OF),
    select(CASES.c.id).where(CASES.c.customer == _OF),
)
"""The ids of the customer's accounts, contracts, codes and cases."""
ANSWERED: Final = select(ANSWERS.c.asker, ANSWERS.c.key, ANSWERS.c.text)
"""All kept answers."""
TAKING_ANSWER: Final = delete(ANSWERS).where(
    ANSWERS.c.asker == bindparam("of_asker"), ANSWERS.c.key == bindparam("of_key")
)
"""The deletion of one answer."""


@attrs.frozen
class SqlPersonalData:
    """The personal data of customers in a database, found and erased (A5).

    Erasing is a few statements over whole tables, and takes about as long as one pass over the trace. On PostgreSQL it
    waits for transactions that conclude contracts or open cases for the customer, or use a code of the customer, and
    they wait for it. SQLite overwrites what it deletes from then on; content that it deleted before is removed by
    ``VACUUM``.
    """

    work: Work

    def find(self, customer: str) -> PersonalData:
        """Return everything that the database holds about a customer; for a stranger, nothing and zero.

        Each table is read by a statement of its own. A PostgreSQL transaction locks the name of the customer first.
        """
        given = {"of": customer}
        self.work.lock(f"customer {customer}")  # inside a transaction the result stays true until its end
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
        """Replace a customer by a fresh pseudonym in every table, and return the pseudonym.

        The names of the customer and of the customer's accounts are locked, and the rows of the codes.

        :raises ConcurrentChange: another transaction changed the same rows.
        """
        self.work.lock(f"customer {customer}")  # as concluding a contract and opening a case do
        pseudonym = f"{PSEUDONYM}{secrets.token_hex(16)}"
        if self.work.dialect == "sqlite":
            # Otherwise SQLite only marks pages as free, and the old names stay readable in the file.
            self.work.rows(text("PRAGMA secure_delete = ON"))
        accounts = [row.account for row in self.work.rows(ACCOUNTS_OF, {"of": customer})]
        self.work.lock(*[f"account {account}" for account in accounts])
        if self.work.locks:
            self.work.rows(CODES_HELD, {"of": customer})
        names = CustomerNames(customer, frozenset(row.thing for row in self.work.rows(THINGS_OF, {"of": customer})))
        for statement in ERASING:
            self.work.change(statement, {"of": customer, "pseudonym": pseudonym})
        self._move_accounts(customer, pseudonym, accounts)
        self._move_live_referrals(customer, pseudonym)
        self.work.change(ACTED_ELSEWHERE, {"of": customer})
        for words in FREE_WORDS:  # after the rows about the customer: theirs are empty by now, and not read again
            keys = list(self._naming(words, customer))
            if keys:
                self.work.change(words.taking, keys)
        answers = [
            {"of_asker": row.asker, "of_key": row.key}
            for row in self.work.rows(ANSWERED)
            if row.asker == asker_of(Role.CUSTOMER, customer) or names.are_in(row.text)
        ]
        if answers:
            self.work.change(TAKING_ANSWER, answers)
        return pseudonym

    def _move_accounts(self, customer: str, pseudonym: str, accounts: Sequence[str]) -> None:
        """List the accounts under the pseudonym, by deleting and inserting: the customer is a distribution column."""
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
        """Yield the keys of the rows whose words mention the customer's id; the database only narrows them down."""
        for row in self.work.rows(words.having(customer)):
            if mentions(words.read(row), customer):
                yield {f"of_{column.key}": getattr(row, column.key) for column in words.key}

    def _traced(self, customer: str) -> set[tuple[str, int]]:
        """Return the places of the trace entries that erasing would strip of actor and reason, each counted once."""
        found = {(row.subject, row.number) for row in self.work.rows(TRACED, {"of": customer})}
        return found | {(key["of_subject"], key["of_number"]) for key in self._naming(FREE_WORDS[0], customer)}

    def _count(self, kind: str, customer: str) -> int:
        row = self.work.row(COUNTS[kind], {"of": customer})
        return 0 if row is None else row.found
