"""Promo codes in memory."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from operator import attrgetter

import attrs

from referral_adapters.memory.journal import Change, Journal, adding, setting
from referral_adapters.memory.records import Records
from referral_core.entities.personal_data import Person
from referral_core.entities.promo_code import PromoCode, codes_over_time
from referral_core.values.errors import Refusal
from referral_core.values.reason import Reason


class MemoryPromoCodes:
    """The port ``PromoCodes`` in memory: thread-safe, each call all-or-nothing, guarding C1 and C6."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._lock = journal.lock
        self._codes: dict[str, PromoCode] = {}
        self._of_account: dict[str, list[str]] = {}
        self.records: Records[PromoCode] = Records(attrgetter("text"))

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
            changes = setting(self._codes, code.text, code), self.records.recording(code.account, code, at)
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
            self._journal.write(setting(self._codes, code.text, code), self.records.recording(code.account, code, at))

    def erasing(self, person: Person, pseudonym: str) -> Iterator[Change]:
        """Yield the changes that put a pseudonym in a customer's place (A5); the caller holds the lock."""
        for text, code in self._codes.items():
            erased = _erased(code, person, pseudonym)
            if erased != code:
                yield setting(self._codes, text, erased)
        yield from self.records.erasing(lambda state: _erased(state, person, pseudonym))

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


def _erased(code: PromoCode, person: Person, pseudonym: str) -> PromoCode:
    """Return a code with a pseudonym in a customer's place."""
    return attrs.evolve(
        code,
        customer=pseudonym if code.customer == person.customer else code.customer,
        issued_by=person.actor(code.issued_by, code.account, pseudonym),
        ending_reason=person.words(code.ending_reason, code.account),
    )
