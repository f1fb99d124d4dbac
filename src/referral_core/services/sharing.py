"""Sharing: codes passed on by customers, the texts for it, and the resulting figures (T1, T2)."""

from __future__ import annotations

from typing import Final

import attrs

from referral_core.acts import act
from referral_core.entities.actor import Role
from referral_core.entities.discount_group import Side
from referral_core.entities.grant import GrantStatus
from referral_core.entities.promo_code import CodeEvent, PromoCode, Sharing
from referral_core.entities.referral import ReferralStatus
from referral_core.programme.settings import SharingText
from referral_core.services.context import BoundService
from referral_core.services.permissions import own_account, own_code
from referral_core.services.refusals import unknown_code
from referral_core.values.arguments import AccountId, CodeInput, Language, Means
from referral_core.values.code_text import fold
from referral_core.values.money import Money

_ON_THE_WAY: Final = frozenset({GrantStatus.DUE, GrantStatus.SENDING, GrantStatus.UNCERTAIN})


@attrs.frozen
class SharingFigures:
    """The figures of an account's codes: times sent and used, the amounts earned and on the way (T2).

    What is held or void is not on the way.
    """

    sent: int
    used: int
    earned: Money
    on_the_way: Money


class Sharings(BoundService):
    """The acts of sharing codes."""

    @act("code.shared", least=Role.CUSTOMER, feed=True, touches=(own_code,))
    def share(self, code: CodeInput, *, means: Means) -> Sharing:
        """Record that an active code was shared by some means (T2).

        :raises Refusal: ``not-allowed``, ``code-unknown``, ``code-pending``, ``code-ended``.
        """
        found = self._shareable(code)
        return self._context.save(Sharing(code=found.text, account=found.account, means=means, at=self._now))

    @act("sharing.text", least=Role.CUSTOMER, reads=True, touches=(own_code,))
    def text(self, code: CodeInput, *, language: Language) -> SharingText:
        """Return title, text and link for a share sheet in a language of the programme (T1).

        It exists while the code can be shared. Customers get it for their own codes only.

        :raises Refusal: ``not-allowed``, ``code-unknown``, ``code-pending``, ``code-ended``.
        :raises LookupError: the programme has no such language.
        """
        found = self._shareable(code)
        return self._programme.sharing_text(found.text, language)

    @act("sharing.figures", least=Role.CUSTOMER, reads=True, touches=(own_account,))
    def figures(self, account: AccountId) -> SharingFigures:
        """Return how often an account's codes were sent and used, and the amounts earned and on the way (T2).

        Customers see the figures of their own accounts only.

        :raises Refusal: ``not-allowed``.
        """
        used = 0
        earned = on_the_way = Money.zero(self._programme.currency)
        for referral in self._ports.referrals.all(referrer=account):
            if not referral.is_live:
                continue
            used += 1
            if referral.is_pending and referral.status_of(Side.REFERRER) is ReferralStatus.RECORDED:
                on_the_way += referral.referrer_offer.amount
        for grant in self._ports.grants.all(account=account):
            if grant.side is Side.REFERRER and grant.status is GrantStatus.GRANTED:
                earned += grant.amount
            elif grant.side is Side.REFERRER and grant.status in _ON_THE_WAY:
                on_the_way += grant.amount
        return SharingFigures(self._ports.promo_codes.times_shared(account), used, earned, on_the_way)

    def _shareable(self, code: str) -> PromoCode:
        """Return a code that can be shared now, or refuse it."""
        found = self._ports.promo_codes.find(fold(code))
        if found is None:
            raise unknown_code(code)
        found.permits(CodeEvent.SHARE, self._now)
        return found
