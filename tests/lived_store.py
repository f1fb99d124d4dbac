"""A store in which everything has happened that leaves something behind: for whoever holds it against its trace."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Final

import attrs

from referral_core import Actor, Contract, Programme, ReferralDesk, Role, Session, Side
from referral_core.ports.store import Store
from referral_core.programme.settings import GroupSetting
from referral_core.services.holds import OpenReferrals
from tests.phrases import at, euros

PROGRAMME: Final = Programme.default()
SECRET: Final = b"the secret of a lived-in store"
MARI: Final = Actor("mari", Role.ADMINISTRATOR)
WHY: Final = "asked for"
NOW: Final = at("2021-09-01 12:00")
GROWN: Final = attrs.evolve(PROGRAMME, groups=(*PROGRAMME.groups, GroupSetting("shops", Side.REFEREE, "Shops")))

FRIENDS: Final[Mapping[str, str]] = {
    # contract: the part of its name that says what became of its referral
    "K-open": "recorded",
    "K-held": "held before its contract activated",
    "K-gone": "cancelled",
    "K-void": "void",
    "K-half": "void on one side",
    "K-due": "granted and not paid",
    "K-stop": "granted, held and not paid",
    "K-paid": "granted and paid",
    "K-left": "paid, used and moved",
}


def session(store: Store, when: str, by: Actor = MARI, programme: Programme = PROGRAMME) -> Session:
    """Return a session at a moment by the clocks of Tallinn."""
    return ReferralDesk(programme, store).session(actor=by, now=at(when))


def imported(name: str, *, on: str, of: str, product: str = "electricity") -> Contract:
    """Return a contract that was in force before there was a store."""
    return Contract.imported(
        id=name,
        account=on,
        customer=of,
        product=product,
        segment="household",
        channel="self-service",
        concluded_at=at("2020-11-01"),
        activated_at=at("2020-12-01"),
    )


def live(store: Store) -> None:  # noqa: PLR0915 - all that can happen
    """Let everything happen in a new store, by staff and by systems."""
    system = Actor.system("crm")
    with session(store, "2021-01-01") as s:
        for group in ("referrer", "referee-self-service", "referee-manual"):
            s.groups.set_amount(group, euros("10"))
        s.groups.set_amount("referrer", euros("15"), starts=at("2021-03-01"), ends=at("2021-04-01"))
    with session(store, "2021-01-02 12:00") as s:
        s.groups.add("fair", side=Side.REFEREE)
        s.groups.rename("fair", name="At the fair")
        s.groups.set_amount("fair", euros("3"), starts=at("2020-12-01"), correction=True, reason=WHY)
        s.groups.disable("fair")
        s.launch.import_contracts(
            [
                imported("I-1", on="I", of="ida"),
                imported("I-2", on="J", of="jan"),
                imported("I-3", on="J", of="jan", product="gas"),
                imported("I-4", on="V", of="vil", product="gas"),
            ],
            reason=WHY,
        )
        s.launch.issue_codes(reason=WHY)
    with session(store, "2021-01-03 12:00", system) as s:
        s.contracts.terminate("I-2", at=at("2021-01-03 11:00"))
        s.sign_ups.conclude("K-A", account="A", customer="ann", first_name="Ann", at=at("2021-01-03 10:00"))
        s.contracts.activate("K-A", at=at("2021-01-03 11:00"))
        s.sign_ups.conclude("K-A2", account="A", customer="ann", product="gas", starts_on=date(2021, 1, 3))
        s.contracts.activate("K-A2")
        s.sign_ups.conclude("K-Z", account="Z", customer="zoe")
    with session(store, "2021-01-04 12:00") as s:
        s.codes.issue("A", code="A123", replace=True, reason=WHY)
        s.groups.enable("fair")
        s.sign_ups.conclude("K-G", account="G", customer="gus", product="gas", channel="sales-portal", code="A123")
    with session(store, "2021-02-01 12:00", system) as s:
        s.sharing.share("A123", means="SMS")
        for name in FRIENDS:
            s.sign_ups.conclude(name, account=f"of {name}", customer=f"c {name}", code="A123")
        s.cases.open("S-open", customer="c S-open", code="A123")
        s.cases.open("S-done", customer="c S-done", code="A123")
        s.cases.open("S-left", customer="c S-left", code="NOBODYS")
    with session(store, "2021-02-02 12:00") as s:
        s.cases.finish("S-done", contract="K-done", account="of K-done", customer="c S-done")
        s.cases.abandon("S-left")
        s.referrals.hold("K-held", reason=WHY)
        s.referrals.hold("K-open", reason=WHY)
        s.referrals.release("K-open", reason=WHY)
        s.referrals.change_group("K-open", group="fair", reason=WHY)
        s.referrals.void("K-void", reason=WHY)
        s.referrals.void("K-half", side=Side.REFERRER, reason=WHY)
        s.sign_ups.conclude("K-bare", account="of K-bare", customer="c K-bare", channel="sales-portal")
        s.sign_ups.attach("K-bare", code="A123", honour=at("2021-01-20 12:00"), reason=WHY)
        s.sign_ups.conclude("K-warn", account="of K-warn", customer="c K-warn", channel="sales-portal", code="NOBODYS")
    with session(store, "2021-02-10 12:00", system) as s:
        s.contracts.withdraw("K-gone")
        for name in ("K-held", "K-void", "K-half", "K-due", "K-stop", "K-paid", "K-left"):
            s.contracts.activate(name, at=at("2021-02-09 12:00"))
    with session(store, "2021-02-11 12:00") as s:
        for name in ("K-due", "K-stop"):
            s.referrals.hold(name, reason=WHY)
    session(store, "2021-02-12 12:00", system).payouts.pay_due()
    with session(store, "2021-02-13 12:00") as s:
        s.referrals.release("K-due", reason=WHY)
        s.payouts.retry("referee/K-due", reason=WHY)
    with session(store, "2021-03-01 12:00", system) as s:
        s.discounts.bill("R-1", account="of K-paid", amount=euros("4"))
        s.discounts.bill("R-2", account="of K-left", amount=euros("3"))
        s.discounts.bill("R-3", account="A", amount=euros("12"))
        s.discounts.bill("R-4", account="G", amount=euros("5"))
        s.contracts.terminate("K-left")
        s.sign_ups.conclude("K-next", account="next of K-left", customer="c K-left")
        s.contracts.activate("K-next")
    with session(store, "2021-03-02 12:00") as s:
        s.discounts.transfer("of K-left", "next of K-left", amount=euros("2"), key="T-1")
        s.discounts.note_fee("K-left", amount=euros("5"), reason=WHY)
        s.codes.end("A123", reason=WHY, referrals=OpenReferrals.HOLD)
    with session(store, "2021-04-01 12:00", system) as s:
        s.contracts.terminate("K-paid")
        s.contracts.withdraw("K-Z")
    with session(store, "2021-05-01 12:00") as s:
        s.customers.erase("c K-paid", reason=WHY)
        s.customers.erase("c K-gone", reason=WHY)
    session(store, "2021-05-02 12:00", programme=GROWN).programme.apply(reason=WHY)
    session(store, "2021-06-01 12:00").trace.seal()


def take_back(store: Store) -> None:
    """Annul a contract, void a referral with what was granted, and cancel bills, in a store that has lived."""
    system = Actor.system("crm")
    code = session(store, "2021-06-02 12:00").codes.present("I")
    assert code is not None
    with session(store, "2021-06-02 12:00", system) as s:
        for name in ("L-null", "L-back"):
            s.sign_ups.conclude(name, account=f"of {name}", customer=f"c {name}", code=code.text)
            s.contracts.activate(name)
    # A bill by itself is preceded by the grants and the reversals of its account.
    bills = session(store, "2021-06-04 12:00", system).discounts
    bills.bill("R-5", account="of L-null", amount=euros("4"))
    bills.bill("R-6", account="of L-back", amount=euros("3"))
    bills.bill("R-7", account="I", amount=euros("12"))
    bills.cancel_bill("R-5")
    session(store, "2021-06-04 12:00", system).contracts.annul("L-null")
    session(store, "2021-06-05 12:00").referrals.void("L-back", reason=WHY, take_back=True)
    bills = session(store, "2021-06-06 12:00", system).discounts
    for number, account in enumerate(("of L-null", "of L-back", "I"), 8):
        bills.bill(f"R-{number}", account=account, amount=euros("1"))
    bills.cancel_bill("R-6")
