"""A small world in which every example of the API's own document is a proper request.

Ann (``C-1``) has account ``A`` with the code ``A123``. By it came ``K-3``, which is not active yet, ``K-4``, paid out,
``K-6``, paid out and terminated since, and ``K-8``, of which one grant is due, the other stuck. ``K-5`` was concluded
without a code. Gert (``C-6``) has moved on from account ``G`` to ``G2``; Joss (``C-9``) has left. The case ``LT-7`` is
open, and so is ``LT-8``, without a code.
"""

from __future__ import annotations

from datetime import date
from typing import Final

from referral_adapters.http import ServiceStore
from referral_core import Programme
from referral_core.desk import ReferralDesk
from referral_core.entities.actor import Actor, Role
from referral_core.entities.discount_group import Side
from referral_core.entities.grant import GrantEvent
from tests.phrases import at, euros

SECRET: Final = b"fixed, so that answers are the same every time"
CRM: Final = Actor.system("crm")
ANU: Final = Actor("Anu", Role.AGENT)
LIIS: Final = Actor("Liis", Role.ADMINISTRATOR)


def build(store: ServiceStore, programme: Programme | None = None) -> None:
    """Fill an empty store."""
    desk = ReferralDesk(programme or Programme.default(), store)
    with store.transaction():
        _set_amounts(desk)
        _let_ann_have_a_code(desk)
        _let_friends_come(desk)
        _let_joss_go(desk)
    desk.session(actor=CRM, now=at("2021-01-20 12:00")).payouts.pay_due()
    desk.session(actor=CRM, now=at("2021-01-31 12:00")).discounts.bill("2021-01-F", account="F", amount=euros("2"))
    with store.transaction():
        _let_gert_move(desk)
        _let_one_be_held(desk)
        _let_the_last_come(desk)
        _let_a_grant_be_stuck(store)
        _let_one_be_taken_back(desk)


def _set_amounts(desk: ReferralDesk) -> None:
    for group, amount in (("referrer", "10"), ("referee-self-service", "7"), ("referee-manual", "8")):
        desk.session(actor=LIIS, now=at("2021-01-01 09:00")).groups.set_amount(group, euros(amount))


def _supply(desk: ReferralDesk, contract: str, account: str, customer: str, since: str, code: str | None) -> None:
    desk.session(actor=CRM, now=at(since)).sign_ups.conclude(contract, account=account, customer=customer, code=code)
    desk.session(actor=CRM, now=at(since)).contracts.activate(contract)


def _let_ann_have_a_code(desk: ReferralDesk) -> None:
    _supply(desk, "K-1", "A", "C-1", "2021-01-05 12:00", None)
    reason = "She asked for a short one."
    desk.session(actor=ANU, now=at("2021-01-06 12:00")).codes.issue("A", code="A123", replace=True, reason=reason)
    desk.session(actor=CRM, now=at("2021-01-07 12:00")).sharing.share("A123", means="link")


def _let_friends_come(desk: ReferralDesk) -> None:
    _supply(desk, "K-4", "E", "C-4", "2021-01-10 12:00", "A123")
    _supply(desk, "K-6", "F", "C-66", "2021-01-11 12:00", "A123")
    _supply(desk, "K-7", "G", "C-6", "2021-01-12 12:00", "A123")


def _let_joss_go(desk: ReferralDesk) -> None:
    desk.session(actor=CRM, now=at("2021-01-13 12:00")).sign_ups.conclude("K-9", account="J", customer="C-9")
    desk.session(actor=CRM, now=at("2021-01-14 12:00")).contracts.withdraw("K-9")


def _let_gert_move(desk: ReferralDesk) -> None:
    _supply(desk, "K-10", "G2", "C-6", "2021-02-05 12:00", None)
    desk.session(actor=CRM, now=at("2021-02-10 12:00")).contracts.terminate("K-7")
    desk.session(actor=CRM, now=at("2021-03-01 12:00")).contracts.terminate("K-6")


def _let_one_be_held(desk: ReferralDesk) -> None:
    desk.session(actor=CRM, now=at("2021-02-20 12:00")).sign_ups.conclude(
        "K-12", account="L", customer="C-12", code="A123"
    )
    desk.session(actor=LIIS, now=at("2021-02-21 12:00")).referrals.hold("K-12", reason="The address is known.")


def _let_the_last_come(desk: ReferralDesk) -> None:
    sign_ups = desk.session(actor=CRM, now=at("2021-03-05 12:00")).sign_ups
    channel, starts_on = "sales-portal", date(2021, 4, 1)
    sign_ups.conclude("K-3", account="D", customer="C-3", code="A123", channel=channel, starts_on=starts_on)
    sign_ups.conclude("K-5", account="H", customer="C-5")
    desk.session(actor=CRM, now=at("2021-03-10 12:00")).cases.open("LT-7", customer="C-2", code="A123")
    desk.session(actor=CRM, now=at("2021-03-11 12:00")).cases.open("LT-8", customer="C-22")
    _supply(desk, "K-8", "I", "C-8", "2021-03-12 12:00", "A123")


def _let_one_be_taken_back(desk: ReferralDesk) -> None:
    referrals = desk.session(actor=LIIS, now=at("2021-03-13 13:00")).referrals
    referrals.void("K-6", side=Side.REFEREE, take_back=True, reason="Nobody lives there.")


def _let_a_grant_be_stuck(store: ServiceStore) -> None:
    grant = store.grants.find("referee/K-8")
    assert grant is not None
    stuck = grant.failed(GrantEvent.BE_REFUSED, "refused", at=at("2021-03-13 12:00"), wait_until=None)
    assert store.grants.change([(grant, stuck)])
