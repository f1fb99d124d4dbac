"""What is answered about passing a code on."""

from __future__ import annotations

from referral_adapters.http.models.answer import Answer
from referral_core.services.sharing import SharingFigures


class FiguresAnswer(Answer):
    """What came of sharing a code: times sent and used, earned so far, on the way."""

    sent: int
    used: int
    earned: str
    on_the_way: str

    @classmethod
    def of(cls, figures: SharingFigures) -> FiguresAnswer:
        """Return what is said of figures."""
        return cls(
            sent=figures.sent,
            used=figures.used,
            earned=str(figures.earned.amount),
            on_the_way=str(figures.on_the_way.amount),
        )


class SharingTextAnswer(Answer):
    """What the share sheets of phones take: title, text and link, in a language."""

    title: str
    text: str
    url: str
    language: str
