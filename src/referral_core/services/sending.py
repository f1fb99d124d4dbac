"""Sending a page of legs: taken, sent to billing, settled (B2)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

import attrs

from referral_core.entities.grant import Grant, GrantEvent, GrantStatus
from referral_core.services.asking_billing import AskingBilling
from referral_core.services.context import Context

if TYPE_CHECKING:
    from referral_core.ports.grants import Step


@attrs.frozen
class Page:
    """What became of a page: how many legs this payer could take, and those that it settled, as they are now."""

    taken: int
    settled: tuple[Grant, ...] = ()


class Sending:
    """Takes legs, has billing asked and writes down what it said, in two transactions with the calls in between.

    A leg that is taken has a lease, as long as billing may take for all that it is asked meanwhile, so that another
    payer passes it by. Whoever finds it after that, still not settled, looks it up in billing before anything else.
    One that was taken and not tried, because of a stop, is given back as it was.
    """

    def __init__(self, context: Context, asking: AskingBilling) -> None:
        self._context = context
        self._store = context.store
        self._asking = asking
        self._save = context.save_steps

    def send(self, choose: Callable[[], Sequence[Grant]]) -> Page:
        """Send the legs that ``choose`` finds in the transaction that takes them."""
        taken = self._store.run(lambda: self._taken(choose()))
        if not taken:
            return Page(0)
        results = self._asking.about([leg for _, leg in taken])
        steps = [(leg, result) for (_, leg), result in zip(taken, results, strict=False)]
        back = [(leg, before) for before, leg in taken[len(results) :]]
        return Page(len(taken), self._store.run(lambda: self._settled(steps, back)))

    def _taken(self, legs: Sequence[Grant]) -> list[Step]:
        """Take those of the legs that nobody else has; who insists takes from others what they were found with."""
        if not legs:
            return []
        asking = self._asking
        until = asking.at + (asking.calls(legs) + 1) * asking.paying.answer_within
        taken = self._save([(leg, leg.taken(until)) for leg in legs])
        if asking.insists and len(taken) < len(legs):
            mine = {leg.key for leg, _ in taken}
            taken += self._save([(leg, leg.taken(until)) for leg in self._present(legs, mine)])
        return taken

    def _settled(self, steps: Sequence[Step], back: Sequence[Step]) -> tuple[Grant, ...]:
        settled = self._save([*steps, *back])
        if len(settled) < len(steps) + len(back):
            settled += self._confirmed_to_others(steps, {leg.key for leg, _ in settled})
        given_back = {leg.key for leg, _ in back}
        results = [leg for _, leg in settled if leg.key not in given_back]
        granted = [leg for leg in results if leg.status is GrantStatus.GRANTED]
        self._context.tell("grant.posted", sorted(granted, key=lambda leg: leg.key))
        return tuple(results)

    def _confirmed_to_others(self, steps: Sequence[Step], mine: set[str]) -> list[Step]:
        """Grant what billing confirmed to this payer though another has taken it since, unless that one was quicker."""
        confirmed = [result for _, result in steps if result.status is GrantStatus.GRANTED]
        return self._save([(leg, leg.after(GrantEvent.BE_FOUND)) for leg in self._present(confirmed, mine)])

    def _present(self, legs: Iterable[Grant], mine: set[str]) -> list[Grant]:
        """Return those of the legs that are in other hands, as they are by now, without those that are granted."""
        present = [self._store.grants.find(leg.key) for leg in legs if leg.key not in mine]
        return [leg for leg in present if leg is not None and leg.status is not GrantStatus.GRANTED]
