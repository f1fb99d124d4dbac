"""The check of a database: its shape against the migrations, and its tables against each other."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
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
    BILL_USES,
    BILLS,
    CASES,
    CODE_TEXTS,
    CONTRACT_ACCOUNTS,
    CONTRACTS,
    CUSTOMER_ACCOUNTS,
    GIVEN_REFERRALS,
    GRANTS,
    GROUPS,
    LIVE_REFERRALS,
    LOTS,
    MOVEMENTS,
    OUTBOX,
    POSTED_GRANTS,
    POSTED_REVERSALS,
    PROMO_CODES,
    PUBLISHED,
    REFERRALS,
    SHARINGS,
    TRANSFERS,
)
from referral_adapters.sql.types import WORDS
from referral_core.values.name import compared_name, is_name

_PAGE: Final = 1000
_ZERO: Final[ColumnElement[Any]] = literal_column("0")

_M, _L, _G, _R, _P, _U = MOVEMENTS.c, LOTS.c, GRANTS.c, REFERRALS.c, PROMO_CODES.c, BILL_USES.c


@attrs.frozen
class Law:
    """A law: its name, the statement that returns the rows which break it, and the sentence for each of those."""

    name: str
    broken: Select[Any]
    message: str

    def findings(self, connection: Connection) -> Iterator[Finding]:
        """Yield a finding for each row that breaks the law; the rows are fetched in portions."""
        with connection.execute(self.broken, execution_options={"yield_per": _PAGE}) as rows:
            for row in rows:
                yield Finding(self.name, row.subject, self.message.format_map(row._mapping))


def _as_subject(column: Any) -> Label[Any]:  # noqa: ANN401 - a column of any type
    label: Label[Any] = column.label("subject")
    return label


def _balance() -> Select[Any]:
    """Return the accounts whose movements do not add up to their lots."""
    signed = case((_M.kind.in_(("granted", "transferred_in", "given_back")), _M.amount), else_=-_M.amount)
    entries = union_all(select(_M.account, signed.label("amount")), select(_L.account, -_L.unused)).subquery()
    off = func.sum(entries.c.amount)
    return (
        select(_as_subject(entries.c.account), off.label("off"))
        .group_by(entries.c.account)
        .having(off != _ZERO)
        .order_by(entries.c.account)
    )


def _transfers() -> Select[Any]:
    """Return the transfers whose amount did not leave one account and reach another."""
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
    """Return the granted movements without a posted key or without a grant of the same account and amount."""
    known = MOVEMENTS.outerjoin(POSTED_GRANTS, POSTED_GRANTS.c.key == _M.reference).outerjoin(
        GRANTS, _G.key == _M.reference
    )
    wrong = or_(POSTED_GRANTS.c.key.is_(None), _G.key.is_(None), _G.account != _M.account, _G.amount != _M.amount)
    return (
        select(_as_subject(_M.reference)).select_from(known).where(_M.kind == "granted", wrong).order_by(_M.reference)
    )


def _consumption() -> Select[Any]:
    """Return the consumed movements without a bill of the same account."""
    known = MOVEMENTS.outerjoin(BILLS, and_(BILLS.c.bill == _M.reference, BILLS.c.account == _M.account))
    missing = (_M.kind == "consumed", BILLS.c.bill.is_(None))
    return select(_as_subject(_M.reference)).select_from(known).where(*missing).order_by(_M.reference)


def _uses() -> Select[Any]:
    """Return the bills whose uses of grants are not what they consumed, or gave back when they were cancelled."""
    used = (
        select(_U.account, _U.bill, func.sum(_U.amount).label("amount"), func.max(_U.cancelled_at).label("cancelled"))
        .group_by(_U.account, _U.bill)
        .subquery()
        .c
    )
    of_bill = and_(used.account == _M.account, used.bill == _M.reference, used.amount == _M.amount)
    wrong = or_(used.bill.is_(None), and_(_M.kind == "given_back", used.cancelled.is_(None)))
    known = MOVEMENTS.outerjoin(used.bill.table, of_bill)
    return (
        select(_as_subject(_M.reference))
        .select_from(known)
        .where(_M.kind.in_(("consumed", "given_back")), wrong)
        .order_by(_M.reference)
    )


def _reversals() -> Select[Any]:
    """Return the grants of which not as much was taken back as their reversals say, on some account."""
    v = POSTED_REVERSALS.c
    taken = (
        select(v.grant_key, v.account, func.sum(v.amount).label("amount")).group_by(v.grant_key, v.account).subquery()
    )
    same = and_(_M.kind == "taken_back", _M.reference == taken.c.grant_key, _M.account == taken.c.account)
    off = func.coalesce(_M.amount, _ZERO) != taken.c.amount
    return (
        select(_as_subject(taken.c.grant_key))
        .select_from(taken.outerjoin(MOVEMENTS, same))
        .where(off)
        .order_by(taken.c.grant_key)
    )


_OWES: Final = or_(
    _R.status.in_(("granted", "held", "void")), and_(_R.status == "cancelled", _R.cancelled_at.is_not(None))
)
"""The condition of referrals that may owe grants, once their contracts have activated: all but recorded ones.

