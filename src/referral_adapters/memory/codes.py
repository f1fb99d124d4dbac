"""Promo codes in memory."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from itertools import islice
from operator import attrgetter

import attrs

from referral_adapters.memory.contracts import MemoryContracts
from referral_adapters.memory.journal import Change, Journal, adding, setting
from referral_adapters.memory.records import Records
from referral_core.entities.personal_data import Person
from referral_core.entities.promo_code import PromoCode, Sharing, codes_over_time
from referral_core.entities.trace import TraceNote
from referral_core.ports.codes import CodelessAccount, CodelessPage, Evidence, gathered_evidence
from referral_core.ports.store import Repositories
from referral_core.values.errors import ConcurrentChange, Reason, Refusal
from referral_core.values.history import Recorded


class MemoryCodes:
    """Promo codes in memory: thread-safe, each call all-or-nothing, guarding C1 and C6.

    ``repositories`` are those of the same store.
    """

    def __init__(self, journal: Journal, contracts: MemoryContracts, repositories: Repositories) -> None:
        self._journal = journal
        self._contracts = contracts
        self._repositories = repositories
        self._lock = journal.lock
        self._codes: dict[str, PromoCode] = {}
        self._of_account: dict[str, list[str]] = {}
        self._sharings: dict[str, list[Sharing]] = {}
        self._records: Records[PromoCode] = Records(attrgetter("text"))

    def find(self, text: str) -> PromoCode | None:
        """Return the code with this canonical text, whoever holds or held it."""
        with self._lock:
            return self._codes.get(text)

    def of_account(self, account: str) -> tuple[PromoCode, ...]:
        """Return the account's codes, past ones included, in the order they were issued."""
        with self._lock:
            return tuple([self._codes[text] for text in self._of_account.get(account, ())])

    def add(self, code: PromoCode, *, at: datetime) -> None:
        """Store a newly issued code, as recorded at ``at``.

        :raises Refusal: ``code-taken`` when any account ever held the text (C1), ``code-overlap`` when the account
            holds another code at some moment of its period (C6).
        """
        with self._lock:
            if code.text in self._codes:
                raise Refusal(Reason.CODE_TAKEN, message=f"the text {code.text} was issued before", field="code")
            changes = setting(self._codes, code.text, code), self._records.recording(code.account, code, at)
            texts = self._of_account.get(code.account)
            if texts is None:
                self._journal.write(*changes, setting(self._of_account, code.account, [code.text]))
            else:
                self._check_periods(code, texts)
                self._journal.write(*changes, adding(texts, code.text))

    def replace(self, code: PromoCode, *, at: datetime) -> None:
        """Store the next state of a code that is known by its text, as recorded at ``at``.

        :raises Refusal: ``code-overlap`` as :meth:`add` does (C6), ``code-unknown`` when there is no such code,
            ``code-taken`` when another account holds the text (C1).
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
            self._journal.write(setting(self._codes, code.text, code), self._records.recording(code.account, code, at))

    def history(self, account: str) -> tuple[tuple[Recorded[PromoCode], ...], ...]:
        """Return every state of every code of an account: codes in the order they were added, states in theirs (R3)."""
        with self._lock:
            records = self._records.of(account)
        states: dict[str, list[Recorded[PromoCode]]] = {}
        for record in records:
            states.setdefault(record.state.text, []).append(record)
        return tuple(map(tuple, states.values()))

    def evidence(self, code: str, customer: str | None, groups: tuple[str, str]) -> Evidence:
        """Look up the code with a canonical text, a customer's standing, and two groups."""
        return gathered_evidence(self._repositories, code, customer, groups)

    def taken(self, texts: Collection[str]) -> frozenset[str]:
        """Return which of these canonical texts some account holds or held (C1)."""
        with self._lock:
            return frozenset([text for text in texts if text in self._codes])

    def codeless(self, after: str, limit: int, *, at: datetime) -> CodelessPage:
        """Look at the next ``limit`` accounts whose id is above ``after``, by the code points of the id.

        Returned are those that never held a code and on which a contract is in force: open, and activated at or
        before ``at``. In a transaction their contracts stay as they are until it ends, and a second run waits for it.
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
        """Store the first codes of accounts, recorded at ``at``, and add the notes to the trace: all of it or nothing.

        :raises ConcurrentChange: a text was taken, or an account came to hold another code; nothing was stored. Ask
            again for what is codeless.
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
        """Store that a code was passed on once, and by what means (T2)."""
        with self._lock:
            known = self._sharings.get(sharing.account)
            self._journal.write(
                setting(self._sharings, sharing.account, [sharing]) if known is None else adding(known, sharing)
            )

    def times_shared(self, account: str, *, by: datetime | None = None) -> int:
        """Return how often codes of this account were shared, at or before ``by`` where that is given."""
        with self._lock:
            sharings = self._sharings.get(account, ())
            return len(sharings) if by is None else sum(sharing.at <= by for sharing in sharings)

    def sharings_of(self, account: str) -> tuple[Sharing, ...]:
        """Return the sharings of this account's codes in the order they were added."""
        with self._lock:
            return tuple(self._sharings.get(account, ()))

    def erasing(self, person: Person, pseudonym: str) -> Iterator[Change]:
        """Yield the changes that put a pseudonym in a customer's place (A5); the caller holds the lock."""
        for text, code in self._codes.items():
            erased = _erased(code, person, pseudonym)
            if erased != code:
                yield setting(self._codes, text, erased)
        yield from self._records.erasing(lambda state: _erased(state, person, pseudonym))

    def _check_periods(self, code: PromoCode, texts: list[str]) -> None:
        """Refuse a code beside others of its account; one code alone overlaps nothing and need not come here."""
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
    """Return a code with a pseudonym in a customer's place."""
    return attrs.evolve(
        code,
        customer=pseudonym if code.customer == person.customer else code.customer,
        issued_by=person.actor(code.issued_by, code.account, pseudonym),
        ending_reason=person.words(code.ending_reason, code.account),
    )
