"""The periods of an account's codes: what follows from its contracts, issuings and manual ends alone (C4, C6, C12).

Facts about contracts arrive in any order. So the periods are not moved step by step: after every fact they are found
anew from everything that is known of the account, and the order of arrival leaves no mark on them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from operator import itemgetter

import attrs

from referral_core.entities.contract import Contract
from referral_core.entities.promo_code import Ending, PromoCode

Keeps = Callable[[str], bool]
"""Tells of a product whether an active contract on it keeps the account's code active (C4)."""


@attrs.frozen
class Stretch:
    """An unbroken stretch of time in which some keeping contract is in force; open-ended without an ``end``."""

    start: datetime
    end: datetime | None


def code_periods(codes: Sequence[PromoCode], contracts: Sequence[Contract], keeps: Keeps) -> tuple[PromoCode, ...]:
    """Return an account's codes, in order of issuing, each with the period and the end that its contracts give it.

    A code is active on the first unbroken stretch of keeping contracts at or after its issuing, until a manual end or
    the issuing of the next code. Without a stretch it is pending while a contract is open, and else it ended without
    ever having been active.
    """
    if not codes:
        return ()
    stretches = unbroken(contracts, keeps)
    nexts = [*(code.issued_at for code in codes[1:]), None]
    return tuple(
        _placed(code, replaced_at, stretches, contracts) for code, replaced_at in zip(codes, nexts, strict=True)
    )


def unbroken(contracts: Iterable[Contract], keeps: Keeps) -> tuple[Stretch, ...]:
    """Return the stretches in which keeping contracts are in force, in order.

    A contract that begins at the very moment at which another ends leaves no gap (C4).
    """
    stretches: list[Stretch] = []
    for start, end in sorted(_spans(contracts, keeps), key=itemgetter(0)):
        last = stretches[-1] if stretches else None
        if last is None or (last.end is not None and last.end < start):
            stretches.append(Stretch(start, end))
        elif last.end is not None:
            stretches[-1] = Stretch(last.start, None if end is None else max(last.end, end))
    return tuple(stretches)


def _spans(contracts: Iterable[Contract], keeps: Keeps) -> Iterator[tuple[datetime, datetime | None]]:
    for each in contracts:
        if each.activated_at is not None and each.activated_at != each.ended_at and keeps(each.product):
            yield each.activated_at, each.ended_at


def _placed(
    code: PromoCode, replaced_at: datetime | None, stretches: Iterable[Stretch], contracts: Iterable[Contract]
) -> PromoCode:
    cut, ending = _cut(code, replaced_at)
    for stretch in stretches:
        if stretch.end is not None and stretch.end <= code.issued_at:
            continue
        start = max(stretch.start, code.issued_at)
        if cut is not None and cut <= start:
            break
        is_over = stretch.end is not None and _comes_first(stretch.end, cut, ending)
        ends_at, ending = (stretch.end, Ending.CONTRACTS_ENDED) if is_over else (cut, ending)
        return _with(code, start, ends_at, ending)
    return _never_active(code, cut, ending, contracts)


def _cut(code: PromoCode, replaced_at: datetime | None) -> tuple[datetime | None, Ending | None]:
    """Return the moment at which a code ends whatever its contracts do, and why."""
    by_hand = code.ended_by_hand_at
    if by_hand is not None and (replaced_at is None or by_hand <= replaced_at):
        return by_hand, Ending.BY_HAND
    return replaced_at, None if replaced_at is None else Ending.REPLACED


def _never_active(
    code: PromoCode, cut: datetime | None, ending: Ending | None, contracts: Iterable[Contract]
) -> PromoCode:
    """Return a code without a stretch: pending while a contract is open, else ended with the last of them."""
    ends = [each.ended_at for each in contracts if cut is None or each.concluded_at < cut]
    over = [end for end in ends if end is not None]
    if len(over) < len(ends) or not over:
        return _with(code, None, cut, ending)
    last = max(*over, code.issued_at)
    if not _comes_first(last, cut, ending):
        return _with(code, None, cut, ending)
    return _with(code, None, last, Ending.CONTRACTS_ENDED)


def _comes_first(end: datetime, cut: datetime | None, ending: Ending | None) -> bool:
    """Tell whether the end of contracts ends a code before the cut; at one moment a manual end goes first."""
    return cut is None or end < cut or (end == cut and ending is not Ending.BY_HAND)


def _with(code: PromoCode, start: datetime | None, end: datetime | None, ending: Ending | None) -> PromoCode:
    if (code.starts_at, code.ends_at, code.ending) == (start, end, ending):
        return code
    return attrs.evolve(code, starts_at=start, ends_at=end, ending=ending)
