"""Reason codes, and everything this library raises on purpose.

::

    ReferralError
    ├── Refusal                 a rule refused the act; carries the reason codes and the field
    │   └── CodeRefused         a code cannot be used; carries the decision too
    ├── ArgumentInvalid         an argument is of the wrong type; a TypeError too; carries the field
    ├── KeyReused               a key of the caller's stands for another request; carries the field
    ├── ReadOnlySession         a session with known_at was asked for an act that changes something
    ├── ProgrammeInvalid        a programme has faults; carries all of them, with their places
    ├── CodeSpaceExhausted      many random codes in a row are taken: too many have been issued
    ├── ConcurrentChange        another transaction changed the same rows; nothing was done: repeat the whole act
    ├── TooManyCodes            codes were given too often, which slows guessing down; carries the seconds to wait
    ├── TraceUnreadable         a row of the trace, or a seal, cannot be decoded; carries its place
    └── BillingUnavailable      billing did not answer; the effect of the call is unknown

A driver's or a transport's own exception never reaches the caller of a port: adapters translate it at their edge.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from referral_core.values.word import Word

if TYPE_CHECKING:
    from collections.abc import Iterable


class Reason(Word):
    """A reason code; its value is the word used in feeds, HTTP answers, tables and screens."""

    CODE_UNKNOWN = "code-unknown"
    CODE_PENDING = "code-pending"
    CODE_ENDED = "code-ended"
    EXISTING_CUSTOMER = "existing-customer"
    FORMER_CUSTOMER = "former-customer"
    SELF_REFERRAL = "self-referral"
    ALREADY_REFERRED = "already-referred"
    NOT_ELIGIBLE = "not-eligible"
    NO_AMOUNT = "no-amount"
    GROUP_DISABLED = "group-disabled"
    ZONE_MISMATCH = "zone-mismatch"
    CONTRACT_ACTIVE = "contract-active"
    CONTRACT_UNKNOWN = "contract-unknown"
    CONTRACT_EXISTS = "contract-exists"
    ACCOUNT_UNKNOWN = "account-unknown"
    GROUP_UNKNOWN = "group-unknown"
    CASE_UNKNOWN = "case-unknown"
    CASE_EXISTS = "case-exists"
    REFERRAL_UNKNOWN = "referral-unknown"
    REFERRAL_VOID = "referral-void"
    REFERRAL_HELD = "referral-held"
    BILL_EXISTS = "bill-exists"
    CONTRACT_ENDED = "contract-ended"
    CONTRACT_PENDING = "contract-pending"
    BILL_UNKNOWN = "bill-unknown"
    NAME_INVALID = "name-invalid"
    MOMENT_INVALID = "moment-invalid"
    NOT_SAME_CUSTOMER = "not-same-customer"
    CODE_TAKEN = "code-taken"
    CODE_MALFORMED = "code-malformed"
    CODE_OVERLAP = "code-overlap"
    NO_CONTRACT = "no-contract"
    MOMENT_NAIVE = "moment-naive"
    MOMENT_PAST = "moment-past"
    PERIOD_EMPTY = "period-empty"
    PERIOD_OVERLAP = "period-overlap"
    AMOUNT_INVALID = "amount-invalid"
    CURRENCY_MISMATCH = "currency-mismatch"
    AMOUNT_EXCEEDS_UNUSED = "amount-exceeds-unused"
    GROUP_EXISTS = "group-exists"
    CASE_CLOSED = "case-closed"
    REASON_MISSING = "reason-missing"
    NOT_ALLOWED = "not-allowed"


REASON_ORDER: Final = {reason: place for place, reason in enumerate(Reason)}
"""The position of each reason when several are reported together (S5)."""


class ReferralError(Exception):
    """The root of all errors that this library raises on purpose."""


class Refusal(ReferralError):
    """A rule refused the act, and nothing was changed.

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
        """Keep reasons, message and field when the refusal is pickled."""
        return _refusal, (self.reasons, self.message, self.field)

    def __str__(self) -> str:
        """Write the codes first and the sentence after them."""
        codes = ", ".join(self.reasons)
        place = f"{self.field}: " if self.field else ""
        return f"{codes}: {place}{self.message}"


