"""Everything this library raises on purpose.

::

    ReferralError
    ├── Refusal                 a rule said no; carries the reason codes and the field
    │   └── CodeRefused         a code was judged unusable; carries the decision too
    ├── ArgumentInvalid         an argument is of the wrong type; a TypeError too; carries the field
    ├── ReadOnlySession         a session over what was known earlier was asked to change something
    ├── ProgrammeInvalid        a programme has faults; carries all of them, with their places
    ├── CodeSpaceExhausted      one random code after another is taken: too many have been given out
    ├── ConcurrentChange        somebody else changed the same; nothing was done: do the whole act again
    ├── TraceUnreadable         a row of the trace, or a seal, holds what nobody wrote there; carries its place
    └── BillingUnavailable      billing did not answer; nothing is known of the effect

A driver's or a transport's own exception never reaches the caller of a port: adapters translate it at their edge.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from referral_core.values.reason import Reason


class ReferralError(Exception):
    """The root: catch it to catch everything this library raises on purpose."""


class Refusal(ReferralError):
    """A rule said no, and nothing was changed.

    ``reasons`` are the reason codes, never empty; ``field`` names the argument at fault where there is one;
    ``message`` is one English sentence for staff.
    """

    def __init__(self, reason: Reason, /, *more: Reason, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.reasons = (reason, *more)
        self.message = message
        self.field = field

    def __repr__(self) -> str:
        reasons = "".join(f"{reason!r}, " for reason in self.reasons)
        return f"{type(self).__name__}({reasons}message={self.message!r}, field={self.field!r})"

    def __reduce__(self) -> tuple[object, ...]:
        """Let a refusal cross to another process whole."""
        return _refusal, (self.reasons, self.message, self.field)

    def __str__(self) -> str:
        """Say the codes, then the sentence."""
        codes = ", ".join(self.reasons)
        place = f"{self.field}: " if self.field else ""
        return f"{codes}: {place}{self.message}"


def _refusal(reasons: tuple[Reason, ...], message: str, field: str | None) -> Refusal:
    return Refusal(*reasons, message=message, field=field)


class ArgumentInvalid(ReferralError, TypeError):
    """An argument is of the wrong type, and nothing was changed.

    That is a mistake of the program that calls, not something a rule decides, so it has no reason code. ``field`` names
    the argument, ``message`` is one English sentence.
    """

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field
        self.message = message

    def __repr__(self) -> str:
        return f"ArgumentInvalid({self.field!r}, {self.message!r})"

    def __reduce__(self) -> tuple[object, ...]:
        """Let it cross to another process with its field."""
        return ArgumentInvalid, (self.field, self.message)


class ReadOnlySession(ReferralError):
    """A session that reads as it was known at an earlier moment was asked for an act that would change something.

    ``act`` is the name of the act. What was known cannot be written: ask a session without ``known_at``.
    """

    def __init__(self, act: str) -> None:
        super().__init__(f"{act} changes something, and a session with known_at only reads")
        self.act = act

    def __reduce__(self) -> tuple[object, ...]:
        """Let it cross to another process with its act."""
        return ReadOnlySession, (self.act,)


class ProgrammeInvalid(ReferralError):
    """A programme has faults; ``faults`` holds every one, each as ``"place: what is wrong"`` (P1)."""

    def __init__(self, faults: Iterable[str]) -> None:
        self.faults = tuple(faults)
        super().__init__("; ".join(self.faults))

    def __reduce__(self) -> tuple[object, ...]:
        """Let it cross to another process with its faults apart."""
        return ProgrammeInvalid, (self.faults,)


class CodeSpaceExhausted(ReferralError):
    """One random text after another is taken: so many codes are given out that guessing one grows likely (C10)."""


class ConcurrentChange(ReferralError):
    """Somebody else changed the same at the same time: the transaction was undone, and may be done again as a whole."""


class TraceUnreadable(ReferralError):
    """A row of the trace, or a seal, cannot be read: it was tampered with, or damaged (A2).

    ``subject`` and ``number`` name it, as in a :class:`~referral_core.entities.trace_fault.TraceFault`.
    """

    def __init__(self, subject: str, number: int) -> None:
        super().__init__(f"the trace cannot be read at {subject} {number}")
        self.subject = subject
        self.number = number

    def __reduce__(self) -> tuple[object, ...]:
        """Let it cross to another process with its place."""
        return TraceUnreadable, (self.subject, self.number)


class BillingUnavailable(ReferralError):
    """Billing did not answer, or not in time: whether it acted is not known until it is asked by key (B2)."""
