"""Passing codes on, and what comes of it (T1, T2)."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import attrs

from referral_core.entities.act import Act
from referral_core.entities.actor import Actor
from referral_core.entities.grant import GrantStatus
from referral_core.entities.promo_code import CodeEvent, PromoCode
from referral_core.entities.referral import ReferralStatus
from referral_core.entities.sharing import Sharing
from referral_core.programme.programme import Programme
from referral_core.programme.sharing_template import SharingText
from referral_core.rules.permissions import permit_own
from referral_core.use_cases.admitting import Admitting
from referral_core.use_cases.unknown import unknown_code
from referral_core.values.code_text import fold
from referral_core.values.moment import moment
from referral_core.values.money import Money

if TYPE_CHECKING:
    from referral_core.ports.ports import Ports


@attrs.frozen
class SharingFigures:
    """What a customer sees of an account's code: times sent and used, earned so far, on the way (T2)."""

    sent: int
    used: int
    earned: Money
    on_the_way: Money


class Sharings:
    """Sharing a code, and its figures."""

    def __init__(self, programme: Programme, ports: Ports) -> None:
        self._programme = programme
        self._ports = ports
        self._admitting = Admitting(ports)

    def share(self, code: str, *, means: str, at: datetime, actor: Actor) -> Sharing:
        """Record that an active code was passed on by some means (T2).

        :raises Refusal: ``not-allowed``, ``code-unknown``, ``code-pending``, ``code-ended``.
        """
        at = moment(at)
        found = self._shareable(code, actor, Act.CODE_SHARED, at)
        sharing = Sharing(code=found.text, account=found.account, means=means, at=at)
        self._ports.sharings.add(sharing)
        return sharing

    def text(self, code: str, *, language: str, at: datetime, actor: Actor) -> SharingText:
        """Return title, text and link for a share sheet in a language of the programme (T1).

        There is one as long as the code can be shared, to a customer for their own codes only.

        :raises Refusal: ``not-allowed``, ``code-unknown``, ``code-pending``, ``code-ended``.
        :raises LookupError: the programme has no such language.
        """
        found = self._shareable(code, actor, Act.SHARING_TEXT, moment(at))
        return self._programme.sharing_text(found.text, language)

    def figures(self, account: str, *, at: datetime, actor: Actor) -> SharingFigures:
        """Return how often the account's codes were sent and used, what they earned and what is on the way (T2).

        The figures are those of all that is stored by now; ``at`` is when they are asked for. A customer sees those of
        their own accounts only.

        :raises Refusal: ``not-allowed``.
        """
        moment(at)
        self._admitting.admit_to_account(actor, Act.SHARING_FIGURES, account)
        used = 0
        earned = on_the_way = Money.zero(self._programme.currency)
        for referral in self._ports.referrals.all(referrer=account):
            if not referral.is_live:
                continue
            used += 1
            if referral.status is ReferralStatus.RECORDED:
                on_the_way += referral.referrer_offer.amount
        for grant in self._ports.grants.all(account=account):
            if grant.side == "referrer" and grant.status is GrantStatus.GRANTED:
                earned += grant.amount
            elif grant.side == "referrer":
                on_the_way += grant.amount
        return SharingFigures(self._ports.sharings.count_of(account), used, earned, on_the_way)

    def _shareable(self, code: str, actor: Actor, act: Act, at: datetime) -> PromoCode:
        """Return a code that the actor may share, and that can be shared at a moment."""
        self._admitting.admit(actor, act, code=code)
        found = self._ports.promo_codes.find(fold(code))
        if found is None:
            raise unknown_code(code)
        permit_own(actor, found.customer, act)
        found.permits(CodeEvent.SHARE, at)
        return found
