"""What an auditor asks of the trace: is it whole, and who did what (A1, A2)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from referral_core.acts import act
from referral_core.entities.actor import Role
from referral_core.entities.discount_group import Side
from referral_core.entities.seal import Seal
from referral_core.entities.trace_entry import TraceEntry, account_subject, referral_subject
from referral_core.entities.verification import Verification
from referral_core.services.account_trace import AccountTrace
from referral_core.services.context import BoundService
from referral_core.services.permissions import a_referral, a_subject, an_account
from referral_core.services.unknown import unknown_contract
from referral_core.services.verifying_trace import Verifying
from referral_core.values.arguments import AccountId, ContractId, Count, Subject, Text
from referral_core.values.effective_period import EffectivePeriod

MOST_FAULTS: Final = 1000
"""So many faults are named unless asked for more; the others are counted."""


class Trace(BoundService):
    """Sealing, verifying and reading the trace; for administrators."""

    @act("trace.seal", least=Role.ADMINISTRATOR)
    def seal(self) -> Seal | None:
        """Set the next seal, over every chain that has grown since the last one; ``None`` when none has (A2).

        Publish its hash where those who write the trace cannot reach it.

        :raises Refusal: ``not-allowed``.
        :raises ConcurrentChange: somebody else sealed at the same time.
        """
        return self._ports.trace.seal(self._now)

    @act("trace.verify", least=Role.ADMINISTRATOR, reads=True)
    def verify(
        self,
        *,
        expected: Text | None = None,
        most: Count = MOST_FAULTS,
        told: Callable[[int], object] | None = None,
    ) -> Verification:
        """Verify every row of every chain, and every seal with what it was set over; name all that is wrong (A2).

        ``expected`` is the hash of a seal as it was published: it must be that of one of the seals. Up to ``most``
        faults are named and the others counted. ``told`` is given the number of rows read, every now and then. Outside
        of a transaction nobody has to wait for it.

        :raises Refusal: ``not-allowed``.
        """
        return Verifying(self._ports.trace, most=most, told=told).run(self._now, expected)

    @act("trace.show", least=Role.ADMINISTRATOR, streams=True, touches=(a_subject,))
    def rows(
        self, subject: Subject, *, period: EffectivePeriod | None = None, act: Text | None = None
    ) -> Iterator[TraceEntry]:
        """Yield what stands on the chain of a subject: an account, a referral, a group, the programme; in order (A2).

        ``period`` leaves out other moments, ``act`` other acts.

        :raises Refusal: ``not-allowed``, by the segments of an account's or a referral's contracts too.
        :raises TraceUnreadable: a row cannot be read.
        """
        return _chosen(self._ports.trace.chain(subject), period, act)

    @act("trace.account", least=Role.ADMINISTRATOR, streams=True, touches=(an_account,))
    def rows_of_account(
        self, account: AccountId, *, period: EffectivePeriod | None = None, act: Text | None = None
    ) -> Iterator[TraceEntry]:
        """Yield what was done about an account: on its own chain, then on those of the referrals it has a side in (A2).

        Of its own contracts' referrals these are all rows but those of the referrer's grant; of its friends' the rows
        of its own grant. Chains come one after the other, each in order. Otherwise as :meth:`rows`.

        :raises Refusal: ``not-allowed``.
        """
        about, trace = AccountTrace.of(self._ports, account), self._ports.trace
        rows = (row for subject in about.subjects for row in trace.chain(subject) if about.has(row))
        return _chosen(rows, period, act)

    @act("trace.contract", least=Role.ADMINISTRATOR, streams=True, touches=(a_referral,))
    def rows_of_contract(
        self, contract: ContractId, *, period: EffectivePeriod | None = None, act: Text | None = None
    ) -> Iterator[TraceEntry]:
        """Yield what was done about a contract and its referral, on each chain in order (A2).

        These are the rows that name the contract, or a grant of its referral: first on its account's chain, then on
        the referral's own, and last on the referrer's account, where grants were traced before referrals had chains.
        Otherwise as :meth:`rows`.

        :raises Refusal: ``not-allowed``, ``contract-unknown``.
        """
        found = self._ports.contracts.find(contract)
        if found is None:
            raise unknown_contract(contract)
        referral = self._ports.referrals.find(contract)
        subjects = [account_subject(found.account), referral_subject(contract)]
        if referral is not None:
            subjects.append(account_subject(referral.referrer))
        names = {contract, *(f"{side}/{contract}" for side in Side)}
        rows = (row for subject in subjects for row in self._ports.trace.chain(subject))
        return _chosen((row for row in rows if _names_one_of(row, names)), period, act)


def _chosen(rows: Iterable[TraceEntry], period: EffectivePeriod | None, act: str | None) -> Iterator[TraceEntry]:
    return (row for row in rows if (period is None or row.moment in period) and (act is None or row.act == act))


def _names_one_of(row: TraceEntry, names: set[str]) -> bool:
    states = [state for state in (row.before, row.after) if state]
    return any(state.get(name) in names for state in states for name in ("contract", "grant"))