A referral is cancelled after the activation when its contract is annulled.
"""


def _grants() -> Select[Any]:
    """Return the grants that differ from the offers of their referral, or whose referral is not granted."""
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
    wrong = or_(_R.contract.is_(None), _R.granted_at.is_(None), ~_OWES, ~or_(*same))
    return select(_as_subject(_G.key)).select_from(known).where(wrong).order_by(_G.key)


def _owed() -> Select[Any]:
    """Return the granted referrals without a grant for the referee; a programme may leave out the referrer's (B5)."""
    grants = REFERRALS.outerjoin(GRANTS, and_(_G.referral == _R.contract, _G.side == "referee"))
    missing = (
        _R.granted_at.is_not(None),
        _R.referee_void_at.is_(None),
        _OWES,
        _R.referee_amount > _ZERO,
        _G.key.is_(None),
    )
    return select(_as_subject(_R.contract)).select_from(grants).where(*missing).order_by(_R.contract)


def _live() -> Select[Any]:
    """Return the live referrals that are not listed as their customer's, and the cancelled ones that are."""
    live = LIVE_REFERRALS.c
    matching = and_(live.contract == _R.contract, live.customer == _R.referee_customer)
    whole = REFERRALS.outerjoin(LIVE_REFERRALS, matching)
    wrong = or_(
        and_(_R.status != "cancelled", live.contract.is_(None)),
        and_(_R.status == "cancelled", live.contract.isnot(None)),
    )
    return select(_as_subject(_R.contract)).select_from(whole).where(wrong).order_by(_R.contract)


def _owners() -> Select[Any]:
    """Return the referrals with a side whose account belongs to another customer than the referral says."""
    referrer, referee = ACCOUNTS.alias("of_referrer").c, ACCOUNTS.alias("of_referee").c
    whole = REFERRALS.outerjoin(
        referrer.account.table, and_(referrer.account == _R.referrer, referrer.customer == _R.referrer_customer)
    ).outerjoin(referee.account.table, and_(referee.account == _R.referee, referee.customer == _R.referee_customer))
    missing = or_(referrer.account.is_(None), referee.account.is_(None))
    return select(_as_subject(_R.contract)).select_from(whole).where(missing).order_by(_R.contract)


def _activated() -> Select[Any]:
    """Return the granted referrals that are not so from the moment at which their contract activated."""
    c = CONTRACTS.c
    whole = REFERRALS.outerjoin(
        CONTRACTS, and_(c.id == _R.contract, c.account == _R.referee, c.activated_at == _R.granted_at)
    )
    wrong = (_R.granted_at.is_not(None), _R.status != "cancelled", c.id.is_(None))
    return select(_as_subject(_R.contract)).select_from(whole).where(*wrong).order_by(_R.contract)


