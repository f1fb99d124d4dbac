"""What customers see of one of their accounts."""

from __future__ import annotations

from typing import Self

import attrs

from examples.portal.people import Person
from examples.portal.world import World
from referral_core import CodeStatus, Decision, PromoCode
from referral_core.entities.balance import Movement
from referral_core.programme.settings import SharingText
from referral_core.services.accounts import AccountView, ReferralView


@attrs.frozen(kw_only=True)
class MyAccount:
    """An account with the latest of its codes, what comes of it, and what happened to the discount.

    ``worth`` says what the code gives to both sides today; ``None`` when there is none.
    """

    view: AccountView
    code: PromoCode | None
    status: CodeStatus | None
    worth: Decision | None
    referrals: tuple[ReferralView, ...]
    movements: tuple[Movement, ...]

    @classmethod
    def of(cls, world: World, person: Person, account: str) -> Self:
        """Return what a customer sees of an account.

        :raises Refusal: ``not-allowed`` when it is not theirs.
        """
        session = world.ask(person.actor)
        view = session.accounts.show(account)
        code = view.codes[-1] if view.codes else None
        return cls(
            view=view,
            code=code,
            status=None if code is None else code.status_at(world.clock.now),
            worth=None if code is None else session.codes.check(code.text),
            referrals=session.accounts.referrals(account),
            movements=tuple(reversed(session.accounts.movements(account))),
        )

    @property
    def shareable(self) -> PromoCode | None:
        """The code, if it can be passed on now."""
        return self.code if self.status is CodeStatus.ACTIVE else None


def passed_on(world: World, person: Person, code: str, language: str, origin: str) -> SharingText:
    """Return what a customer passes on in a language, its link leading to this portal instead of the example's host."""
    text = world.ask(person.actor).sharing.text(code, language=language)
    path = "/".join(text.url.split("/")[3:])
    return attrs.evolve(text, url=f"{origin}/{path}")
