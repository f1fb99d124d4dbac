"""Referrals: changes of group, holds, releases and voids, and explanations of the amounts (S7, S10, D5-D7, V1-V3)."""

from __future__ import annotations

from referral_core.acts import act
from referral_core.entities.actor import Role
from referral_core.entities.discount_group import Side
from referral_core.entities.referral import Referral
from referral_core.known_at import Knowledge
from referral_core.services.context import BoundService
from referral_core.services.eligibility import Eligibility
from referral_core.services.explainer import Explainer
from referral_core.services.explanation import Explanation
from referral_core.services.holds import Holds
from referral_core.services.permissions import a_referral
from referral_core.services.refusals import unknown_contract, unknown_referral
from referral_core.services.sign_ups import not_activated
from referral_core.values.arguments import ContractId, Flag, GroupId, ReasonText


class Referrals(BoundService):
    """The acts on referrals."""

    @act("referral.change-group", least=Role.AGENT, feed=True, manual=True, touches=(a_referral,))
    def change_group(self, contract: ContractId, *, group: GroupId, reason: ReasonText | None = None) -> Referral:
        """Change the referee group of a sign-up until its contract activates (D7).

        The referee's amount becomes that of the group at the moment at which the referral was judged.

        :raises Refusal: ``not-allowed``, ``reason-missing``, ``contract-unknown``, ``contract-active``,
            ``contract-ended``, ``referral-unknown``, ``referral-void``, ``group-unknown``, ``no-amount``,
            ``group-disabled``.
        """
        not_activated(contract, self._ports.contracts.find(contract))
        eligibility = Eligibility(self._programme, self._ports, self._permissions)
        referral = self._ports.referrals.find(contract)
        if referral is None:
            raise unknown_referral(contract)
        offer = eligibility.offer_of(eligibility.referee_group(group), referral.judged_at)
        changed = referral.with_referee_offer(offer)
        return self._context.save(changed, referral, act="referral.change-group", reason=reason)

    @act("referral.hold", least=Role.SUPERVISOR, feed=True, manual=True, touches=(a_referral,))
    def hold(self, contract: ContractId, *, reason: ReasonText | None = None) -> Referral:
        """Hold a contract's referral: nothing is sent to billing until it is released (V1).

        A held referral counts like an open one: its customer cannot be referred again, and a withdrawal of the contract
        cancels it. When the contract activates, the amounts are owed, and wait. An attempt that is under way cannot be
        called back: its outcome is looked up in billing.

        :raises Refusal: ``not-allowed``, ``reason-missing``, ``contract-unknown``, ``referral-unknown``,
            ``referral-held``, ``referral-void``, ``contract-ended`` when it is cancelled, ``contract-active`` when
            nothing is left to send.
        """
        return Holds(self._context).hold(self._found(contract), reason)

    @act("referral.release", least=Role.SUPERVISOR, feed=True, manual=True, touches=(a_referral,), owes=("contract",))
    def release(self, contract: ContractId, *, reason: ReasonText | None = None) -> Referral:
        """Release a held referral: what is due for it is sent to billing from now on (V1).

        :raises Refusal: ``not-allowed``, ``reason-missing``, ``contract-unknown``, ``referral-unknown``,
            ``referral-held`` when it is not held, ``referral-void``, ``contract-ended`` when it is cancelled.
        """
        return Holds(self._context).release(self._found(contract), reason)

    @act(
        "referral.void",
        least=Role.SUPERVISOR,
        feed=True,
        manual=True,
        touches=(a_referral,),
        owes=("contract",),
        not_in_feeds=("side",),
    )
    def void(
        self,
        contract: ContractId,
        *,
        side: Side | None = None,
        take_back: Flag = False,
        reason: ReasonText | None = None,
    ) -> Referral:
        """Void a contract's referral, or one ``side`` of it: what is not sent to billing by now is never sent (V2).

        What was granted stays granted; with ``take_back`` what bills have not used of it is taken back in billing. A
        referral that is void already can be voided again to take back what was not. The customer cannot be referred
        again. An attempt that is under way cannot be called back: its outcome is looked up in billing.

        :raises Refusal: ``not-allowed``, ``reason-missing``, ``contract-unknown``, ``referral-unknown``,
            ``referral-void`` when it is void already and nothing is left to take back, ``contract-ended`` when it is
            cancelled.
        """
        return Holds(self._context).void(self._found(contract), reason, side, take_back=take_back)

    def _found(self, contract: str) -> Referral:
        if self._ports.contracts.find(contract) is None:
            raise unknown_contract(contract)
        referral = self._ports.referrals.find(contract)
        if referral is None:
            raise unknown_referral(contract)
        return referral

    @act("referral.explain", least=Role.AGENT, reads=True, touches=(a_referral,))
    def explain(self, contract: ContractId) -> Explanation:
        """Explain both amounts of a contract's referral as known now, and verify them.

        A session with ``known_at`` explains them as known then. Nothing is changed.

        :raises Refusal: ``not-allowed``, ``contract-unknown``, ``referral-unknown``.
        """
        context = self._context
        known = Knowledge(context.store, by=context.known_at or context.now)
        found = known.contracts.find(contract)
        if found is None:
            raise unknown_contract(contract)
        referral = known.referrals.find(contract)
        if referral is None:
            raise unknown_referral(contract)
        return Explainer(self._programme, context.store, known).explain(found, referral)
