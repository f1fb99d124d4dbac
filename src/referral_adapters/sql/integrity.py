"""What a database must be: whether everything is there as the migrations make it, and whether the tables agree."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import attrs
from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Label,
    Select,
    and_,
    case,
    cast,
    func,
    literal_column,
    or_,
    select,
    union_all,
)
from sqlalchemy.engine import URL

from referral_adapters.sql import schema
from referral_adapters.sql.schema import Purpose
from referral_adapters.sql.shape import Finding, roll_back, shape_findings
from referral_adapters.sql.tables import (
    ACCOUNTS,
    AMOUNT_PERIODS,
    BILLS,
    CODE_TEXTS,
    CONTRACT_ACCOUNTS,
    CONTRACTS,
    CUSTOMER_ACCOUNTS,
    GIVEN_REFERRALS,
    GRANTS,
    LIVE_REFERRALS,
    LOTS,
    MOVEMENTS,
    OUTBOX,
    POSTED_GRANTS,
    PROMO_CODES,
    PUBLISHED,
    REFERRALS,
    TRANSFERS,
)
from referral_adapters.sql.types import WORDS

_PAGE: Final = 1000
_ZERO: Final[ColumnElement[Any]] = literal_column("0")

_M, _L, _G, _R, _P = MOVEMENTS.c, LOTS.c, GRANTS.c, REFERRALS.c, PROMO_CODES.c


@attrs.frozen
class Law:
    """A law by its name, the statement that returns the rows that break it, and the sentence for each of them."""

    name: str
    broken: Select[Any]
    message: str

    def findings(self, connection: Connection) -> Iterator[Finding]:
        """Yield what breaks the law, without holding it all."""
        with connection.execute(self.broken, execution_options={"yield_per": _PAGE}) as rows:
            for row in rows:
                yield Finding(self.name, row.subject, self.message.format_map(row._mapping))


def _as_subject(column: Any) -> Label[Any]:  # noqa: ANN401 - a column of any type
    label: Label[Any] = column.label("subject")
    return label


def _balance() -> Select[Any]:
    signed = case((_M.kind.in_(("granted", "transferred_in")), _M.amount), else_=-_M.amount)
    entries = union_all(select(_M.account, signed.label("amount")), select(_L.account, -_L.unused)).subquery()
    off = func.sum(entries.c.amount)
    return (
        select(_as_subject(entries.c.account), off.label("off"))
        .group_by(entries.c.account)
        .having(off != _ZERO)
        .order_by(entries.c.account)
    )


def _transfers() -> Select[Any]:
    ways = {way: func.sum(case((_M.kind == way, _M.amount), else_=_ZERO)) for way in _WAYS}
    moved = (
        select(_M.reference, *(total.label(way) for way, total in ways.items()))
        .where(_M.kind.in_(_WAYS))
        .group_by(_M.reference)
        .subquery()
    )
    whole = TRANSFERS.outerjoin(moved, moved.c.reference == TRANSFERS.c.key)
    amounts = [func.coalesce(moved.c[way], _ZERO) for way in _WAYS]
    return (
        select(_as_subject(TRANSFERS.c.key))
        .select_from(whole)
        .where(or_(*(amount != TRANSFERS.c.moved for amount in amounts)))
        .order_by(TRANSFERS.c.key)
    )


def _postings() -> Select[Any]:
    known = MOVEMENTS.outerjoin(POSTED_GRANTS, POSTED_GRANTS.c.key == _M.reference).outerjoin(
        GRANTS, _G.key == _M.reference
    )
    wrong = or_(POSTED_GRANTS.c.key.is_(None), _G.key.is_(None), _G.account != _M.account, _G.amount != _M.amount)
    return (
        select(_as_subject(_M.reference)).select_from(known).where(_M.kind == "granted", wrong).order_by(_M.reference)
    )


def _consumption() -> Select[Any]:
    known = MOVEMENTS.outerjoin(BILLS, and_(BILLS.c.bill == _M.reference, BILLS.c.account == _M.account))
    missing = (_M.kind == "consumed", BILLS.c.bill.is_(None))
    return select(_as_subject(_M.reference)).select_from(known).where(*missing).order_by(_M.reference)


_OWING: Final = ("granted", "held", "void")
"""The statuses of referrals that may owe grants, once their contracts have activated."""


def _grants() -> Select[Any]:
    same = [
        and_(
            _G.side == side,
            _G.account == _R[side],
            _G.amount == _R[f"{side}_amount"],
            _G.currency == _R[f"{side}_currency"],
        )
        for side in ("referrer", "referee")
    ]
    known = GRANTS.outerjoin(REFERRALS, _R.contract == _G.referral)
    wrong = or_(_R.contract.is_(None), _R.granted_at.is_(None), _R.status.not_in(_OWING), ~or_(*same))
    return select(_as_subject(_G.key)).select_from(known).where(wrong).order_by(_G.key)


def _owed() -> Select[Any]:
    """Return the referees that were never owed; a referrer may be left out by the programme (B5)."""
    grants = REFERRALS.outerjoin(GRANTS, and_(_G.referral == _R.contract, _G.side == "referee"))
    missing = (
        _R.granted_at.is_not(None),
        _R.referee_void_at.is_(None),
        _R.status.in_(_OWING),
        _R.referee_amount > _ZERO,
        _G.key.is_(None),
    )
    return select(_as_subject(_R.contract)).select_from(grants).where(*missing).order_by(_R.contract)


def _live() -> Select[Any]:
    live = LIVE_REFERRALS.c
    matching = and_(live.contract == _R.contract, live.customer == _R.referee_customer)
    whole = REFERRALS.outerjoin(LIVE_REFERRALS, matching)
    wrong = or_(
        and_(_R.status != "cancelled", live.contract.is_(None)),
        and_(_R.status == "cancelled", live.contract.isnot(None)),
    )
    return select(_as_subject(_R.contract)).select_from(whole).where(wrong).order_by(_R.contract)


def _not_in(table: FromClause, other: FromClause, **same: str) -> Select[Any]:
    """Return the rows of a table that have no row in another with the same values."""
    on = and_(*(table.c[mine] == other.c[theirs] for mine, theirs in same.items()))
    first, *_ = same
    missing = other.c[same[first]].is_(None)
    whole = table.outerjoin(other, on)
    return select(_as_subject(table.c[first])).select_from(whole).where(missing).order_by(table.c[first])


def _overlaps(table: FromClause, whose: str, start: str, end: str) -> Select[Any]:
    """Return whose periods overlap; one that is over before it began overlaps nothing."""
    c = table.c
    following = func.lead(c[start]).over(partition_by=c[whose], order_by=c[start])
    spans = (
        select(c[whose], c[end].label("ends"), following.label("following"))
        .where(or_(c[end].is_(None), c[end] > c[start]))
        .subquery()
    )
    overlapping = and_(spans.c.following.isnot(None), or_(spans.c.ends.is_(None), spans.c.ends > spans.c.following))
    return select(_as_subject(spans.c[whose])).where(overlapping).distinct().order_by(spans.c[whose])


_O: Final = OUTBOX.c
_A: Final = PUBLISHED.c
_STANDS: Final = and_(_O.position == _A.position, _O.subject == _A.subject, _O.number == _A.number)


def _amiss_in_outbox() -> Select[Any]:
    """Return the subjects of rows that have a position at which they do not stand."""
    known = OUTBOX.outerjoin(PUBLISHED, _STANDS)
    missing = (_O.position.is_not(None), _A.position.is_(None))
    return select(_O.subject).select_from(known).where(*missing).order_by(_O.subject)


def _amiss_in_published() -> Select[Any]:
    """Return the positions that follow no other, but for the first, and those of rows that have another or none."""
    last = func.lag(_A.position, 1, 0).over(order_by=_A.position).label("last")
    each = select(_A.position, last, _O.subject).select_from(PUBLISHED.outerjoin(OUTBOX, _STANDS)).subquery().c
    wrong = or_(each.last != each.position - 1, each.subject.is_(None))
    return select(cast(each.position, WORDS).label("subject")).where(wrong).order_by(each.position)


_WAYS: Final = ("transferred_out", "transferred_in")

LAWS: Final = (
    Law("balance", _balance(),
        "Account {subject} is off by {off}: granted and transferred in are not consumed, transferred out and unused."),
    Law("balance", select(_as_subject(_L.account)).where(_L.unused <= _ZERO).order_by(_L.account),
        "Account {subject} has a part of a discount that is not above 0."),
    Law("transfer", _transfers(), "The transfer {subject} does not leave one account and reach another in full."),
    Law("posting", _postings(), "What was posted under {subject} is no grant of this account and amount."),
    Law("bill", _consumption(), "The bill {subject} took a discount and is not known for this account."),
    Law("grant", _grants(), "The grant {subject} is not what a granted referral has locked for that side."),
    Law("grant", _owed(), "The new customer of contract {subject} has no grant, though the referral is granted."),
    Law("live referral", _live(),
        "The referral of contract {subject} is not kept as it should be among those that are open or paid."),
    Law("live referral", _not_in(LIVE_REFERRALS, REFERRALS, contract="contract", customer="referee_customer"),
        "Contract {subject} is kept as a customer's referral and carries none of that customer."),
    Law("code", _not_in(PROMO_CODES, CODE_TEXTS, text="text", account="account"),
        "The code {subject} is not in the list of all texts, or for another account."),
    Law("code", _not_in(CODE_TEXTS, PROMO_CODES, text="text", account="account"),
        "The text {subject} is listed for an account that never held it."),
    Law("code", _overlaps(PROMO_CODES, "account", "issued_at", "ends_at"), "Account {subject} held two codes at once."),
    Law("amount", _overlaps(AMOUNT_PERIODS, "group_id", "starts_at", "ends_at"),
        "The group {subject} has two amounts at once."),
    Law("account", _not_in(CONTRACTS, ACCOUNTS, account="account", customer="customer"),
        "A contract on account {subject} is of another customer than the account."),
    Law("contract", _not_in(CONTRACTS, CONTRACT_ACCOUNTS, id="contract", account="account"),
        "The contract {subject} is not in the list of all contracts, or for another account."),
    Law("contract", _not_in(CONTRACT_ACCOUNTS, CONTRACTS, contract="id", account="account"),
        "The contract {subject} is listed for an account on which it does not stand."),
    Law("account", _not_in(ACCOUNTS, CUSTOMER_ACCOUNTS, account="account", customer="customer"),
        "The account {subject} is not in the list of its customer's accounts."),
    Law("account", _not_in(CUSTOMER_ACCOUNTS, ACCOUNTS, account="account", customer="customer"),
        "The account {subject} is listed for a customer to whom it does not belong."),
    Law("referral", _not_in(REFERRALS, GIVEN_REFERRALS, contract="contract", referrer="referrer",
                            concluded_at="concluded_at"),
        "The referral of contract {subject} is not in the list of its referrer's."),
    Law("referral", _not_in(GIVEN_REFERRALS, REFERRALS, contract="contract", referrer="referrer",
                            concluded_at="concluded_at"),
        "Contract {subject} is in a referrer's list and carries no such referral."),
    Law("outbox", _amiss_in_outbox(), "A row about {subject} has a position and is not published there."),
    Law("outbox", _amiss_in_published(),
        "What is published at {subject} comes after a gap, or waits in the outbox as well."),
)  # fmt: skip
"""All of them, in the order in which they are looked at."""


_PRAGMAS: Final = {"journal_mode": ("wal", "delete"), "foreign_keys": (1,), "encoding": ("UTF-8",)}
"""What a store sets in SQLite, which keeps some of it from being set without a word.

