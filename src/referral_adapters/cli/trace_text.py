"""The trace, for people and for programs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from rich.padding import Padding
from rich.text import Text

from referral_adapters.cli.counted import counted
from referral_adapters.cli.printable import printable
from referral_adapters.cli.screen import Screen
from referral_core.entities.seal import Seal, Verification
from referral_core.entities.trace import State, TraceEntry
from referral_core.values.moment import Calendar

_ACT: Final = 22
_ABOUT: Final = frozenset({"case", "code", "contract", "customer", "grant"})
"""What says which thing an act was about, so that it is shown also where it did not change."""
_BELOW: Final = (0, 0, 0, 7)


class TraceTable:
    """Shows rows one after the other, none kept: who did what when, and below it what changed and why."""

    def __init__(self, screen: Screen, calendar: Calendar) -> None:
        self._screen, self._calendar = screen, calendar
        self._subject: str | None = None

    def show(self, row: TraceEntry) -> None:
        """Show one row, after a heading where its subject is another one than the last."""
        if row.subject != self._subject:
            self._subject = row.subject
            self._screen.print(Text(printable(row.subject), style="bold"))
        when = self._calendar.local(row.moment).strftime("%Y-%m-%d %H:%M:%S")
        who = Text("erased", style="dim") if row.actor is None else Text(printable(row.actor))
        line = Text.assemble((f"{row.number:>5}  ", "dim"), f"{when}  {row.act:<{_ACT}}  ", who, f" ({row.role})")
        self._screen.print(line)
        for change in changes(row.before, row.after):
            self._screen.print(Padding(Text(printable(change)), _BELOW, expand=False))
        if row.reason is not None:
            self._screen.print(Padding(Text(printable(row.reason), style="italic"), _BELOW, expand=False))


def show_trace(rows: Iterable[TraceEntry], calendar: Calendar, screen: Screen) -> None:
    """Show rows as they come."""
    table = TraceTable(screen, calendar)
    for row in rows:
        table.show(row)


def changes(before: State | None, after: State | None) -> Iterator[str]:
    """Yield what an act was about and what it changed, each in a few words."""
    old, new = before or {}, after or {}
    for name in sorted({*old, *new}, key=lambda name: (name not in _ABOUT, name)):
        was, now = old.get(name), new.get(name)
        if was == now or was is None:
            if now is not None and (was is None or name in _ABOUT):
                yield f"{name}: {now}"
        else:
            yield f"{name}: {was} → {'–' if now is None else now}"


def row_json(row: TraceEntry, calendar: Calendar) -> dict[str, Any]:
    """Return a row as an object; its personal part is ``null`` where it was erased."""
    return {
        "subject": row.subject,
        "number": row.number,
        "moment": calendar.local(row.moment).isoformat(),
        "actor": row.actor,
        "role": row.role.value,
        "act": row.act,
        "before": row.before,
        "after": row.after,
        "reason": row.reason,
        "hash": row.hash,
    }


def seal_json(seal: Seal, calendar: Calendar) -> dict[str, Any]:
    """Return a seal as an object."""
    moment = calendar.local(seal.moment).isoformat()
    return {"number": seal.number, "moment": moment, "heads": seal.heads, "hash": seal.hash}


def verification_json(verified: Verification, calendar: Calendar) -> dict[str, Any]:
    """Return what came of verifying as an object."""
    return {
        "whole": verified.holds,
        "rows": verified.rows,
        "chains": verified.chains,
        "erased": verified.erased,
        "unsealed": verified.unsealed,
        "seals": verified.seals,
        "last_seal": None if verified.last is None else seal_json(verified.last, calendar),
        "faults": [
            {"subject": fault.subject, "number": fault.number, "fault": fault.what} for fault in verified.faults
        ],
        "more": verified.more,
    }


def show_verification(verified: Verification, screen: Screen) -> None:
    """Show what came of verifying: every fault on a line of its own, then what was looked at."""
    for fault in verified.faults:
        screen.print(Text(printable(str(fault)), style="red"))
    if verified.more:
        screen.print(Text(f"… and {verified.more:,} more", style="red"))
    count = len(verified.faults) + verified.more
    headline = "The trace is whole" if verified.holds else f"The trace has {counted(count, 'fault')}"
    screen.print(
        Text(
            f"{headline}: {counted(verified.rows, 'row')} in {counted(verified.chains, 'chain')},"
            f" {counted(verified.seals, 'seal')}.",
            style="bold green" if verified.holds else "bold red",
        )
    )
    if verified.last is not None:
        screen.print(Text(f"The hash of seal {verified.last.number} is {verified.last.hash}."))
    if verified.unsealed:
        screen.print(Text(f"{counted(verified.unsealed, 'row')} under no seal yet."))
    if verified.erased:
        screen.print(Text(f"{counted(verified.erased, 'row')} whose persons were erased."))
