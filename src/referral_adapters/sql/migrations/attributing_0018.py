"""How the fifteenth migration finds out of which grants lots are, and what bills took of which grants.

The movements of an account, and of all accounts that transfers join with it, are done once more: grants, bills and
transfers in order of their moments, always the oldest discount first. Where that ends with the lots that are there, it
is taken for what happened.

Where it does not, only a lot whose moment belongs to a single grant is that grant's. All else stays under keys of no
grant: it is used and transferred as before and is never taken back, and what a cancelled bill took comes back as old as
the bill.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, NamedTuple

import attrs
import sqlalchemy as sa
from sqlalchemy import bindparam, column

from referral_adapters.sql.types import COUNT, WORDS, Amount, Moment

_PAGE: Final = 500
_ORDER: Final = {"granted": 0, "consumed": 1, "transferred_out": 2}
"""The movements that are done once more, in their order at one moment; a transfer's other side is found by its key."""
_NO_GRANT: Final = "unattributed"

_MOVEMENTS: Final = sa.table(
    "discount_movements",
    column("account", WORDS),
    column("kind", WORDS),
    column("reference", WORDS),
    column("amount", Amount()),
    column("moved_at", Moment()),
)
_LOTS: Final = sa.table(
    "discount_lots",
    column("account", WORDS),
    column("number", COUNT),
    column("effective_from", Moment()),
    column("unused", Amount()),
    column("grant_key", WORDS),
    column("recorded_at", Moment()),
)
_USES: Final = sa.table(
    "bill_uses",
    column("account", WORDS),
    column("bill", WORDS),
    column("grant_key", WORDS),
    column("effective_from", Moment()),
    column("amount", Amount()),
    column("at", Moment()),
    column("recorded_at", Moment()),
)
_MOVED: Final = sa.table("moved_grants", column("grant_key", WORDS), column("account", WORDS))
_ONE: Final = (_LOTS.c.account == bindparam("of"), _LOTS.c.number == bindparam("which"))


class _Use(NamedTuple):
    account: str
    bill: str
    grant: str
    effective_from: datetime
    amount: Decimal
    at: datetime


Parts = dict[tuple[datetime, str], Decimal]
"""The unused amounts on an account, by the moment from which they are effective and the grant."""


def attribute(connection: sa.Connection) -> None:
    """Write the grant and the recording of every lot, and what bills took of grants, by pages of accounts."""
    others = _joined_accounts(connection)
    m = _MOVEMENTS.c
    after = ""
    while page := connection.execute(
        sa.select(m.account).where(m.account > after).distinct().order_by(m.account).limit(_PAGE)
    ).all():
        accounts = [account for (account,) in page]
        alone = [account for account in accounts if account not in others]
        together = [others[account] for account in accounts if account in others and others[account][0] == account]
        moved, lots = _rows(connection, _MOVEMENTS, alone), _rows(connection, _LOTS, alone)
        stories = [_Story([account], moved[account], lots[account]) for account in alone]
        for group in together:
            found = [_rows(connection, table, group) for table in (_MOVEMENTS, _LOTS)]
            of_group, left = ([row for each in group for row in rows[each]] for rows in found)
            stories.append(_Story(group, of_group, left))
        _write(connection, stories)
        after = accounts[-1]


@attrs.define
class _Story:
    """What happened on some accounts: their movements, and the lots that they ended with."""

    accounts: Sequence[str]
    moved: Sequence[Any]
    lots: Sequence[Any]
    uses: list[_Use] = attrs.field(factory=list)
    of_lot: dict[tuple[str, int], str] = attrs.field(factory=dict)
    """The grants of the lots, by account and number."""

    def homes(self) -> dict[str, str]:
        """Return the accounts that grants were posted to."""
        return {row.reference: row.account for row in self.moved if row.kind == "granted"}

    def never_moved(self) -> dict[tuple[str, str], datetime]:
        """Return the moments of the grants by account and key, where no transfer touched the accounts."""
        if len(self.accounts) > 1:
            return {}
        return {(row.account, row.reference): row.moved_at for row in self.moved if row.kind == "granted"}

    def last_moved(self) -> dict[str, datetime]:
        """Return the moments of the last movements of the accounts."""
        last: dict[str, datetime] = {}
        for row in self.moved:
            last[row.account] = max(row.moved_at, last.get(row.account, row.moved_at))
        return last

    def attribute(self) -> None:
        """Find the grants of the lots and the uses of the bills."""
        parts = self._done_once_more()
        if parts is None or _by_age(parts) != self._ages():
            self._attribute_what_is_certain()
            return
        left = {
            (account, age, grant): amount for account, each in parts.items() for (age, grant), amount in each.items()
        }
        for lot in self.lots:
            # The lots of one age on an account add up to its grants of this age: each goes to the first that has room.
            fits = [key for key, amount in left.items() if key[:2] == (lot.account, lot.effective_from)]
            key = next((each for each in fits if left[each] == lot.unused), None) or max(fits, key=left.__getitem__)
            self.of_lot[lot.account, lot.number] = key[2]
            left[key] -= lot.unused

    def _ages(self) -> dict[tuple[str, datetime], Decimal]:
        ages: dict[tuple[str, datetime], Decimal] = defaultdict(Decimal)
        for lot in self.lots:
            ages[lot.account, lot.effective_from] += lot.unused
        return ages

    def _done_once_more(self) -> dict[str, Parts] | None:
        """Return what is left on each account, ``None`` where a movement takes more than there is."""
        parts: dict[str, Parts] = defaultdict(dict)
        target = {row.reference: row.account for row in self.moved if row.kind == "transferred_in"}
        known = [row for row in self.moved if row.kind in _ORDER]
        for row in sorted(known, key=lambda each: (each.moved_at, _ORDER[each.kind], each.reference)):
            if row.kind == "granted":
                parts[row.account][row.moved_at, row.reference] = row.amount
                continue
            taken = _taken(parts[row.account], row.amount, row.moved_at if row.kind == "consumed" else None)
            if taken is None:
                return None
            for (effective_from, grant), amount in taken.items():
                if row.kind == "consumed":
                    use = _Use(row.account, row.reference, grant, effective_from, amount, row.moved_at)
                    self.uses.append(use)
                else:
                    there = parts[target[row.reference]]
                    there[effective_from, grant] = there.get((effective_from, grant), Decimal(0)) + amount
        return parts

    def _attribute_what_is_certain(self) -> None:
        granted: dict[datetime, list[str]] = defaultdict(list)
        for row in self.moved:
            if row.kind == "granted":
                granted[row.moved_at].append(row.reference)
        for lot in self.lots:
            of_age = granted[lot.effective_from]
            self.of_lot[lot.account, lot.number] = of_age[0] if len(of_age) == 1 else f"{_NO_GRANT}/{lot.number}"
        self.uses = [
            _Use(row.account, row.reference, f"{_NO_GRANT}/{row.reference}", row.moved_at, row.amount, row.moved_at)
            for row in self.moved
            if row.kind == "consumed"
        ]