def _statuses() -> Select[Any]:
    """Return the contracts whose status says something else than their moments."""
    c = CONTRACTS.c
    moments = {
        "concluded": and_(c.activated_at.is_(None), c.ended_at.is_(None)),
        "active": and_(c.activated_at.is_not(None), c.ended_at.is_(None)),
        "terminated": and_(c.activated_at.is_not(None), c.ended_at.is_not(None)),
        "withdrawn": and_(c.activated_at.is_(None), c.ended_at.is_not(None)),
    }
    wrong = or_(*[and_(c.status == status, ~right) for status, right in moments.items()])
    return select(_as_subject(c.id)).where(wrong).order_by(c.id)


def _not_in(table: FromClause, other: FromClause, **same: str) -> Select[Any]:
    """Return the rows of a table without a row of another table that has the same values."""
    on = and_(*(table.c[mine] == other.c[theirs] for mine, theirs in same.items()))
    first, *_ = same
    missing = other.c[same[first]].is_(None)
    whole = table.outerjoin(other, on)
    return select(_as_subject(table.c[first])).select_from(whole).where(missing).order_by(table.c[first])


def _overlaps(table: FromClause, whose: str, start: str, end: str) -> Select[Any]:
    """Return the owners of overlapping periods; a period that ends at or before its start overlaps nothing."""
    c = table.c
    # In order of start it is enough to compare each period with the next one, in one pass over the table.
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
    """Return the subjects of rows of the outbox whose position is not theirs in the table of published rows."""
    known = OUTBOX.outerjoin(PUBLISHED, _STANDS)
    missing = (_O.position.is_not(None), _A.position.is_(None))
    return select(_O.subject).select_from(known).where(*missing).order_by(_O.subject)


def _amiss_in_published() -> Select[Any]:
    """Return the published positions behind a gap, and those whose row has another position in the outbox or none."""
    last = func.lag(_A.position, 1, 0).over(order_by=_A.position).label("last")
    each = select(_A.position, last, _O.subject).select_from(PUBLISHED.outerjoin(OUTBOX, _STANDS)).subquery().c
    wrong = or_(each.last != each.position - 1, each.subject.is_(None))
    return select(cast(each.position, WORDS).label("subject")).where(wrong).order_by(each.position)


_WAYS: Final = ("transferred_out", "transferred_in")

LAWS: Final = (
    Law("balance", _balance(),
        "Account {subject} is off by {off}: granted and transferred in are not consumed, transferred out, taken back"
        " and unused."),
    Law("balance", select(_as_subject(_L.account)).where(_L.unused <= _ZERO).order_by(_L.account),
        "Account {subject} has a part of a discount that is not above 0."),
    Law("transfer", _transfers(), "The transfer {subject} does not leave one account and reach another in full."),
    Law("posting", _postings(), "What was posted under {subject} is no grant of this account and amount."),
    Law("bill", _consumption(), "The bill {subject} took a discount and is not known for this account."),
    Law("bill", _uses(), "What the bill {subject} took of a discount is not what it took of single grants."),
    Law("reversal", _reversals(), "What was taken back of the grant {subject} is not what its reversals say."),
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
    Law("account", _not_in(PROMO_CODES, ACCOUNTS, account="account", customer="customer"),
        "A code of account {subject} is of another customer than the account."),
    Law("account", _owners(), "The referral of contract {subject} is of another customer than one of its accounts."),
    Law("contract", _statuses(), "The status of contract {subject} is not what its moments say."),
    Law("referral", _activated(),
        "The referral of contract {subject} is not granted from the moment at which the contract activated."),
    Law("posting", _not_in(POSTED_GRANTS, GRANTS, key="key"), "The key {subject} is posted, and no grant has it."),
    Law("sharing", _not_in(SHARINGS, PROMO_CODES, account="account", code="text"),
        "A sharing of account {subject} is of a code that the account never held."),
    Law("outbox", _amiss_in_outbox(), "A row about {subject} has a position and is not published there."),
    Law("outbox", _amiss_in_published(),
        "What is published at {subject} comes after a gap, or waits in the outbox as well."),
)  # fmt: skip
"""All laws, in the order in which they are checked."""


