"""How the second migration turns what was written before into histories that say what was known.

Everything goes by pages of subjects, so that memory does not grow with their number.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import bindparam, column

from referral_adapters.sql.types import COUNT, WORDS, CanonicalJson, Moment
from referral_core.values.history import learned_at

_PAGE: Final = 500
_CODE_ACTS: Final = ("code.issue", "code.start", "code.end")
_NOT_OF_REFERRAL: Final = ("referrer_customer", "referee_customer", "notes", "fee_notes", "revision")


def _history(name: str, *key: str) -> sa.TableClause:
    return sa.table(
        name,
        *(column(each, WORDS) for each in key),
        column("revision", COUNT),
        column("recorded_at", Moment()),
        column("state", CanonicalJson()),
        column("personal", CanonicalJson()),
    )


_CODES: Final = _history("promo_code_history", "account", "text")
_GROUPS: Final = _history("discount_group_history", "id")
_REFERRALS: Final = _history("referral_history", "contract")
_TRACE: Final = sa.table(
    "trace_entries",
    column("subject", WORDS),
    column("number", COUNT),
    column("moment", Moment()),
    column("act", WORDS),
    column("after", CanonicalJson()),
)


def remember_codes(connection: sa.Connection) -> None:
    """Have codes recorded at the moments of the acts, which the trace has; and keep words about persons apart.

    Up to now the moment was that of the machine's clock, which stays only where a later state of a code is not in the
    trace, because somebody stored it past the desk.
    """
    c = _CODES.c
    change = (
        sa.update(_CODES)
        .where(c.account == bindparam("of"), c.text == bindparam("called"), c.revision == bindparam("which"))
        .values(recorded_at=bindparam("at"), state=bindparam("kept"), personal=bindparam("words"))
    )
    chosen = sa.select(c.account, c.text, c.revision, c.recorded_at, c.state)
    for accounts, rows in _pages(connection, chosen, c.account):
        traced = _traced(connection, accounts)
        for account, states in groupby(rows, key=attrgetter("account")):
            last: datetime | None = None
            changes = []
            for row, at in _in_order(list(states), traced[account]):
                last = learned_at(at, last)
                kept = {name: row.state[name] for name in ("starts_at", "ends_at", "ending")}
                why = row.state["ending_reason"]
                words = None if why is None else {"ending_reason": why}
                which = {"of": account, "called": row.text, "which": row.revision}
                changes.append({**which, "at": last, "kept": kept, "words": words})
            connection.execute(change, changes)


def remember_referrals(connection: sa.Connection) -> None:
    """Leave out of the states of referrals who the customers are, and the fee notes, which are kept elsewhere."""
    _remember(connection, _REFERRALS, _REFERRALS.c.contract, _NOT_OF_REFERRAL)


def remember_groups(connection: sa.Connection) -> None:
    """Have no state of a group recorded before the one before it."""
    _remember(connection, _GROUPS, _GROUPS.c.id, ())


def remember_cases(connection: sa.Connection) -> None:
    """Give closed cases the moment they were closed at: that of their contract, or of the row in the trace."""
    cases = sa.table("cases", column("id", WORDS), column("contract", WORDS), column("closed_at", Moment()))
    contracts = sa.table("contracts", column("id", WORDS), column("concluded_at", Moment()))
    concluded = sa.select(contracts.c.concluded_at).where(contracts.c.id == cases.c.contract).scalar_subquery()
    connection.execute(sa.update(cases).where(cases.c.contract.is_not(None)).values(closed_at=concluded))
    change = sa.update(cases).where(cases.c.id == bindparam("of")).values(closed_at=bindparam("at"))
    t = _TRACE.c
    abandoned = sa.select(t.number, t.moment, t.after).where(t.subject == "programme", t.act == "case.abandon")
    for _, rows in _pages(connection, abandoned, t.number):
        connection.execute(change, [{"of": row.after["case"], "at": row.moment} for row in rows])


def _remember(
    connection: sa.Connection, table: sa.TableClause, subject: sa.ColumnElement[Any], left_out: Iterable[str]
) -> None:
    c = table.c
    change = (
        sa.update(table)
        .where(subject == bindparam("of"), c.revision == bindparam("which"))
        .values(recorded_at=bindparam("at"), state=bindparam("kept"))
    )
    chosen = sa.select(subject.label("subject"), c.revision, c.recorded_at, c.state)
    for _, rows in _pages(connection, chosen, subject):
        changes = []
        for of, states in groupby(rows, key=attrgetter("subject")):
            last: datetime | None = None
            for row in states:
                last = learned_at(row.recorded_at, last)
                kept = {name: value for name, value in row.state.items() if name not in left_out}
                changes.append({"of": of, "which": row.revision, "at": last, "kept": kept})
        connection.execute(change, changes)


def _pages(
    connection: sa.Connection, chosen: sa.Select[Any], subject: sa.ColumnElement[Any]
) -> Iterator[tuple[Sequence[Any], Sequence[sa.Row[Any]]]]:
    """Yield some subjects and all of their rows, in order, until there are no more."""
    first = chosen.with_only_columns(subject).distinct().order_by(subject).limit(_PAGE)
    page = connection.execute(first).scalars().all()
    while page:
        rows = connection.execute(chosen.where(subject.in_(page)).order_by(*_order(chosen, subject))).all()
        yield page, rows
        page = connection.execute(first.where(subject > page[-1])).scalars().all()


def _order(chosen: sa.Select[Any], subject: sa.ColumnElement[Any]) -> list[sa.ColumnElement[Any]]:
    columns = chosen.selected_columns
    return [subject, *(columns[name] for name in ("text", "revision") if name in columns)]


def _traced(connection: sa.Connection, accounts: Sequence[str]) -> dict[str, list[tuple[str, datetime]]]:
    """Return for each account the texts of codes that were issued, started or ended, with the moments, in order."""
    t = _TRACE.c
    acts = (
        sa.select(t.subject, t.moment, t.after)
        .where(t.subject.in_([f"account:{account}" for account in accounts]), t.act.in_(_CODE_ACTS))
        .order_by(t.subject, t.number)
    )
    traced: defaultdict[str, list[tuple[str, datetime]]] = defaultdict(list)
    for row in connection.execute(acts):
        traced[row.subject.removeprefix("account:")].append((row.after["code"], row.moment))
    return traced


def _in_order(states: list[sa.Row[Any]], traced: list[tuple[str, datetime]]) -> Iterator[tuple[sa.Row[Any], datetime]]:
    """Yield an account's states with the moments of the acts: in the order of the trace if it has exactly these."""
    of_code = {text: list(rows) for text, rows in groupby(states, key=attrgetter("text"))}
    if sorted(text for text, _ in traced) == [row.text for row in states]:
        for text, at in traced:
            yield of_code[text].pop(0), at
        return
    yield from sorted(((row, _guessed(row)) for row in states), key=lambda each: (each[1], each[0].revision))


def _guessed(row: sa.Row[Any]) -> datetime:
    """Return when a state may have become known that is not in the trace."""
    issued_at = datetime.fromisoformat(row.state["issued_at"])
    return issued_at if row.revision == 1 else max(issued_at, row.recorded_at)
