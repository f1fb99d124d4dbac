"""Every act there is, with arguments to ask for it by, and an office in which each of them is there to be done."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, Final, TypeVar

import attrs

from referral_core import Programme, ReferralDesk, Side
from referral_core.entities.grant import Grant
from referral_core.entities.seal import Seal
from referral_core.entities.trace import TraceEntry
from referral_core.programme.settings import GroupSetting
from referral_core.session import ACTS, Session
from tests.office import NOON, WHEN, WHY, Office, without_chance
from tests.phrases import at, contract, euros

Kind = TypeVar("Kind", bound=Office)

GIVEN: Final[Mapping[str, Mapping[str, Any]]] = {
    "code.check": {"code": "A123", "segment": "household"},
    "code.shared": {"code": "A123", "means": "SMS"},
    "code.present": {"account": "A"},
    "code.show": {"code": "A123"},
    "code.issue": {"account": "G", "reason": WHY},
    "code.end": {"code": "A123", "reason": WHY},
    "code.due": {},
    "code.launch": {"reason": WHY},
    "sharing.text": {"code": "A123", "language": "et"},
    "sharing.figures": {"account": "A"},
    "account.list": {"customer": "a"},
    "account.show": {"account": "A"},
    "account.referrals": {"account": "A"},
    "account.movements": {"account": "A"},
    "account.activity": {"account": "A"},
    "contract.concluded": {"contract": "NEW", "account": "N", "customer": "n", "code": "A123"},
    "code.attach": {"contract": "BARE", "code": "A123", "reason": WHY},
    "sign-up.show": {"contract": "PAID"},
    "sign-up.list": {},
    "referral.change-group": {"contract": "OPEN", "group": "referee-manual", "reason": WHY},
    "referral.hold": {"contract": "OPEN", "reason": WHY},
    "referral.release": {"contract": "HELD", "reason": WHY},
    "referral.void": {"contract": "OPEN", "reason": WHY},
    "referral.explain": {"contract": "OPEN"},
    "case.open": {"case": "case-2", "customer": "h", "code": "A123"},
    "case.finish": {"case": "case-1", "contract": "NEW", "account": "F", "customer": "f"},
    "case.abandon": {"case": "case-1"},
    "case.show": {"case": "case-1"},
    "case.list": {},
    "discount.transfer": {"source": "E", "target": "E2"},
    "termination-fee.note": {"contract": "PAID", "amount": euros("5"), "reason": WHY},
    "termination-fee.propose": {"contract": "PAID"},
    "grant.pay": {},
    "grant.pay-all": {},
    "grant.pay-these": {
        "grants": (Grant(referral="DUE", side=Side.REFERRER, account="A", amount=euros("10"), effective_from=at(NOON)),)
    },
    "grant.stuck": {},
    "grant.backlog": {},
    "grant.retry": {"key": "referee/DUE", "reason": WHY},
    "group.add": {"group": "new", "side": Side.REFEREE},
    "group.rename": {"group": "fair", "name": "Fair"},
    "group.disable": {"group": "referee-manual"},
    "group.enable": {"group": "fair"},
    "group.list": {},
    "group.show": {"group": "fair"},
    "amount.set": {"group": "fair", "amount": euros("9"), "correction": True, "reason": WHY},
    "amount.preview": {"group": "fair", "amount": euros("9")},
    "contract.import": {
        "contracts": [attrs.evolve(contract("NEW", on="N", of="n"), concluded_at=WHEN)],
        "reason": WHY,
    },
    "contract.activated": {"contract": "OPEN"},
    "contract.terminated": {"contract": "PAID"},
    "contract.annulled": {"contract": "PAID"},
    "contract.withdrawn": {"contract": "OPEN"},
    "bill.issued": {"bill": "R1", "account": "D", "amount": euros("3")},
    "bill.cancelled": {"bill": "R0"},
    "customer.erasable": {"customer": "x"},
    "customer.erase": {"customer": "x", "reason": WHY},
    "programme.diff": {},
    "programme.apply": {"reason": WHY},
    "trace.show": {"subject": "account:A"},
    "trace.account": {"account": "A"},
    "trace.contract": {"contract": "OPEN"},
    "trace.verify": {},
    "trace.verify-state": {},
    "trace.seal": {},
}
"""What each act is given. Everything is about customer A, should it be a customer who asks."""


GROWN: Final = attrs.evolve(
    Programme.default(), groups=(*Programme.default().groups, GroupSetting("newcomers", Side.REFEREE, "newcomers"))
)
"""The programme of the office as it was extended later on, by a group that the store does not have yet."""


def busy() -> Office:
    """Return an office in which every act is there to be done."""
    return fill(Office())


def fill(office: Kind) -> Kind:
    """Let so much happen in an office that every act is there to be done."""
    office.with_amounts()
    code = office.referrer("A")
    office.session("2021-01-06").codes.issue("A", code="A123", replace=True)
    office.concluded("OPEN", on="B", code="A123")
    office.concluded("BARE", on="C")
    office.granted("PAID", on="D", code="A123")
    office.granted("LEFT", on="E", code="A123")
    office.session("2021-02-28").discounts.bill("R0", account="E", amount=euros("1"))
    office.terminated("LEFT", "2021-03-01")
    office.supplied("STAYED", on="E2", of="e", when="2021-03-01")
    office.supplied("GAS", on="G")
    office.concluded("GONE", on="X")
    office.withdrawn("GONE")
    office.concluded("DUE", on="I", code="A123")
    office.activated("DUE")
    office.concluded("HELD", on="L", code="A123")
    office.session(NOON).referrals.hold("HELD")
    stuck = office.store.grants.find("referee/DUE")
    assert stuck is not None
    office.store.grants.change([(stuck, attrs.evolve(stuck, wait_until=None, attempts=12))])
    office.session(NOON).cases.open("case-1", customer="f", code="A123")
    office.session(NOON).groups.add("fair", side=Side.REFEREE)
    office.session(NOON).groups.disable("fair")
    office.session("2021-03-01").launch.import_contracts([contract("QUIET", on="Q", of="q", activated="2021-03-01")])
    assert code != "A123"
    office.desk = ReferralDesk(GROWN, office.store)
    return office


def ask(session: Session, act: str, **other: object) -> object:
    """Ask a session for an act by its name, with its arguments above and others; return the answer without chance."""
    answer = session.perform(ACTS[act], {**GIVEN[act], **other})
    if ACTS[act].streams:
        answer = [*answer]
    return [without_salt(each) for each in answer] if isinstance(answer, list) else without_salt(answer)


def without_salt(value: object) -> object:
    """Return a row of the trace, or a seal, without its salts and hashes; anything else as it is."""
    if isinstance(value, TraceEntry):
        return without_chance(value)
    return (value.moment, value.heads) if isinstance(value, Seal) else value


class Undone(Exception):
    """Takes back what was done."""


@contextmanager
def undone(office: Office) -> Iterator[None]:
    """Take back what is done inside."""
    with suppress(Undone), office.store.transaction():
        yield
        raise Undone
