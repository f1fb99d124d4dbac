"""Referrals in memory."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from operator import attrgetter

import attrs

from referral_adapters.memory.journal import Change, History, Journal, adding, removing, setting
from referral_core.entities.personal_data import Person
from referral_core.entities.referral import Referral
from referral_core.values.errors import Reason, Refusal
from referral_core.values.history import Recorded


class MemoryReferrals:
    """Referrals in memory: thread-safe, each call all or nothing.

    A contract carries one referral (S4).
    """

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._lock = journal.lock
        self._referrals: dict[str, Referral] = {}
        self._live: dict[str, dict[str, None]] = {}
        self._of_referrer: dict[str, list[str]] = {}
        self._history: History[Referral] = History(attrgetter("contract"))

    def find(self, contract: str) -> Referral | None:
        """Return the referral of this contract, live or not, in its last state."""
        with self._lock:
            return self._referrals.get(contract)

    def live_of(self, customer: str) -> tuple[Referral, ...]:
        """Return the live referrals of this customer as referee, which are open or were paid, in order of contract."""
        with self._lock:
            return tuple([self._referrals[contract] for contract in sorted(self._live.get(customer, ()))])

    def add(self, referral: Referral, *, at: datetime) -> None:
        """Store a new referral and record it at ``at``.

        :raises Refusal: ``already-referred`` when the contract carries a referral (S4).
        """
        with self._lock:
            if referral.contract in self._referrals:
                raise Refusal(
                    Reason.ALREADY_REFERRED,
                    message=f"contract {referral.contract} carries a referral",
                    field="contract",
                )
            contracts = self._of_referrer.get(referral.referrer)
            self._journal.write(
                *self._next_live(None, referral),
                setting(self._referrals, referral.contract, referral),
                setting(self._of_referrer, referral.referrer, [referral.contract])
                if contracts is None
                else adding(contracts, referral.contract),
                self._recording(referral, at),
            )

    def replace(self, referral: Referral, *, at: datetime) -> None:
        """Store the next state of the referral of a contract and record it at ``at``.

        :raises Refusal: ``referral-unknown`` when the contract carries no referral of this referrer.
        """
        with self._lock:
            known = self._referrals.get(referral.contract)
            if known is None or known.referrer != referral.referrer:
                raise Refusal(
                    Reason.REFERRAL_UNKNOWN,
                    message=f"contract {referral.contract} carries no referral of account {referral.referrer}",
                    field="contract",
                )
            self._journal.write(
                *self._next_live(known, referral),
                setting(self._referrals, referral.contract, referral),
                self._recording(referral, at),
            )

    def all(self, *, referrer: str | None = None, newest_by: datetime | None = None) -> Iterator[Referral]:
        """Yield the referrals as they are at the call, of one referrer only if named, by conclusion and then contract.

        With ``newest_by``, yield those concluded at or before that moment, the newest first.
        """
        with self._lock:
            contracts = self._referrals if referrer is None else self._of_referrer.get(referrer, ())
            chosen = [self._referrals[contract] for contract in contracts]
        if newest_by is None:
            return iter(sorted(chosen, key=_in_order))
        return iter(sorted([each for each in chosen if each.concluded_at <= newest_by], key=_in_order, reverse=True))

    def history(self, contract: str) -> tuple[Recorded[Referral], ...]:
        """Return every state of a contract's referral, first to last, without fee notes (R3)."""
        with self._lock:
            return self._history.of(contract)

    def _recording(self, referral: Referral, at: datetime) -> Change:
        """Return the change that records a state without its fee notes, since each note has a moment of its own."""
        state = attrs.evolve(referral, fee_notes=()) if referral.fee_notes else referral
        return self._history.recording(referral.contract, state, at)

    def erasing(self, person: Person, pseudonym: str) -> Iterator[Change]:
        """Yield the changes that replace a customer by a pseudonym (A5); the caller holds the lock."""
        live = self._live.get(person.customer)
        if live is not None:
            yield removing(self._live, person.customer)
            yield setting(self._live, pseudonym, live)
        for contract, referral in self._referrals.items():
            erased = _erased(referral, person, pseudonym)
            if erased != referral:
                yield setting(self._referrals, contract, erased)
        yield from self._history.erasing(lambda state: _erased(state, person, pseudonym))

    def _next_live(self, known: Referral | None, referral: Referral) -> Iterator[Change]:
        """Yield the changes of who is referred by a referral, from its state before to its next one (S4)."""
        was = known.referee_customer if known is not None and known.is_live else None
        becomes = referral.referee_customer if referral.is_live else None
        if was == becomes:
            return
        if was is not None:
            yield removing(self._live[was], referral.contract)
        if becomes is not None:
            live = self._live.get(becomes)
            if live is None:
                live = {}
                yield setting(self._live, becomes, live)
            yield setting(live, referral.contract, None)


def _in_order(referral: Referral) -> tuple[datetime, str]:
    return referral.concluded_at, referral.contract


def _erased(referral: Referral, person: Person, pseudonym: str) -> Referral:
    """Return a referral in which a pseudonym takes the place of a customer."""
    names = {person.customer: pseudonym}
    return attrs.evolve(
        referral,
        referrer_customer=names.get(referral.referrer_customer, referral.referrer_customer),
        referee_customer=names.get(referral.referee_customer, referral.referee_customer),
        fee_notes=tuple(
            attrs.evolve(
                note,
                reason=person.words(note.reason, referral.referee),
                noted_by=person.actor(note.noted_by, referral.referee, pseudonym),
            )
            for note in referral.fee_notes
        ),
    )
