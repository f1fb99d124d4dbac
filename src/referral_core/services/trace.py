"""The trace for auditors: its integrity, and who did what (A1, A2)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Final

import attrs

from referral_core.acts import act
from referral_core.entities.actor import Role
from referral_core.entities.discount_group import Side
from referral_core.entities.seal import Seal, Verification
from referral_core.entities.trace import TraceEntry, account_subject, referral_subject
from referral_core.services.context import BoundService
from referral_core.services.permissions import a_referral, a_subject, an_account, everything
from referral_core.services.refusals import unknown_contract
from referral_core.services.state_verification import StateVerification, StateVerifier
from referral_core.services.verification import TraceVerifier
from referral_core.services.visibility import Visibility
from referral_core.values.arguments import AccountId, ContractId, Count, Subject, Text
from referral_core.values.effective_period import EffectivePeriod

if TYPE_CHECKING:
    from referral_core.ports.store import Repositories


MOST_FAULTS: Final = 1000
"""The default number of faults that are named; further ones are counted."""


class Trace(BoundService):
    """The acts on the trace: sealing, verification and reading; for administrators."""

    @act("trace.seal", least=Role.ADMINISTRATOR, touches=(everything,))
    def seal(self) -> Seal | None:
        """Set the next seal over every chain that has grown since the last one; ``None`` when none has (A2).

        Its hash should be published where writers of the trace cannot change it.

        :raises Refusal: ``not-allowed``.
        :raises ConcurrentChange: another seal was set at the same time.
        """
        return self._ports.trace.seal(self._now)

    @act("trace.verify", least=Role.ADMINISTRATOR, reads=True, touches=(everything,))
    def verify(
        self,
        *,
        expected: Text | None = None,
        most: Count = MOST_FAULTS,
        told: Callable[[int], object] | None = None,
    ) -> Verification:
        """Verify every row of every chain, and every seal with the heads that it lists (A2).

        ``expected`` is a published hash, which must be that of one of the seals. Up to ``most`` faults are named, and
        the others are counted. ``told`` is called with the number of rows read, from time to time. Outside of a
        transaction the verification makes no writer wait.

        :raises Refusal: ``not-allowed``.
        """
        return TraceVerifier(self._ports.trace, most=most, told=told).run(self._now, expected)

    @act("trace.verify-state", least=Role.ADMINISTRATOR, reads=True, touches=(everything,))
    def verify_state(
        self, *, most: Count = MOST_FAULTS, told: Callable[[int], object] | None = None
    ) -> StateVerification:
        """Verify that what is stored is what the trace says was done (A2).

        Contracts, codes, referrals, grants, cases, groups with their amounts, and the discounts that the store itself
        keeps are compared with the last row about each, and everything stored must have one. The trace itself is
        verified by :meth:`verify`. What an earlier version kept no row of is counted and not compared. Up to ``most``
        faults are named, and the others are counted. ``told`` is called with the number of rows read, from time to
        time. Nothing is changed, and others may go on writing. A session of what was known earlier compares what is
        stored today as well.

        :raises Refusal: ``not-allowed``.
        """
        return StateVerifier(self._context.store, most=most, told=told).run(self._now)

    @act("trace.show", least=Role.ADMINISTRATOR, streams=True, touches=(a_subject,))
    def rows(
        self, subject: Subject, *, period: EffectivePeriod | None = None, act: Text | None = None
    ) -> Iterator[TraceEntry]:
        """Yield the rows of a subject's chain in order: of an account, a referral, a group, or the programme (A2).

        ``period`` leaves out rows of other moments, ``act`` those of other acts. An actor limited to some segments sees
        no row that names an account, a contract, a code or a case outside of them.

        :raises Refusal: ``not-allowed``, by the segments of an account's or a referral's contracts too.
        :raises TraceUnreadable: a row cannot be decoded.
        """
        return self._chosen(self._ports.trace.chain(subject), period, act)

    @act("trace.account", least=Role.ADMINISTRATOR, streams=True, touches=(an_account,))
    def rows_of_account(
        self, account: AccountId, *, period: EffectivePeriod | None = None, act: Text | None = None
    ) -> Iterator[TraceEntry]:
        """Yield the rows about an account: from its own chain, then from those of its referrals (A2).

        From the referrals of its own contracts these are all rows except those of the referrer's grant, from its
        friends' referrals the rows of its own grant. Chains follow one another, each in order. Otherwise as
        :meth:`rows`.

        :raises Refusal: ``not-allowed``.
        """
        about, trace = AccountTrace.of(self._ports, account), self._ports.trace
        rows = (row for subject in about.subjects for row in trace.chain(subject) if about.has(row))
        return self._chosen(rows, period, act)

    @act("trace.contract", least=Role.ADMINISTRATOR, streams=True, touches=(a_referral,))
    def rows_of_contract(
        self, contract: ContractId, *, period: EffectivePeriod | None = None, act: Text | None = None
    ) -> Iterator[TraceEntry]:
        """Yield the rows about a contract and its referral, each chain in order (A2).

        These are the rows that name the contract, or a grant of its referral: first from its account's chain, then from
        the referral's, and last from the chain of the referrer's account, where old traces have the grants. Otherwise
        as :meth:`rows`.

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
        return self._chosen((row for row in rows if _names_one_of(row, names)), period, act)

    def _chosen(
        self, rows: Iterable[TraceEntry], period: EffectivePeriod | None, act: str | None
    ) -> Iterator[TraceEntry]:
        """Yield the rows of a period and of an act that the actor may see."""
        chosen = (row for row in rows if (period is None or row.moment in period) and (act is None or row.act == act))
        return filter(Visibility(self._permissions).has, chosen)


def _names_one_of(row: TraceEntry, names: set[str]) -> bool:
    states = [state for state in (row.before, row.after) if state]
    return any(state.get(name) in names for state in states for name in ("contract", "grant"))


_REFERRALS: Final = referral_subject("")


@attrs.frozen
class AccountTrace:
    """The chains with rows about one account, and the test for these rows.

    On the chain of a referral, the rows of the referrer's grant are about the referrer's account, and all other rows
    about the referee's.
    """

    own: frozenset[str]
    referred: tuple[str, ...]
    grants: frozenset[str]

    @classmethod
    def of(cls, ports: Repositories, account: str) -> AccountTrace:
        """Return the chains of an account; neither the account nor a referral needs to have a row."""
        contracts = [contract.id for contract in ports.contracts.of_account(account)]
        grants = list(ports.grants.all(account=account))
        return cls(
            own=frozenset({account_subject(account), *map(referral_subject, contracts)}),
            referred=tuple(referral_subject(grant.referral) for grant in grants if grant.side is Side.REFERRER),
            grants=frozenset(grant.key for grant in grants),
        )

    @property
    def subjects(self) -> tuple[str, ...]:
        """The subjects of the chains: the account's own, then its contracts' referrals, then its friends'."""
        return (*sorted(self.own), *self.referred)

    def has(self, row: TraceEntry) -> bool:
        """Tell whether a row of one of these chains is about the account."""
        grant = (row.after or {}).get("grant")
        if row.subject.startswith(_REFERRALS) and grant is not None:
            return grant in self.grants
        return row.subject in self.own
