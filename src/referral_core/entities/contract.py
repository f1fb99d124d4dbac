"""Supply contracts: concluded, activated, terminated; withdrawn before activation; or annulled after it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final

import attrs

from referral_core.values.errors import Reason, Refusal
from referral_core.values.lifecycle import Lifecycle
from referral_core.values.moment import moment, moment_text, optional_moment
from referral_core.values.name import name
from referral_core.values.word import Word


class ContractStatus(Word):
    """The status of a contract."""

    CONCLUDED = "concluded"
    ACTIVE = "active"
    TERMINATED = "terminated"
    WITHDRAWN = "withdrawn"
    ANNULLED = "annulled"


class ContractEvent(Word):
    """The events in the lifecycle of a contract."""

    ACTIVATE = "activate"
    WITHDRAW = "withdraw"
    TERMINATE = "terminate"
    ANNUL = "annul"


CONTRACT_LIFECYCLE: Final[Lifecycle[ContractStatus, ContractEvent]] = Lifecycle(
    "contract",
    ContractStatus,
    ContractEvent,
    {
        (ContractStatus.CONCLUDED, ContractEvent.ACTIVATE): ContractStatus.ACTIVE,
        (ContractStatus.CONCLUDED, ContractEvent.WITHDRAW): ContractStatus.WITHDRAWN,
        (ContractStatus.CONCLUDED, ContractEvent.TERMINATE): Reason.CONTRACT_PENDING,
        (ContractStatus.CONCLUDED, ContractEvent.ANNUL): Reason.CONTRACT_PENDING,
        (ContractStatus.ACTIVE, ContractEvent.ACTIVATE): Reason.CONTRACT_ACTIVE,
        (ContractStatus.ACTIVE, ContractEvent.WITHDRAW): Reason.CONTRACT_ACTIVE,
        (ContractStatus.ACTIVE, ContractEvent.TERMINATE): ContractStatus.TERMINATED,
        (ContractStatus.ACTIVE, ContractEvent.ANNUL): ContractStatus.ANNULLED,
        (ContractStatus.TERMINATED, ContractEvent.ACTIVATE): Reason.CONTRACT_ENDED,
        (ContractStatus.TERMINATED, ContractEvent.WITHDRAW): Reason.CONTRACT_ENDED,
        (ContractStatus.TERMINATED, ContractEvent.TERMINATE): Reason.CONTRACT_ENDED,
        (ContractStatus.TERMINATED, ContractEvent.ANNUL): ContractStatus.ANNULLED,
        (ContractStatus.WITHDRAWN, ContractEvent.ACTIVATE): Reason.CONTRACT_ENDED,
        (ContractStatus.WITHDRAWN, ContractEvent.WITHDRAW): Reason.CONTRACT_ENDED,
        (ContractStatus.WITHDRAWN, ContractEvent.TERMINATE): Reason.CONTRACT_ENDED,
        (ContractStatus.WITHDRAWN, ContractEvent.ANNUL): Reason.CONTRACT_ENDED,
        (ContractStatus.ANNULLED, ContractEvent.ACTIVATE): Reason.CONTRACT_ENDED,
        (ContractStatus.ANNULLED, ContractEvent.WITHDRAW): Reason.CONTRACT_ENDED,
        (ContractStatus.ANNULLED, ContractEvent.TERMINATE): Reason.CONTRACT_ENDED,
        (ContractStatus.ANNULLED, ContractEvent.ANNUL): Reason.CONTRACT_ENDED,
    },
)


@attrs.frozen(kw_only=True)
class Contract:
    """A supply contract on an account, and the sign-up that concluded it.

    ``starts_on`` is the planned first day of supply, which decides nothing: only ``activated_at`` does (B1).
    ``concluded_recorded_at``, ``activated_recorded_at``, ``ended_recorded_at`` and ``annulled_recorded_at`` are the
    moments of recording of the facts where those are not the facts' own moments, else ``None`` (M4).
    ``warned_code`` is an unusable code that was given in a staff channel, ``warnings`` are the reasons (S9).
    ``first_name`` is used for named codes (C10).

    An annulled contract turned out never to have been: it was active at no moment, though it keeps ``activated_at``.
    ``ended_at`` is then when it was terminated, or else when the annulment was recorded, and ``annulled_at`` is the
    moment of the annulment itself (B10).
    """

    id: str
    account: str
    customer: str
    product: str
    segment: str
    channel: str
    concluded_at: datetime
    starts_on: date | None = None
    first_name: str | None = None
    warned_code: str | None = None
    warnings: tuple[Reason, ...] = ()
    status: ContractStatus = ContractStatus.CONCLUDED
    activated_at: datetime | None = None
    ended_at: datetime | None = None
    annulled_at: datetime | None = None
    concluded_recorded_at: datetime | None = None
    activated_recorded_at: datetime | None = None
    ended_recorded_at: datetime | None = None
    annulled_recorded_at: datetime | None = None

    @classmethod
    def imported(  # noqa: PLR0913 - a contract has that many facts
        cls,
        *,
        id: str,  # noqa: A002 - the field's own name
        account: str,
        customer: str,
        product: str,
        segment: str,
        channel: str,
        concluded_at: datetime,
        activated_at: datetime | None = None,
        ended_at: datetime | None = None,
        starts_on: date | None = None,
        first_name: str | None = None,
    ) -> Contract:
        """Return a contract from another system in its present state: concluded, activated or ended (C2).

        A contract that ended without having been active is withdrawn. The result equals a contract that was concluded,
        activated and ended here at these moments.

        :raises Refusal: ``moment-invalid`` when one moment lies before the one it must follow; ``moment-naive``;
            ``name-invalid`` when an id or a word is none (D2).
        """
        concluded_at = moment(concluded_at, "concluded_at")
        activated_at = optional_moment(activated_at, "activated_at")
        ended_at = optional_moment(ended_at, "ended_at")
        status = ContractStatus.CONCLUDED
        if activated_at is not None:
            status = _after(id, status, ContractEvent.ACTIVATE, activated_at, concluded_at, "activated_at")
        if ended_at is not None:
            event = ContractEvent.WITHDRAW if activated_at is None else ContractEvent.TERMINATE
            status = _after(id, status, event, ended_at, activated_at or concluded_at, "ended_at")
        return cls(
            id=name(id, "contract"),
            account=name(account, "account"),
            customer=name(customer, "customer"),
            product=name(product, "product"),
            segment=name(segment, "segment"),
            channel=name(channel, "channel"),
            concluded_at=concluded_at,
            starts_on=starts_on,
            first_name=first_name,
            status=status,
            activated_at=activated_at,
            ended_at=ended_at,
        )

    @property
    def last_changed_at(self) -> datetime:
        """The moment of the contract's latest change of status."""
        return self.annulled_at or self.ended_at or self.activated_at or self.concluded_at

    @property
    def last_recorded_at(self) -> datetime:
        """The moment at which the contract's latest change of status was recorded."""
        if self.annulled_at is not None:
            return self.annulled_recorded_at or self.annulled_at
        if self.ended_at is not None:
            return self.ended_recorded_at or self.ended_at
        if self.activated_at is not None:
            return self.activated_recorded_at or self.activated_at
        return self.concluded_recorded_at or self.concluded_at

    @property
    def is_open(self) -> bool:
        """Tell whether the contract is concluded or active, and has not ended in any way."""
        return self.ended_at is None

    def is_active_at(self, at: datetime) -> bool:
        """Tell whether the contract was in force at a moment; the moment of termination is already outside (M2)."""
        if not self.was_active_by(at):
            return False
        return self.ended_at is None or at < self.ended_at

    def was_active_by(self, at: datetime) -> bool:
        """Tell whether the contract had come into force at or before a moment, even if it has ended since.

        An annulled contract never had (B10).
        """
        return self.annulled_at is None and self.activated_at is not None and self.activated_at <= at

    def known_at(self, moment: datetime) -> Contract | None:
        """Return the contract as it was known at a moment, ``None`` before its conclusion was recorded (R3)."""
        if moment < (self.concluded_recorded_at or self.concluded_at):
            return None
        annulled = self.annulled_recorded_at or self.annulled_at
        if annulled is not None:
            return self if annulled <= moment else self._before_annulment().known_at(moment)
        ended = self.ended_recorded_at or self.ended_at
        if ended is not None and ended <= moment:
            return self
        open_again = attrs.evolve(self, ended_at=None, ended_recorded_at=None)
        activated = self.activated_recorded_at or self.activated_at
        if activated is not None and activated <= moment:
            return attrs.evolve(open_again, status=ContractStatus.ACTIVE)
        return attrs.evolve(open_again, status=ContractStatus.CONCLUDED, activated_at=None, activated_recorded_at=None)

    def activated(self, at: datetime, recorded_at: datetime | None = None) -> Contract:
        """Return the contract in force from ``at``; refuse by the lifecycle, or with ``moment-invalid``."""
        status = _after(self.id, self.status, ContractEvent.ACTIVATE, at, self.concluded_at)
        return attrs.evolve(self, status=status, activated_at=at, activated_recorded_at=recorded_apart(at, recorded_at))

    def withdrawn(self, at: datetime, recorded_at: datetime | None = None) -> Contract:
        """Return the contract withdrawn before it came into force."""
        return self._over(ContractEvent.WITHDRAW, at, self.concluded_at, recorded_at)

    def terminated(self, at: datetime, recorded_at: datetime | None = None) -> Contract:
        """Return the contract terminated after it had been in force."""
        return self._over(ContractEvent.TERMINATE, at, self.activated_at, recorded_at)

    def _over(
        self, event: ContractEvent, at: datetime, earliest: datetime | None, recorded_at: datetime | None
    ) -> Contract:
        status = _after(self.id, self.status, event, at, earliest)
        return attrs.evolve(self, status=status, ended_at=at, ended_recorded_at=recorded_apart(at, recorded_at))

    def annulled(self, at: datetime, recorded_at: datetime | None = None) -> Contract:
        """Return the contract of which it turned out at ``at`` that it never was, ended or not (B10)."""
        status = _after(self.id, self.status, ContractEvent.ANNUL, at, self.activated_at)
        recorded = recorded_apart(at, recorded_at)
        # It counts as in force for codes until this is known: an open one ends then.
        ended_at = self.ended_at or recorded or at
        return attrs.evolve(self, status=status, ended_at=ended_at, annulled_at=at, annulled_recorded_at=recorded)

    def _before_annulment(self) -> Contract:
        """Return the contract as it was before it was annulled; one that was in force then may seem to end later."""
        return attrs.evolve(self, status=ContractStatus.TERMINATED, annulled_at=None, annulled_recorded_at=None)


def recorded_apart(at: datetime, recorded_at: datetime | None) -> datetime | None:
    """Return the moment of recording of a fact of the moment ``at``, ``None`` where it is the fact's own (M4)."""
    return None if recorded_at == at else recorded_at


def _after(
    contract: str,
    status: ContractStatus,
    event: ContractEvent,
    at: datetime,
    earliest: datetime | None,
    field: str = "at",
) -> ContractStatus:
    """Return the status that follows; refuse by the lifecycle, or with ``moment-invalid`` before the ``earliest``."""
    following = CONTRACT_LIFECYCLE.after(status, event, contract)
    if earliest is not None and at < earliest:
        raise Refusal(
            Reason.MOMENT_INVALID,
            message=f"contract {contract} cannot {event} before {moment_text(earliest)}",
            field=field,
        )
    return following
