"""What belongs to others: companies beside the households of the small world, who came by a channel of the north.

Frans (``F-20``) has account ``BA`` with the code ``FIRMA1``. By it came ``K-21``, not active yet, ``K-22``, whose
grants are due, and ``K-26``, held. ``K-23`` was withdrawn, ``K-24`` terminated, ``K-25`` concluded without a code. The
cases ``LT-20`` and ``LT-21`` are of companies too. Mona (``C-30``) has a household on ``MA`` and a company on ``MB``,
between which discount was moved, and Heli (``C-32``) came as a household by Frans's code.

A distributor in the south has signed up ``K-40`` by Ann's code, and ``K-41`` for Ann herself, with a warning.
"""

from __future__ import annotations

from typing import Any, Final

from referral_adapters.http import ServiceStore
from referral_core import Programme
from referral_core.desk import ReferralDesk
from referral_core.entities.grant import GrantEvent
from referral_core.session import Session
from tests.http.door import PLENTY
from tests.http.world import ANU, CRM, LIIS, build
from tests.phrases import at, euros

TWO: Final = ("household", "micro-business")
PROGRAMME: Final = Programme(checking=PLENTY, segments=TWO, issuing_segments=TWO)
OTHERS: Final = {
    "account": ("BA", "BB", "BC", "BD", "BE", "BF"),
    "contract": ("K-20", "K-21", "K-22", "K-23", "K-24", "K-25", "K-26"),
    "customer": ("F-20", "F-21", "F-23", "F-24"),
    "case": ("LT-20", "LT-21"),
    "code": ("FIRMA1", "PENDING1"),
    "key": ("referrer/K-22", "referee/K-22", "referee/K-21"),
    "subject": ("account:BA", "account:BD", "referral:K-21", "referral:K-22", "referral:K-25"),
}
"""The ids of the companies' things, by what they are of."""
NONE: Final = {
    "account": "NONE",
    "contract": "K-NONE",
    "customer": "F-NONE",
    "case": "LT-NONE",
    "code": "NONE99",
    "key": "referee/K-NONE",
    "subject": "account:NONE",
}
"""Ids of nothing."""


def fill(store: ServiceStore) -> ServiceStore:
    """Fill an empty store with the small world, and with the others."""
    build(store, PROGRAMME)
    desk = ReferralDesk(PROGRAMME, store)

    def session(when: str) -> Session:
        return desk.session(actor=CRM, now=at(when))

    def conclude(contract: str, account: str, customer: str, when: str, code: str | None = None, **more: str) -> None:
        of: dict[str, Any] = {"segment": "micro-business", "channel": "north", **more}
        session(when).sign_ups.conclude(contract, account=account, customer=customer, code=code, **of)

    conclude("K-20", "BA", "F-20", "2021-01-05 12:00", first_name="Frans")
    session("2021-01-05 12:00").contracts.activate("K-20")
    desk.session(actor=ANU, now=at("2021-01-06 12:00")).codes.issue("BA", code="FIRMA1", replace=True, reason="A word.")
    for number, account in ((21, "BB"), (22, "BC"), (26, "BG")):
        conclude(f"K-{number}", account, f"F-{number}", "2021-02-01 12:00", "FIRMA1")
    desk.session(actor=LIIS, now=at("2021-02-02 12:00")).referrals.hold("K-26", reason="Seen before.")
    conclude("K-23", "BD", "F-23", "2021-02-01 12:00")
    session("2021-02-02 12:00").contracts.withdraw("K-23")
    conclude("K-24", "BE", "F-24", "2021-02-01 12:00")
    session("2021-02-02 12:00").contracts.activate("K-24")
    session("2021-02-03 12:00").contracts.terminate("K-24")
    conclude("K-25", "BF", "F-25", "2021-02-01 12:00")
    desk.session(actor=ANU, now=at("2021-02-02 12:00")).codes.issue("BF", code="PENDING1", replace=True, reason="Too.")
    session("2021-02-05 12:00").cases.open("LT-20", customer="F-27", code="FIRMA1", segment="micro-business")
    session("2021-02-05 12:00").cases.open("LT-21", customer="F-28", segment="micro-business")
    session("2021-02-06 12:00").cases.abandon("LT-21")
    _let_mona_move(desk, session("2021-02-07 12:00"))
    conclude("K-32", "MC", "C-32", "2021-02-08 12:00", "FIRMA1", segment="household", channel="sales-portal")
    session("2021-02-09 12:00").contracts.activate("K-22")
    session("2021-02-09 12:00").contracts.activate("K-32")
    for key in ("referrer/K-22", "referee/K-22", "referrer/K-32", "referee/K-32"):
        grant = store.grants.find(key)
        assert grant is not None
        stuck = grant.failed(GrantEvent.BE_REFUSED, "refused", at=at("2021-02-10 12:00"), wait_until=None)
        assert store.grants.change([(grant, stuck)])
    southern = {"segment": "household", "channel": "south"}
    conclude("K-40", "SA", "C-40", "2021-02-10 12:00", "A123", **southern)
    conclude("K-41", "SB", "C-1", "2021-02-10 12:00", "A123", **southern)
    session("2021-02-11 12:00").contracts.activate("K-40")
    desk.session(actor=LIIS, now=at("2021-02-12 12:00")).discounts.note_fee(
        "K-40", amount=euros("1"), reason="A note of staff."
    )
    return store


def _let_mona_move(desk: ReferralDesk, session: Session) -> None:
    session.sign_ups.conclude("K-31", account="MB", customer="C-30", segment="micro-business", code="FIRMA1")
    session.contracts.activate("K-31")
    session.payouts.pay_due()
    session.sign_ups.conclude("K-30", account="MA", customer="C-30", channel="sales-portal", code="FIRMA1")
    session.contracts.activate("K-30")
    later = desk.session(actor=CRM, now=at("2021-02-08 12:00"))
    later.contracts.terminate("K-31")
    later.discounts.transfer("MB", "MA", amount=euros("3"))