_NAMED: Final[Mapping[str, ColumnElement[Any]]] = {
    "account": ACCOUNTS.c.account,
    "customer": CUSTOMER_ACCOUNTS.c.customer,
    "contract": CONTRACT_ACCOUNTS.c.contract,
    "case": CASES.c.id,
    "customer of a case": CASES.c.customer,
    "group": GROUPS.c.id,
    "bill": BILLS.c.bill,
}
"""The columns of ids by what they name; in other tables the same ids stand again."""


def _name_findings(connection: Connection) -> Iterator[Finding]:
    """Yield ids that no act can name and names of groups that are not compared, as older versions stored them (D2)."""
    for what, column in _NAMED.items():
        with connection.execute(select(column).distinct(), execution_options={"yield_per": _PAGE}) as ids:
            for found in ids.scalars():
                if not is_name(found):
                    yield Finding("name", found, f"The {what} {found!r} is no id as acts take it, and none finds it.")
    for group, called, compared in connection.execute(select(GROUPS.c.id, GROUPS.c.name, GROUPS.c.compared_name)):
        if compared != compared_name(called):
            yield Finding("name", group, f"The name of the group {group} is not compared with others: rename it.")


_PRAGMAS: Final = {"journal_mode": ("wal", "delete"), "foreign_keys": (1,), "encoding": ("UTF-8",)}
"""The settings of a store in SQLite, which ignores some of them without an error.

The journal mode ``delete`` is that of a fresh backup, which a check leaves unchanged.
"""
_SNAPSHOT: Final = {"sqlite": "BEGIN", "postgresql": "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"}

Teller = Callable[[str], None]
"""A listener to the progress: the name of the part that is checked next."""


def check(url: str | URL, tell: Teller = lambda _: None) -> Iterator[Finding]:
    """Yield everything that is wrong with a database; nothing is changed, and other connections may go on writing.

    The check looks at the file of SQLite first, then compares the shape with that of the migrations, and then checks
    the laws between the tables in one snapshot.

    :raises SchemaMismatch: the schema of the database is not the one of this version.
    :raises ForeignDatabase: the database belongs to another program.
    :raises StoreFailed: the database cannot be opened, or cannot be read to the end.
    """
    connections = schema.opened(url, Purpose.READ, hurried=False)
    try:
        with schema.told():
            connection = connections.get()
            if connection.dialect.name == "sqlite":
                tell("the file")
                yield from _file_findings(connection)
            tell("the tables")
            # The laws name every table and column: with one of them missing their statements would fail.
            if not (yield from shape_findings(connection)):
                yield Finding("data", "all tables", "What the tables say was not looked at, since a part is missing.")
                return
            with _one_moment(connection):
                for law in LAWS:
                    tell(law.name)
                    yield from law.findings(connection)
                tell("name")
                yield from _name_findings(connection)
    finally:
        connections.close()


def _file_findings(connection: Connection) -> Iterator[Finding]:
    for name, wanted in _PRAGMAS.items():
        found = connection.exec_driver_sql(f"PRAGMA {name}").scalar()
        if found not in wanted:
            yield Finding("file", name, f"The setting {name} stays {found!r} and should be {wanted[0]!r}.")
    for report in connection.exec_driver_sql("PRAGMA integrity_check").scalars():
        if report != "ok":
            yield Finding("file", "integrity", f"The file is damaged: {report}.")
    for table, row, other, _ in connection.exec_driver_sql("PRAGMA foreign_key_check"):
        yield Finding("file", table, f"Row {row} of {table} refers to a row of {other} that is not there.")


@contextmanager
def _one_moment(connection: Connection) -> Iterator[None]:
    """Run a block in one snapshot of the database."""
    connection.exec_driver_sql(_SNAPSHOT[connection.dialect.name])
    try:
        yield
    finally:
        roll_back(connection)
