"""Events and answers in a database."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import attrs
from sqlalchemy import and_, bindparam, delete, select, update

from referral_adapters.sql.atomic import joined
from referral_adapters.sql.outgoing_tables import ANSWERS
from referral_adapters.sql.statements import Insertion
from referral_adapters.sql.trace_tables import EVENTS
from referral_adapters.sql.work import Work
from referral_core.entities.answer import Answer
from referral_core.values.moment import moment

_EVENT: Final = select(EVENTS.c.digest).where(EVENTS.c.source == bindparam("from"), EVENTS.c.id == bindparam("of"))
_NEW_EVENT: Final = Insertion(EVENTS)
_A: Final = ANSWERS.c
_PLACE: Final = and_(_A.asker == bindparam("from"), _A.key == bindparam("of"))
_ANSWER: Final = select(_A.digest, _A.text, _A.at).where(_PLACE)
_NEW_ANSWER: Final = Insertion(ANSWERS)
_FILL: Final = update(ANSWERS).where(_PLACE, _A.text.is_(None)).values(text=bindparam("given"))
_FORGET: Final = delete(ANSWERS).where(_A.at < bindparam("before"))


@attrs.frozen
class SqlRequests:
    """Events and answers in a database, where keys guard one effect for each event and one answer for each key (B2)."""

    work: Work

    def event(self, source: str, id: str) -> str | None:  # noqa: A002 - CloudEvents' own word
        """Return the digest of the event that took effect under this source and id, if one did."""
        row = self.work.row(_EVENT, {"from": source, "of": id})
        return None if row is None else str(row.digest)

    @joined
    def add_event(self, source: str, id: str, digest: str) -> bool:  # noqa: A002
        """Store that an event takes effect, in the transaction of its effect; ``False`` if another was quicker."""
        return _NEW_EVENT.into(self.work, {"source": source, "id": id, "digest": digest})

    def answer(self, asker: str, key: str) -> Answer | None:
        """Return what is kept under this key; its text is ``None`` where it was claimed and not filled."""
        row = self.work.row(_ANSWER, {"from": asker, "of": key})
        return None if row is None else Answer(row.digest, row.text, moment(row.at))

    @joined
    def claim(self, asker: str, key: str, digest: str, *, at: datetime) -> bool:
        """Take a key for the transaction of the act; ``False`` if it is taken, and it stays as it is."""
        return _NEW_ANSWER.into(self.work, {"asker": asker, "key": key, "digest": digest, "text": None, "at": at})

    @joined
    def fill(self, asker: str, key: str, text: str) -> None:
        """Store the answer beside the claim, in the transaction that claimed.

        :raises ValueError: nobody claimed the key, or it has its answer.
        """
        if not self.work.change(_FILL, {"from": asker, "of": key, "given": text}):
            raise ValueError("an answer is kept once, under a key that was claimed")

    @joined
    def forget(self, before: datetime) -> int:
        """Remove what was claimed before a moment, so that its keys are free, and return how many those were."""
        return self.work.change(_FORGET, {"before": before})