def _refusal(reasons: tuple[Reason, ...], message: str, field: str | None) -> Refusal:
    return Refusal(*reasons, message=message, field=field)


class ArgumentInvalid(ReferralError, TypeError):
    """An argument is of the wrong type, and nothing was changed.

    This is a mistake of the calling program and not a decision of a rule, so it has no reason code. ``field`` names the
    argument, ``message`` is one English sentence.
    """

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field
        self.message = message

    def __repr__(self) -> str:
        return f"ArgumentInvalid({self.field!r}, {self.message!r})"

    def __reduce__(self) -> tuple[object, ...]:
        """Keep the field when the error is pickled."""
        return ArgumentInvalid, (self.field, self.message)


class KeyReused(ReferralError):
    """A key of the caller's was used before for another request, and nothing was changed.

    A key holds one request: the same request under it is answered as before, and another one is refused. This is a
    mistake of the calling program and not a decision of a rule, so it has no reason code. ``field`` names the argument,
    ``message`` is one English sentence.
    """

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field
        self.message = message

    def __reduce__(self) -> tuple[object, ...]:
        """Keep the field when the error is pickled."""
        return KeyReused, (self.field, self.message)


class ReadOnlySession(ReferralError):
    """A session with ``known_at`` was asked for an act that changes something.

    ``act`` is the name of the act. History cannot be written: use a session without ``known_at``.
    """

    def __init__(self, act: str) -> None:
        super().__init__(f"{act} changes something, and a session with known_at only reads")
        self.act = act

    def __reduce__(self) -> tuple[object, ...]:
        """Keep the act when the error is pickled."""
        return ReadOnlySession, (self.act,)


class ProgrammeInvalid(ReferralError):
    """A programme has faults; ``faults`` lists all of them, each as ``"place: what is wrong"`` (P1)."""

    def __init__(self, faults: Iterable[str]) -> None:
        self.faults = tuple(faults)
        super().__init__("; ".join(self.faults))

    def __reduce__(self) -> tuple[object, ...]:
        """Keep the single faults when the error is pickled."""
        return ProgrammeInvalid, (self.faults,)


class CodeSpaceExhausted(ReferralError):
    """Many random texts in a row are taken: so many codes are issued that guessing one becomes likely (C10)."""


class ConcurrentChange(ReferralError):
    """Another transaction changed the same rows at the same time: this one was undone and may be repeated."""


class TooManyCodes(ReferralError):
    """Somebody has given codes by their texts too often in too short a time, and nothing was done (A4).

    ``wait`` are the seconds after which the next one is let in.
    """

    def __init__(self, wait: float) -> None:
        super().__init__(f"too many codes in too short a time; the next one in {wait:.3g} seconds")
        self.wait = wait

    def __reduce__(self) -> tuple[object, ...]:
        """Keep the seconds when the error is pickled."""
        return TooManyCodes, (self.wait,)


class TraceUnreadable(ReferralError):
    """A row of the trace, or a seal, cannot be decoded: it was tampered with or damaged (A2).

    ``subject`` and ``number`` name it, as in a :class:`~referral_core.entities.trace.TraceFault`.
    """

    def __init__(self, subject: str, number: int) -> None:
        super().__init__(f"the trace cannot be read at {subject} {number}")
        self.subject = subject
        self.number = number

    def __reduce__(self) -> tuple[object, ...]:
        """Keep the place when the error is pickled."""
        return TraceUnreadable, (self.subject, self.number)


class BillingUnavailable(ReferralError):
    """Billing did not answer in time: whether the call took effect is unknown until the key is looked up (B2)."""
