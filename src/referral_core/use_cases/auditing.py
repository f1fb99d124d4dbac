"""What an auditor asks of the trace: is it whole, and who did what (A1, A2)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Final

from referral_core.entities.act import Act
from referral_core.entities.actor import Actor
from referral_core.entities.discount_group import Side
from referral_core.entities.seal import Seal
from referral_core.entities.trace_entry import TraceEntry, account_subject
from referral_core.entities.verification import Verification
from referral_core.use_cases.admitting import Admitting
from referral_core.use_cases.unknown import unknown_contract
from referral_core.use_cases.verifying_trace import Verifying
from referral_core.values.effective_period import EffectivePeriod
from referral_core.values.moment import moment

if TYPE_CHECKING:
    from referral_core.ports.ports import Ports

MOST_FAULTS: Final = 1000
"""So many faults are named unless asked for more; the others are counted."""

_ACCOUNT: Final = account_subject("")


class Trace:
    """Sealing, verifying and reading the trace; for administrators."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports
        self._admitting = Admitting(ports)

    def seal(self, *, at: datetime, actor: Actor) -> Seal | None:
        """Set the next seal, over every chain that has grown since the last one; ``None`` when none has (A2).

        Publish its hash where those who write the trace cannot reach it.

        :raises Refusal: ``not-allowed``.
        :raises ConcurrentChange: somebody else sealed at the same time.
        """
        at = moment(at)
        self._admitting.admit(actor, Act.TRACE_SEAL)
        return self._ports.seals.set(at)

    def verify(
        self,
        *,
        at: datetime,
        actor: Actor,
        expected: str | None = None,
        most: int = MOST_FAULTS,
        told: Callable[[int], object] | None = None,
    ) -> Verification:
        """Verify every row of every chain, and every seal with what it was set over; name all that is wrong (A2).

        ``expected`` is the hash of a seal as it was published: it must be that of one of the seals. Up to ``most``
        faults are named and the others counted. ``told`` is given the number of rows read, every now and then. Outside
        of a transaction nobody has to wait for it.

        :raises Refusal: ``not-allowed``.
        """
        at = moment(at)
        self._admitting.admit(actor, Act.TRACE_VERIFY)
        return Verifying(self._ports.trace, self._ports.seals, most=most, told=told).run(at, expected)

    def rows(
        self,
        subject: str,
        *,
        at: datetime,
        actor: Actor,
        period: EffectivePeriod | None = None,
        act: Act | None = None,
    ) -> Iterator[TraceEntry]:
        """Yield what was done about a subject: an account, a group, the programme; in order, or none (A2).

        ``period`` leaves out other moments, ``act`` other acts.

        :raises Refusal: ``not-allowed``, by the segments of an account's contracts too.
        :raises TraceUnreadable: a row cannot be read.
        """
        moment(at)
        account = subject.removeprefix(_ACCOUNT)
        self._admitting.admit(actor, Act.TRACE_SHOW, accounts=() if account == subject else (account,))
        return _chosen(self._ports.trace.chain(subject), period, act)

    def rows_of_contract(
        self,
        contract: str,
        *,
        at: datetime,
        actor: Actor,
        period: EffectivePeriod | None = None,
        act: Act | None = None,
    ) -> Iterator[TraceEntry]:
        """Yield what was done about a contract and its referral: on its own account, then on the referrer's (A2).

        These are the rows that name the contract, or a grant of its referral. Otherwise as :meth:`rows`.

        :raises Refusal: ``not-allowed``, ``contract-unknown``.
        """
        moment(at)
        found = self._ports.contracts.find(contract)
        self._admitting.admit_to_referral(actor, Act.TRACE_SHOW, found)
        if found is None:
            raise unknown_contract(contract)
        referral = self._ports.referrals.find(contract)
        accounts = [found.account] if referral is None else [found.account, referral.referrer]
        names = {contract, *(f"{side}/{contract}" for side in Side)}
        rows = (row for account in accounts for row in self._ports.trace.chain(account_subject(account)))
        return _chosen((row for row in rows if _names_one_of(row, names)), period, act)


def _chosen(rows: Iterable[TraceEntry], period: EffectivePeriod | None, act: Act | None) -> Iterator[TraceEntry]:
    return (row for row in rows if (period is None or row.moment in period) and (act is None or row.act is act))


def _names_one_of(row: TraceEntry, names: set[str]) -> bool:
    states = [state for state in (row.before, row.after) if state]
    return any(state.get(name) in names for state in states for name in ("contract", "grant"))
