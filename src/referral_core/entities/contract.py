"""Supply contracts: concluded, activated, terminated; withdrawn before activation; or annulled after it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final

import attrs

from referral_core.values.errors import Reason, Refusal
from referral_core.values.lifecycle import Lifecycle
from referral_core.values.moment import moment, moment_text, optional_moment
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

        :raises Refusal: ``moment-invalid`` when one moment lies before the one it must follow; ``moment-naive``.
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
            id=id,
            account=account,
            customer=customer,
            product=product,
            segment=segment,
            channel=channel,
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
        """Return the contract as it was known at a moment, ``None`` before it was concluded (R3)."""
        if moment < self.concluded_at:
            return None
        if self.annulled_at is not None:
            return self if self.annulled_at <= moment else self._before_annulment().known_at(moment)
        if self.ended_at is not None and self.ended_at <= moment:
            return self
        if self.was_active_by(moment):
            return attrs.evolve(self, status=ContractStatus.ACTIVE, ended_at=None)
        return attrs.evolve(self, status=ContractStatus.CONCLUDED, activated_at=None, ended_at=None)

    def activated(self, at: datetime) -> Contract:
        """Return the contract in force from ``at``; refuse by the lifecycle, or with ``moment-invalid``."""
        status = _after(self.id, self.status, ContractEvent.ACTIVATE, at, self.concluded_at)
        return attrs.evolve(self, status=status, activated_at=at)

    def withdrawn(self, at: datetime) -> Contract:
        """Return the contract withdrawn before it came into force."""
        status = _after(self.id, self.status, ContractEvent.WITHDRAW, at, self.concluded_at)
        return attrs.evolve(self, status=status, ended_at=at)

    def terminated(self, at: datetime) -> Contract:
        """Return the contract terminated after it had been in force."""
        status = _after(self.id, self.status, ContractEvent.TERMINATE, at, self.activated_at)
        return attrs.evolve(self, status=status, ended_at=at)

    def annulled(self, at: datetime, *, recorded_at: datetime) -> Contract:
        """Return the contract of which it turned out at ``at`` that it never was, ended or not (B10)."""
        status = _after(self.id, self.status, ContractEvent.ANNUL, at, self.activated_at)
        return attrs.evolve(self, status=status, ended_at=self.ended_at or recorded_at, annulled_at=at)

    def _before_annulment(self) -> Contract:
        """Return the contract as it was before it was annulled; one that was in force then may seem to end later."""
        return attrs.evolve(self, status=ContractStatus.TERMINATED, annulled_at=None)


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
