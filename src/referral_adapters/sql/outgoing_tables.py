"""The tables of what goes out: rows of the trace on their way to whoever follows, and answers to requests."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Column, Identity, Index

from referral_adapters.sql.metadata import table, words
from referral_adapters.sql.types import COUNT, Moment

_SEQUENCE: Final = Column("sequence", COUNT, Identity(always=True), nullable=False)
_POSITION: Final = Column("position", COUNT, nullable=True)

OUTBOX: Final = table(
    "outbox",
    words("subject", primary_key=True),
    Column("number", COUNT, primary_key=True, autoincrement=False),
    _SEQUENCE,
    _POSITION,
    Index("outbox_waiting", "sequence", sqlite_where=_POSITION.is_(None), postgresql_where=_POSITION.is_(None)),
    distribution="subject",
)
"""Every row of the trace since there is an outbox, put there by a trigger; a position is given once and stays.

``sequence`` tells in which order those without a position were written. Of two who write to one chain the second waits
until the first has committed, and only then gets its place in the chain and its sequence: so of one subject the higher
number has the higher sequence, and whoever sees the one sees the other.
"""

PUBLISHED: Final = table(
    "published",
    Column("position", COUNT, primary_key=True, autoincrement=False),
    words("subject"),
    Column("number", COUNT, nullable=False),
    distribution="position",
)
"""What stands at every position, which is there once wherever the rows lie; rows are only added."""

SUBSCRIPTIONS: Final = table(
    "subscriptions",
    words("name", primary_key=True),
    Column("position", COUNT, nullable=False),
    Column("failures", COUNT, nullable=False),
    Column("next_at", Moment),
    Column("leased_until", Moment),
    distribution="name",
)
"""How far every receiver has got, and until when somebody is sending to it."""

ANSWERS: Final = table(
    "answers",
    words("asker", primary_key=True),
    words("key", primary_key=True),
    words("digest"),
    words("text", nullable=True),
    Column("at", Moment, nullable=False),
    Index("answers_at", "at"),
    distribution="key",
)
"""What was answered to whom under which key, each once, for as long as it is kept (B2)."""
