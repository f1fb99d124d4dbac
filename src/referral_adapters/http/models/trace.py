"""Rows of the trace, and its seals, as answers."""

from __future__ import annotations

from pydantic import Field

from referral_adapters.http.models.answer import Answer, local
from referral_core.entities.seal import Seal
from referral_core.entities.trace import TraceEntry
from referral_core.values.moment import Calendar


class TraceRowAnswer(Answer):
    """A row of the trace; actor and reason are null once erased."""

    subject: str = Field(examples=["account:A"])
    number: int
    moment: str | None
    act: str
    role: str
    actor: str | None
    reason: str | None
    before: dict[str, str | None] | None
    after: dict[str, str | None] | None
    hash: str

    @classmethod
    def of(cls, row: TraceEntry, calendar: Calendar) -> TraceRowAnswer:
        """Return what is said of a row."""
        return cls(
            subject=row.subject,
            number=row.number,
            moment=local(row.moment, calendar),
            act=row.act,
            role=row.role.value,
            actor=row.actor,
            reason=row.reason,
            before=None if row.before is None else dict(row.before),
            after=None if row.after is None else dict(row.after),
            hash=row.hash,
        )


class SealAnswer(Answer):
    """A seal over the heads of all chains that grew; publish its hash where writers cannot reach it."""

    number: int
    moment: str | None
    heads: int
    hash: str


class SealedAnswer(Answer):
    """The seal that was set, null when nothing has grown since the last one."""

    seal: SealAnswer | None

    @classmethod
    def of(cls, seal: Seal | None, calendar: Calendar) -> SealedAnswer:
        """Return what is said of a new seal."""
        if seal is None:
            return cls(seal=None)
        moment = local(seal.moment, calendar)
        return cls(seal=SealAnswer(number=seal.number, moment=moment, heads=seal.heads, hash=seal.hash))
