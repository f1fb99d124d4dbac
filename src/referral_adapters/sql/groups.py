"""Discount groups in a database, with their amounts, switches and history."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

import attrs
from sqlalchemy import bindparam, delete, func, insert, select, update

from referral_adapters.sql.atomic import atomic
from referral_adapters.sql.prepared import Lockable, Row
from referral_adapters.sql.rows import group_in, state_of
from referral_adapters.sql.statements import Insertion
from referral_adapters.sql.tables import AMOUNT_PERIODS, GROUP_HISTORY, GROUP_SWITCHES, GROUPS
from referral_adapters.sql.unit_of_work import Lookup
from referral_adapters.sql.work import Work
from referral_core.entities.discount_group import DiscountGroup, GroupStatus, Side
from referral_core.values.effective_period import EffectivePeriod
from referral_core.values.errors import ConcurrentChange, Reason, Refusal
from referral_core.values.history import Recorded, learned_at
from referral_core.values.money import Money
from referral_core.values.name import compared_name
from referral_core.values.timeline import Span, Timeline

_BY_ID: Final = select(GROUPS).where(GROUPS.c.id == bindparam("of"))
_NAMED: Final = select(GROUPS.c.id).where(GROUPS.c.compared_name == bindparam("called"))


def _tuple(rows: Sequence[Row]) -> tuple[Row, ...]:
    return tuple(rows)


ALL: Final[Lookup[tuple[Row, ...]]] = Lookup(
    Lockable(select(GROUPS).order_by(GROUPS.c.place), is_locked=False), _tuple, parameters=()
)
"""The rows of all groups, in one lookup for any group: they are few and hardly ever change."""
_PLACES: Final = select(func.coalesce(func.max(GROUPS.c.place), 0).label("last"))
_AMOUNTS: Final = select(AMOUNT_PERIODS).where(AMOUNT_PERIODS.c.group_id == bindparam("of"))
_SWITCHES: Final = (
    select(GROUP_SWITCHES).where(GROUP_SWITCHES.c.group_id == bindparam("of")).order_by(GROUP_SWITCHES.c.at)
)
_NEW: Final = Insertion(GROUPS)
_CHANGE: Final = update(GROUPS).where(GROUPS.c.id == bindparam("of"))
_PARTS: Final = (
    delete(AMOUNT_PERIODS).where(AMOUNT_PERIODS.c.group_id == bindparam("of")),
    delete(GROUP_SWITCHES).where(GROUP_SWITCHES.c.group_id == bindparam("of")),
)
_NEW_AMOUNT: Final = insert(AMOUNT_PERIODS)
_NEW_SWITCH: Final = insert(GROUP_SWITCHES)
_RECORD: Final = insert(GROUP_HISTORY)
_LAST_RECORD: Final = select(func.max(GROUP_HISTORY.c.recorded_at).label("recorded_at")).where(
    GROUP_HISTORY.c.id == bindparam("of")
)
_HISTORY: Final = select(GROUP_HISTORY).where(GROUP_HISTORY.c.id == bindparam("of")).order_by(GROUP_HISTORY.c.revision)


@attrs.frozen
class SqlGroups:
    """Discount groups in a database, which guards D2 by a key, and D3 by an exclusion constraint or by triggers.

    Names are compared by :func:`~referral_core.values.name.compared_name`. A group that was read is kept in the
    process, and read again when the stamp of its row has changed.
    """

    work: Work
    _read_before: dict[str, tuple[str, DiscountGroup]] = attrs.field(init=False, factory=dict, eq=False, repr=False)

    def find(self, group: str) -> DiscountGroup | None:
        """Return the group with this id; its amounts and switches are read only if its stamp has changed."""
        if self.work.has_unit:
            return self.among(self._rows(), group)
        row = self.work.row(_BY_ID, {"of": group})
        return None if row is None else self._read(row)

    def among(self, rows: Iterable[Row], group: str) -> DiscountGroup | None:
        """Return the group with this id, if its row is among these."""
        return next((self._read(row) for row in rows if row.id == group), None)

    def stamped(self, group: str, stamp: str | None) -> DiscountGroup | None:
        """Return the group with this id in the state of a stamp; without a stamp there is no such group."""
        if stamp is None:
            return None
        known, kept = self._read_before.get(group, ("", None))
        return kept if kept is not None and known == stamp else self.find(group)

    def all(self) -> tuple[DiscountGroup, ...]:
        """Return every group in the order of adding."""
        return tuple(map(self._read, self._rows()))

    @atomic
    def put(self, group: DiscountGroup, *, at: datetime) -> None:
        """Insert a group or update a stored one, and record its state, under one lock for all groups.

        The state is recorded at ``at``, or at the last record of the group if that is later.

        :raises Refusal: ``group-exists`` when another group has its name (D2).
        :raises ConcurrentChange: another transaction stored a state since this one read the group.
        """
        read = self.work.known(ALL, "") or ()
        self.work.lock("discount groups")
        known = self.work.row(_BY_ID, {"of": group.id})
        # The rules judged the state that was read before the lock: if another one is stored by now, they judge again.
        judged = next((row.revision for row in read if row.id == group.id), None)
        if known is not None and judged not in {None, known.revision}:
            raise ConcurrentChange(f"The group {group.id} was changed by somebody else at the same time.")
        called = compared_name(group.name)
        named = self.work.row(_NAMED, {"called": called})
        if named is not None and named.id != group.id:
            raise Refusal(Reason.GROUP_EXISTS, message=f"another group is called {group.name!r}", field="name")
        row = {"id": group.id, "side": group.side.value, "name": group.name, "compared_name": called}
        stamped = {**row, "stamp": uuid.uuid4().hex}
        if known is None:
            revision = 1
            last = self.work.row(_PLACES)
            place = 1 if last is None else last.last + 1
            # The keys of id, name and place decide in the end, also against a writer that does not take the lock.
            if not _NEW.into(self.work, {**stamped, "revision": revision, "place": place}):
                raise ConcurrentChange("Somebody else added a group at the same time.")
        else:
            revision = 1 + known.revision
            self.work.change(_CHANGE, {**stamped, "of": group.id, "revision": revision})
            for part in _PARTS:
                self.work.change(part, {"of": group.id})
        amounts = [_amount_row(group.id, span) for span in group.amounts]
        switches = [{"group_id": group.id, "at": when, "status": status.value} for when, status in group.switches]
        for insertion, rows in ((_NEW_AMOUNT, amounts), (_NEW_SWITCH, switches)):
            if rows:
                self.work.change(insertion, rows)
        before = self.work.row(_LAST_RECORD, {"of": group.id})
        recorded_at = learned_at(at, None if before is None else before.recorded_at)
        state = state_of({**row, "amounts": amounts, "switches": switches})
        self.work.change(_RECORD, {"id": group.id, "revision": revision, "recorded_at": recorded_at, "state": state})

    def history(self, group: str) -> tuple[Recorded[DiscountGroup], ...]:
        """Return every state of a group in order of revision, by one statement over the history."""
        rows = self.work.rows(_HISTORY, {"of": group})
        return tuple(Recorded(group_in(row.state), row.recorded_at, row.revision) for row in rows)

    def _rows(self) -> tuple[Row, ...]:
        return self.work.ask(ALL, "")

    def _read(self, row: Row) -> DiscountGroup:
        stamp, group = self._read_before.get(row.id, ("", None))
        if group is None or stamp != row.stamp:  # every state has a random stamp of its own
            group = self._whole(row)
            self._read_before[row.id] = row.stamp, group
        return group

    def _whole(self, row: Row) -> DiscountGroup:
        of = {"of": row.id}
        return DiscountGroup(
            id=row.id,
            side=Side(row.side),
            name=row.name,
            amounts=_timeline(self.work.rows(_AMOUNTS, of)),
            switches=tuple((each.at, GroupStatus(each.status)) for each in self.work.rows(_SWITCHES, of)),
        )


def _amount_row(group: str, span: Span[Money]) -> dict[str, Any]:
    return {
        "group_id": group,
        "starts_at": span.period.start,
        "ends_at": span.period.end,
        "amount": span.value.amount,
        "currency": span.value.currency,
    }


def _timeline(rows: Iterable[Row]) -> Timeline[Money]:
    return Timeline(Span(EffectivePeriod(row.starts_at, row.ends_at), Money(row.amount, row.currency)) for row in rows)
