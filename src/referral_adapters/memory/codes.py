"""Promo codes in memory, with their history and their sharings."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from itertools import islice
from operator import attrgetter

import attrs

from referral_adapters.memory.contracts import MemoryContracts
from referral_adapters.memory.journal import Change, History, Journal, adding, setting
from referral_core.entities.personal_data import Person
from referral_core.entities.promo_code import PromoCode, Sharing, codes_over_time
from referral_core.entities.trace import TraceNote
from referral_core.ports.codes import CodelessAccount, CodelessPage, Evidence
from referral_core.ports.store import Repositories, gathered_evidence
from referral_core.values.errors import ConcurrentChange, Reason, Refusal
from referral_core.values.history import Recorded


class MemoryCodes:
    """Promo codes in memory: thread-safe, each call all or nothing.

    A text is issued once in all time (C1), and the codes of one account never overlap (C6). ``repositories`` are those
    of the same store: a check reads them, and the first codes of accounts are traced in them.
    """

    def __init__(self, journal: Journal, contracts: MemoryContracts, repositories: Repositories) -> None:
        self._journal = journal
        self._contracts = contracts
        self._repositories = repositories
        self._lock = journal.lock
        self._codes: dict[str, PromoCode] = {}
        self._of_account: dict[str, list[str]] = {}
        self._sharings: dict[str, list[Sharing]] = {}
        self._history: History[PromoCode] = History(attrgetter("text"))

    def find(self, text: str) -> PromoCode | None:
        """Return the code with this canonical text in its last state, whichever account held it."""
        with self._lock:
            return self._codes.get(text)

    def of_account(self, account: str) -> tuple[PromoCode, ...]:
        """Return the codes of an account, ended ones included, in the order of adding."""
        with self._lock:
            return tuple([self._codes[text] for text in self._of_account.get(account, ())])

    def add(self, code: PromoCode, *, at: datetime) -> None:
        """Store a new code and record it at ``at``.

        :raises Refusal: ``code-taken`` when the text was ever issued (C1), ``code-overlap`` when the periods of the
            account's codes would overlap (C6).
        """
        with self._lock:
            if code.text in self._codes:
                raise Refusal(Reason.CODE_TAKEN, message=f"the text {code.text} was issued before", field="code")
            changes = setting(self._codes, code.text, code), self._history.recording(code.account, code, at)
            texts = self._of_account.get(code.account)
            if texts is None:
                self._journal.write(*changes, setting(self._of_account, code.account, [code.text]))
            else:
                self._check_periods(code, texts)
                self._journal.write(*changes, adding(texts, code.text))

    def replace(self, code: PromoCode, *, at: datetime) -> None:
        """Store the next state of the code with the same text and record it at ``at``.

        :raises Refusal: ``code-overlap`` as for :meth:`add` (C6), ``code-unknown`` when the text was never issued,
            ``code-taken`` when it was issued to another account (C1).
        """
        with self._lock:
            known = self._codes.get(code.text)
            if known is None:
                raise Refusal(Reason.CODE_UNKNOWN, message=f"there is no code {code.text}", field="code")
            if known.account != code.account:
                raise Refusal(
                    Reason.CODE_TAKEN, message=f"account {known.account} holds the text {code.text}", field="code"
                )
            texts = self._of_account[code.account]
            if len(texts) > 1:
                self._check_periods(code, texts)
            self._journal.write(setting(self._codes, code.text, code), self._history.recording(code.account, code, at))

    def history(self, account: str) -> tuple[tuple[Recorded[PromoCode], ...], ...]:
        """Return every state of every code of an account, codes in the order of adding, states first to last (R3)."""
        with self._lock:
            records = self._history.of(account)
        states: dict[str, list[Recorded[PromoCode]]] = {}
        for record in records:
            states.setdefault(record.state.text, []).append(record)
        return tuple(map(tuple, states.values()))

    def evidence(self, code: str, customer: str | None, groups: tuple[str, str]) -> Evidence:
        """Gather what a check needs from the repositories of the same store, one after another."""
        return gathered_evidence(self._repositories, code, customer, groups)

    def taken(self, texts: Collection[str]) -> frozenset[str]:
        """Return those of the canonical texts that were ever issued (C1)."""
        with self._lock:
            return frozenset([text for text in texts if text in self._codes])

    def ended_by_hand(self, customers: Collection[str]) -> frozenset[str]:
        """Return those of these customers on any of whose accounts a code was ended by hand, or will be (C7)."""
        with self._lock:
            return frozenset(
                contract.customer
                for customer in customers
                for contract in self._contracts.of_customer(customer)
                if any(code.ended_by_hand_at is not None for code in self.of_account(contract.account))
            )

    def codeless(self, after: str, limit: int, *, at: datetime) -> CodelessPage:
        """Look at the next ``limit`` accounts above ``after``, and return those without any code so far (C2).

        A contract is in force on each of them: it is open and was activated at or before ``at``. A transaction has the
        store to itself, so the page stays true until the transaction ends.
        """
        with self._lock:
            accounts = list(islice(self._contracts.accounts_above(after), limit))
            found = [self._codeless(account, at) for account in accounts]
        return CodelessPage(
            tuple([each for each in found if each is not None]),
            len(accounts),
            accounts[-1] if accounts and len(accounts) == limit else None,
        )

    def add_first(self, codes: Sequence[PromoCode], notes: Sequence[TraceNote], *, at: datetime) -> None:
        """Store the first codes of accounts, record them at ``at`` and trace the notes: all of it or nothing (C2).

        :raises ConcurrentChange: a text is taken by now, or an account has a code by now. Nothing was stored; the
            caller asks for :meth:`codeless` again.
        """
        try:
            with self._journal:
                for code in codes:
                    if self.of_account(code.account):
                        raise ConcurrentChange(f"account {code.account} has come to hold a code")
                    self.add(code, at=at)
                for note in notes:
                    self._repositories.trace.append(note)
        except Refusal as quicker:
            raise ConcurrentChange(str(quicker)) from quicker

    def add_sharing(self, sharing: Sharing) -> None:
        """Store one sharing of a code, with its means (T2)."""
        with self._lock:
            known = self._sharings.get(sharing.account)
            self._journal.write(
                setting(self._sharings, sharing.account, [sharing]) if known is None else adding(known, sharing)
            )

    def times_shared(self, account: str, *, by: datetime | None = None) -> int:
        """Return the number of sharings of an account's codes, up to and at ``by`` where that is given."""
        with self._lock:
            sharings = self._sharings.get(account, ())
            return len(sharings) if by is None else sum(sharing.at <= by for sharing in sharings)

    def sharings_of(self, account: str) -> tuple[Sharing, ...]:
        """Return the sharings of an account's codes in the order of adding."""
        with self._lock:
            return tuple(self._sharings.get(account, ()))

    def erasing(self, person: Person, pseudonym: str) -> Iterator[Change]:
        """Yield the changes that replace a customer by a pseudonym (A5); the caller holds the lock."""
        for text, code in self._codes.items():
            erased = _erased(code, person, pseudonym)
            if erased != code:
                yield setting(self._codes, text, erased)
        yield from self._history.erasing(lambda state: _erased(state, person, pseudonym))

    def _check_periods(self, code: PromoCode, texts: list[str]) -> None:
        """Refuse a code whose period overlaps another code's of the account; a single code never needs the check."""
        others = [self._codes[text] for text in texts if text != code.text]
        try:
            codes_over_time([*others, code])
        except Refusal as overlap:
            raise Refusal(
                Reason.CODE_OVERLAP,
                message=f"account {code.account} holds another code then: {overlap.message}",
                field="code",
            ) from overlap

    def _codeless(self, account: str, at: datetime) -> CodelessAccount | None:
        if self.of_account(account):
            return None
        contracts = self._contracts.of_account(account)
        in_force = [contract for contract in contracts if contract.is_open and contract.was_active_by(at)]
        if not in_force:
            return None
        names = [contract.first_name for contract in contracts if contract.first_name]
        supplies = tuple([(contract.product, contract.segment) for contract in in_force])
        return CodelessAccount(account, contracts[0].customer, supplies, names[-1] if names else None)


def _erased(code: PromoCode, person: Person, pseudonym: str) -> PromoCode:
    """Return a code in which a pseudonym takes the place of a customer."""
    return attrs.evolve(
        code,
        customer=pseudonym if code.customer == person.customer else code.customer,
        issued_by=person.actor(code.issued_by, code.account, pseudonym),
        ending_reason=person.words(code.ending_reason, code.account),
    )