Of the first two kinds of journal the second is that of a copy on which nobody has worked yet: a check leaves it so.
"""
_SNAPSHOT: Final = {"sqlite": "BEGIN", "postgresql": "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"}

Teller = Callable[[str], None]
"""Is told what is looked at next."""


def check(url: str | URL, tell: Teller = lambda _: None) -> Iterator[Finding]:
    """Yield everything that is wrong with a database, and change nothing in it; others may go on writing.

    First the file itself where it is one, then whether all that the migrations make is there and as they made it, then
    whether the tables agree with each other, at one moment.

    :raises SchemaMismatch: its schema is not the one of this version.
    :raises ForeignDatabase: it is somebody else's.
    :raises StoreFailed: it cannot be opened, or not be read to the end.
    """
    connections = schema.opened(url, Purpose.READ, hurried=False)
    try:
        with schema.told():
            connection = connections.get()
            if connection.dialect.name == "sqlite":
                tell("the file")
                yield from _file_findings(connection)
            tell("the tables")
            if not (yield from shape_findings(connection)):
                yield Finding("data", "all tables", "What the tables say was not looked at, since a part is missing.")
                return
            with _one_moment(connection):
                for law in LAWS:
                    tell(law.name)
                    yield from law.findings(connection)
    finally:
        connections.close()


def _file_findings(connection: Connection) -> Iterator[Finding]:
    for name, wanted in _PRAGMAS.items():
        found = connection.exec_driver_sql(f"PRAGMA {name}").scalar()
        if found not in wanted:
            yield Finding("file", name, f"The setting {name} stays {found!r} and should be {wanted[0]!r}.")
    for said in connection.exec_driver_sql("PRAGMA integrity_check").scalars():
        if said != "ok":
            yield Finding("file", "integrity", f"The file is damaged: {said}.")
    for table, row, other, _ in connection.exec_driver_sql("PRAGMA foreign_key_check"):
        yield Finding("file", table, f"Row {row} of {table} refers to a row of {other} that is not there.")


@contextmanager
def _one_moment(connection: Connection) -> Iterator[None]:
    """Let everything in the block be seen as it is at one moment."""
    connection.exec_driver_sql(_SNAPSHOT[connection.dialect.name])
    try:
        yield
    finally:
        roll_back(connection)
