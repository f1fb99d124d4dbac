"""Events and answers in a database, which guard that a repeated request takes effect once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import attrs
from sqlalchemy import and_, bindparam, delete, insert, select, update

from referral_adapters.sql.atomic import joined
from referral_adapters.sql.prepared import Lockable, Row
from referral_adapters.sql.tables import ANSWERS, EVENTS
from referral_adapters.sql.unit_of_work import Lookup
from referral_adapters.sql.work import Work
from referral_core.ports.requests import Answer
from referral_core.values.moment import moment

_A: Final = ANSWERS.c
_PLACE: Final = and_(_A.asker == bindparam("from"), _A.key == bindparam("of"))


def _answer(rows: Sequence[Row]) -> Answer | None:
    return Answer(rows[0].digest, rows[0].text, moment(rows[0].at)) if rows else None


EVENT: Final[Lookup[str | None]] = Lookup(
    Lockable(
        select(EVENTS.c.digest).where(EVENTS.c.source == bindparam("from"), EVENTS.c.id == bindparam("of")),
        is_locked=False,
    ),
    lambda rows: str(rows[0].digest) if rows else None,
    parameters=("from", "of"),
)
ANSWER: Final = Lookup(
    Lockable(select(_A.digest, _A.text, _A.at).where(_PLACE), is_locked=False), _answer, parameters=("from", "of")
)
_NEW_EVENT: Final = insert(EVENTS)
_NEW_ANSWER: Final = insert(ANSWERS)
_FILL: Final = update(ANSWERS).where(_PLACE).values(text=bindparam("given"))
_FORGET: Final = delete(ANSWERS).where(_A.at < bindparam("before"))


@attrs.frozen
class SqlRequests:
    """Events and answers in a database, whose keys guard one effect for each event and one answer for each key (B2).

    In a PostgreSQL transaction the name of an event or of a key is locked, so that the second of two equal requests
    waits for the first one.
    """

    work: Work

    def event(self, source: str, id: str) -> str | None:  # noqa: A002 - CloudEvents' own word
        """Return the digest of the event with this source and id, if it took effect, by its primary key."""
        return self.work.ask(EVENT, (source, id))

    @joined
    def add_event(self, source: str, id: str, digest: str) -> bool:  # noqa: A002
        """Insert an event in the transaction of its effect, and return ``False`` if it is stored already."""
        if self.work.ask(EVENT, (source, id)) is not None:
            return False
        self.work.write(_NEW_EVENT, {"source": source, "id": id, "digest": digest})
        self.work.keep(EVENT, (source, id), digest)
        return True

    def answer(self, asker: str, key: str) -> Answer | None:
        """Return the answer under this key, by its primary key; the text of a claimed key is ``None``."""
        return self.work.ask(ANSWER, (asker, key))

    @joined
    def claim(self, asker: str, key: str, digest: str, *, at: datetime) -> bool:
        """Insert a key without an answer, in the transaction of the act; return ``False`` if the key is taken."""
        if self.work.ask(ANSWER, (asker, key)) is not None:
            return False
        self.work.write(_NEW_ANSWER, {"asker": asker, "key": key, "digest": digest, "text": None, "at": at})
        self.work.keep(ANSWER, (asker, key), Answer(digest, None, at))
        return True

    @joined
    def fill(self, asker: str, key: str, text: str) -> None:
        """Update the row of a claimed key with the text of its answer, in the transaction that claimed it.

        :raises ValueError: the key is not claimed, or has an answer.
        """
        claimed = self.work.ask(ANSWER, (asker, key))
        if claimed is None or claimed.text is not None:
            raise ValueError("an answer is kept once, under a key that was claimed")
        self.work.write(_FILL, {"from": asker, "of": key, "given": text})
        self.work.keep(ANSWER, (asker, key), attrs.evolve(claimed, text=text))

    @joined
    def forget(self, before: datetime) -> int:
        """Delete the keys that were claimed before a moment, along the index of moments, and return their number."""
        return self.work.change(_FORGET, {"before": before})
