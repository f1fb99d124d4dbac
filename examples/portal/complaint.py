"""What somebody is told when the rules say no: at the field it is about, in their language (S6)."""

from __future__ import annotations

import attrs

from examples.portal.catalogue import Texts
from examples.portal.people import Person
from referral_core import CodeRefused, Refusal
from referral_core.programme.messages import Messages


@attrs.frozen
class Complaint:
    """Why something was not done: sentences, and for staff the reason codes; ``field`` is the field at fault."""

    sentences: tuple[str, ...]
    reasons: tuple[str, ...] = ()
    field: str | None = None

    @classmethod
    def of(cls, refusal: Refusal, person: Person | None, texts: Texts) -> Complaint:
        """Return what somebody is told of a refusal: staff every reason, customers one neutral sentence."""
        messages = Messages.for_language(texts.language)
        if person is not None and not person.is_customer:
            sentences = tuple(messages.staff(reason) for reason in refusal.reasons)
            return cls(sentences, tuple(map(str, refusal.reasons)), refusal.field)
        if isinstance(refusal, CodeRefused):
            return cls((messages.customer(refusal.reasons),), field="code")
        return cls((texts("refused.neutral"),))

    @classmethod
    def about(cls, field: str, sentence: str) -> Complaint:
        """Return a complaint of the portal's own about one field of a form."""
        return cls((sentence,), field=field)
