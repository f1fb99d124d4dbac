"""The laws about discount groups and the table of referee groups (P1, D2, D6)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from referral_core.entities.discount_group import Side
from referral_core.programme.fault import Fault, Unread
from referral_core.programme.referee_group_line import RefereeGroupLine
from referral_core.programme.settings import Settings
from referral_core.programme.word_laws import stranger_fault, text_faults
from referral_core.values.name import compared_name


def group_faults(settings: Settings) -> Iterator[Fault]:
    """Yield what is wrong with the groups of the start; ids are unique, and so are names (D2)."""
    if not settings.groups:
        yield Fault("groups", "is empty")
    ids = [group.id for group in settings.groups]
    yield from _unique_faults("id", ids, ids)
    names = [group.name for group in settings.groups]
    yield from _unique_faults("name", names, [compared_name(text) for text in names])


def referrer_group_faults(settings: Settings) -> Iterator[Fault]:
    """Yield what is wrong with the group of referrers."""
    yield from _side_faults("referrer_group", settings.referrer_group, Side.REFERRER, settings)


def referee_line_faults(settings: Settings) -> Iterator[Fault]:
    """Yield what is wrong with each line of the table of referee groups by itself (D6)."""
    for number, line in enumerate(settings.referee_groups):
        place = f"referee_groups[{number}]"
        yield from _side_faults(f"{place}.group", line.group, Side.REFEREE, settings)
        yield from stranger_fault(f"{place}.channel", line.channel, "channels", settings.channels)
        yield from stranger_fault(f"{place}.segment", line.segment, "segments", settings.segments)
        yield from stranger_fault(f"{place}.product", line.product, "products", settings.products)


def referee_table_faults(settings: Settings) -> Iterator[Fault]:
    """Yield what keeps the table from giving every sign-up a group, and every line some sign-up (D6)."""
    lines = settings.referee_groups
    if not lines:
        yield Fault("referee_groups", "is empty")
    elif not _may_match_everything(lines[-1]):
        yield Fault(f"referee_groups[{len(lines) - 1}]", "is the last line and must match everything")
    for number, line in enumerate(lines):
        wider = [place for place, earlier in enumerate(lines[:number]) if earlier.is_as_wide_as(line)]
        if wider:
            yield Fault(f"referee_groups[{number}]", f"can never match: referee_groups[{wider[0]}] comes first")


def _may_match_everything(line: RefereeGroupLine) -> bool:
    return all(wanted is None or isinstance(wanted, Unread) for wanted in line.criteria)


def _unique_faults(key: str, texts: Sequence[str], compared: Sequence[str]) -> Iterator[Fault]:
    for number, text in enumerate(texts):
        place = f"groups[{number}].{key}"
        yield from text_faults(place, text)
        if compared[number] in compared[:number]:
            yield Fault(place, f"{text!r} is there twice")


def _side_faults(place: str, group: str, side: Side, settings: Settings) -> Iterator[Fault]:
    yield from stranger_fault(place, group, "groups", [known.id for known in settings.groups])
    sides = [known.side for known in settings.groups if known.id == group]
    other = Side.REFEREE if side is Side.REFERRER else Side.REFERRER
    if sides and sides[0] is other:
        yield Fault(place, f"{group!r} is a group of the {other}, not of the {side}")