def _taken(parts: Parts, most: Decimal, by: datetime | None) -> Parts | None:
    """Take an amount from the parts that are effective by a moment, oldest first; ``None`` if there is less."""
    taken: Parts = {}
    for which in sorted(parts):
        if most and (by is None or which[0] <= by):
            taken[which] = min(parts[which], most)
            most -= taken[which]
    for which, amount in taken.items():
        parts[which] -= amount
        if not parts[which]:
            del parts[which]
    return None if most else taken


def _by_age(parts: dict[str, Parts]) -> dict[tuple[str, datetime], Decimal]:
    ages: dict[tuple[str, datetime], Decimal] = defaultdict(Decimal)
    for account, each in parts.items():
        for (effective_from, _), amount in each.items():
            ages[account, effective_from] += amount
    return ages


def _write(connection: sa.Connection, stories: Sequence[_Story]) -> None:
    uses: list[dict[str, Any]] = []
    moved: dict[tuple[str, str], None] = {}
    for story in stories:
        story.attribute()
        _write_lots(connection, story)
        homes = story.homes()
        of_lots = [(story.of_lot[lot.account, lot.number], lot.account) for lot in story.lots]
        of_uses = [(use.grant, use.account) for use in story.uses]
        moved |= dict.fromkeys(each for each in of_lots + of_uses if homes.get(each[0], each[1]) != each[1])
        uses += [dict(zip(_USES.c.keys(), (*use, use.at), strict=True)) for use in story.uses]
    for table, rows in (
        (_USES, uses),
        (_MOVED, [{"grant_key": grant, "account": account} for grant, account in moved]),
    ):
        if rows:
            connection.execute(sa.insert(table), rows)


def _write_lots(connection: sa.Connection, story: _Story) -> None:
    last, posted = story.last_moved(), story.never_moved()
    merged: dict[tuple[str, str], tuple[int, Decimal]] = {}
    for lot in story.lots:
        grant = story.of_lot[lot.account, lot.number]
        number, unused = merged.get((lot.account, grant), (lot.number, Decimal(0)))
        merged[lot.account, grant] = (number, unused + lot.unused)
    kept = {(account, number) for (account, _), (number, _) in merged.items()}
    gone = [{"of": lot.account, "which": lot.number} for lot in story.lots if (lot.account, lot.number) not in kept]
    if gone:  # other parts of grants that are on their account once
        connection.execute(sa.delete(_LOTS).where(*_ONE), gone)
    for (account, grant), (number, unused) in merged.items():
        # What was never moved was recorded as it was granted; of all else only the last movement is certain.
        since = posted.get((account, grant), last[account])
        values = {"grant_key": grant, "unused": unused, "recorded_at": since}
        connection.execute(sa.update(_LOTS).where(*_ONE).values(values), {"of": account, "which": number})


def _rows(connection: sa.Connection, table: sa.TableClause, accounts: Sequence[str]) -> defaultdict[str, list[Any]]:
    """Return the rows of a table for each of some accounts."""
    found: defaultdict[str, list[Any]] = defaultdict(list)
    order = [each for each in table.c if each.name in {"number", "moved_at", "reference"}]
    for page in _pages(accounts):
        chosen = sa.select(table).where(table.c.account.in_(page)).order_by(table.c.account, *order)
        for row in connection.execute(chosen):
            found[row.account].append(row)
    return found


def _pages(accounts: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(accounts), _PAGE):
        yield accounts[start : start + _PAGE]


def _joined_accounts(connection: sa.Connection) -> dict[str, list[str]]:
    """Return the accounts that transfers join, each with all accounts of its group in order."""
    here, there = _MOVEMENTS.alias("here"), _MOVEMENTS.alias("there")
    pairs = sa.select(here.c.account, there.c.account).where(
        here.c.kind == "transferred_out", there.c.kind == "transferred_in", here.c.reference == there.c.reference
    )
    groups: dict[str, set[str]] = {}
    for source, target in connection.execute(pairs):
        group = groups.get(source, {source}) | groups.get(target, {target})
        groups.update(dict.fromkeys(group, group))
    return {account: sorted(group) for account, group in groups.items()}
