"""Who may do what, written out by hand and held against every act: by role, own accounts, segments, channels (A1, P2).

And who has to say why (A2).

An act that the table does not name fails here, and so does one whose declaration says something else than the table.
"""

from __future__ import annotations

from typing import Any, Final

import attrs
import pytest

from referral_core import Actor, Role, Side
from referral_core.rules.permissions import given_reason, permit_role, required_reason
from referral_core.services.permissions import Permissions
from referral_core.session import ACTS
from tests.core.every_act import ask, busy, undone
from tests.office import HOUSEHOLD, NOON, Office, SteppedOffice
from tests.phrases import actor, at, contract, euros, refused

ROLES: Final = (Role.CUSTOMER, Role.AGENT, Role.SUPERVISOR, Role.ADMINISTRATOR, Role.SYSTEM)
STAFF: Final = (Role.AGENT, Role.SUPERVISOR, Role.ADMINISTRATOR)


@attrs.frozen
class Row:
    """What the table says of an act."""

    least: Role
    own: bool
    channels: bool
    manual: bool | tuple[str, ...]
    touched: tuple[str, ...]

    @property
    def roles(self) -> tuple[Role, ...]:
        """The roles that may ask for it."""
        return ROLES[ROLES.index(self.least) :]

    @property
    def is_for_all(self) -> bool:
        """Tell whether it is done for every account there is, so for whoever may see all segments."""
        return "all" in self.touched


def row(least: str, own: str, channels: str, why: str, *touched: str) -> Row:
    manual = why == "always" or (() if why == "no" else tuple(why.split("/")))
    return Row(Role(least), own == "own", channels == "yes", manual or False, touched)


WHO_MAY: Final = {
    first: row(*rest)
    for first, *rest in map(
        str.split,
        """
        code.check               customer       any  yes  no            sign-up
        code.shared              customer       own  no   no            holder
        code.present             customer       own  no   no            account
        sharing.text             customer       own  no   no            holder
        sharing.figures          customer       own  no   no            account
        account.list             customer       own  no   no
        account.show             customer       own  no   no            account
        account.referrals        customer       own  no   no            account
        account.movements        customer       own  no   no            account
        account.activity         agent          any  no   no            account
        sign-up.show             agent          any  yes  no            holder  account
        sign-up.list             agent          any  yes  no
        case.show                agent          any  no   no            sign-up  holder
        case.list                agent          any  no   no
        group.list               agent          any  yes  no
        group.show               agent          any  yes  no
        code.show                agent          any  no   no            holder
        contract.concluded       agent          any  yes  group/honour  sign-up  account
        code.attach              agent          any  yes  group/honour  account
        code.issue               agent          any  no   always        account
        referral.change-group    agent          any  no   always        holder  account
        referral.explain         agent          any  no   no            holder  account
        case.open                agent          any  no   no            sign-up
        case.finish              agent          any  no   no            sign-up  holder  account
        case.abandon             agent          any  no   no            sign-up  holder
        code.end                 supervisor     any  no   always        holder
        referral.hold            supervisor     any  no   always        holder  account
        referral.release         supervisor     any  no   always        holder  account
        referral.void            supervisor     any  no   always        holder  account
        discount.transfer        supervisor     any  no   no            account  target
        termination-fee.note     supervisor     any  no   always        holder  account
        termination-fee.propose  supervisor     any  no   no            holder  account
        grant.stuck              supervisor     any  no   no
        grant.backlog            supervisor     any  no   no            all
        grant.retry              supervisor     any  no   always        account
        group.add                administrator  any  no   no
        group.rename             administrator  any  no   no
        group.disable            administrator  any  no   no
        group.enable             administrator  any  no   no
        amount.set               administrator  any  no   correction
        amount.preview           administrator  any  no   no
        programme.diff           administrator  any  no   no
        programme.apply          administrator  any  no   no
        trace.show               administrator  any  no   no            holder
        trace.account            administrator  any  no   no            holder
        trace.contract           administrator  any  no   no            holder  account
        trace.verify             administrator  any  no   no            all
        trace.verify-state       administrator  any  no   no            all
        trace.seal               administrator  any  no   no            all
        customer.erasable        administrator  any  no   no            account
        customer.erase           administrator  any  no   always        account
        contract.import          administrator  any  no   always        sign-up  account
        code.due                 administrator  any  no   no            all
        code.launch              administrator  any  no   always        all
        contract.activated       system         any  no   no            account
        contract.terminated      system         any  no   no            account
        contract.withdrawn       system         any  no   no            account
        contract.annulled        system         any  no   no            holder  account
        bill.issued              system         any  no   no            account
        bill.cancelled           system         any  no   no            all
        grant.pay                system         any  no   no            all
        grant.pay-all            system         any  no   no            all
        grant.pay-these          system         any  no   no            all
        """.strip().splitlines(),
    )
}
"""Of each act: its least role; whether a customer may ask for it about their own accounts only; whether it is for those
limited to channels; when a person has to say why; and what it shows or changes, each of which must be in the segments
of an actor who is limited to some.

``sign-up`` is the contract that is asked about or concluded, or what a case is about; ``holder`` the account that
holds the code in question; ``customer`` another account of the customer a code is judged for; ``account`` the account
that the act is about, with all contracts on it, and ``target`` the one that a discount is moved to.
"""

BY: Final = {
    "own": Actor("a", Role.CUSTOMER),
    "other": Actor("z", Role.CUSTOMER),
    **{role.value: Actor("Mari", role) for role in ROLES if role is not Role.CUSTOMER},
}
"""Those who ask: everything is about customer A."""

EVERY_ACT: Final = pytest.mark.parametrize("act", WHO_MAY)
FOR_ALL: Final = [act for act, row in WHO_MAY.items() if row.is_for_all]
WITHIN: Final = pytest.mark.parametrize("act", [act for act in WHO_MAY if act not in FOR_ALL])
MANUAL: Final = [
    (act, with_) for act, row in WHO_MAY.items() for with_ in ([None] if row.manual is True else row.manual or [])
]
"""Every act that a person has to give a reason for, each with the argument that makes it so."""
EVERY_MANUAL_ACT: Final = pytest.mark.parametrize(("act", "with_"), MANUAL)
CHOSEN: Final[dict[str | None, dict[str, Any]]] = {
    None: {},
    "group": {"group": "referee-manual"},
    "honour": {"honour": at("2021-01-20")},
    "correction": {"correction": True},
}
NO_REASON: Final = pytest.mark.parametrize(
    "said", [{}, *({"reason": said} for said in (None, "", " ", "\t\n", "\u00a0\u2003"))]
)


@pytest.mark.rule("A1", "A2", "P2")
def test_the_table_names_every_act_and_says_what_its_declaration_says() -> None:
    declared = {name: (act.least, act.channels, act.manual) for name, act in ACTS.items()}
    assert declared == {name: (row.least, row.channels, row.manual) for name, row in WHO_MAY.items()}


# ── roles and own accounts ────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("A1")
@EVERY_ACT
def test_an_act_is_done_by_whom_the_table_says_and_refused_to_all_others(act: str) -> None:
    office, row = busy(), WHO_MAY[act]
    for named, who in BY.items():
        before = office.state()
        if who.role in row.roles and not (row.own and named == "other"):
            with undone(office):
                ask(office.session(by=who), act)
        else:
            with refused("not-allowed", field="actor"):
                ask(office.session(by=who), act)
        assert office.state() == before


class Closed:
    """A repository that must not be asked anything."""

    def __getattr__(self, method: str) -> object:
        raise AssertionError(f"{method} was asked for")


@pytest.mark.rule("A1", "A6")
@EVERY_ACT
def test_who_may_not_is_refused_before_anything_is_looked_at(act: str) -> None:
    row = WHO_MAY[act]
    lesser = [Actor("Mari", role) for role in ROLES if role not in row.roles]
    elsewhere = [] if row.channels else [Actor("Partner Ltd", Role.SYSTEM, channels=frozenset({"north"}))]
    for who in [*lesser, *elsewhere]:
        steps: list[str] = []
        office = SteppedOffice()
        session, store = office.session(by=who), office.store
        for part in [name for name in vars(store) if not name.startswith("_") and name != "code_key"]:
            setattr(store, part, Closed())
        store.step = steps.append
        with refused("not-allowed", field="actor"):
            ask(session, act)
        assert steps in ([], ["begin"])  # rolled back, if there was a transaction at all


@pytest.mark.rule("A1")
def test_the_refusal_names_the_least_role() -> None:
    with refused("not-allowed", field="actor", naming="code.end asks for the role supervisor, not agent"):
        permit_role(actor("agent"), "code.end", Role.SUPERVISOR, channels=False)


@pytest.mark.rule("A1")
@pytest.mark.parametrize("act", [act for act, row in WHO_MAY.items() if row.own])
def test_a_customer_does_not_learn_what_there_is_of_others(act: str) -> None:
    """In the same words they are refused what is there, what is not, and what they ask for in an empty office."""
    naming = f"{act} is for the customer's own accounts"
    with refused("not-allowed", field="actor", naming=naming):
        ask(busy().session(by=BY["other"]), act)
    if "account" in ACTS[act].params:
        with refused("not-allowed", field="actor", naming=naming):
            ask(busy().session(by=BY["other"]), act, account="NOWHERE")
        with refused("not-allowed", field="actor", naming=naming):
            ask(Office().session(by=BY["own"]), act)


@pytest.mark.rule("A1", "A6")
def test_a_customer_does_not_learn_which_codes_there_are() -> None:
    for act in ("code.shared", "sharing.text"):
        for code in ("A123", "B999"):
            with refused("not-allowed", field="actor", naming=f"{act} is for the customer's own accounts"):
                ask(busy().session(by=BY["other"]), act, code=code)


# ── reasons ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("A2")
@NO_REASON
@EVERY_MANUAL_ACT
def test_a_person_has_to_say_why_and_is_told_so_first(act: str, with_: str | None, said: dict[str, str | None]) -> None:
    """Before anything is looked up: in an office where nothing has happened they are told the same."""
    office = busy()
    before = office.state()
    for role in WHO_MAY[act].roles:
        for asked in (office, Office()):
            given = {"reason": None, **CHOSEN[with_], **said}
            if role is Role.SYSTEM:
                continue
            with refused("reason-missing", field="reason", naming=f"{act} by a person needs a reason"):
                ask(asked.session(by=Actor("Mari", role)), act, **given)
    assert office.state() == before


@pytest.mark.rule("A1", "A2")
@EVERY_MANUAL_ACT
def test_who_may_not_is_not_asked_why(act: str, with_: str | None) -> None:
    for role in ROLES:
        if role not in WHO_MAY[act].roles:
            with refused("not-allowed", field="actor"):
                ask(busy().session(by=Actor("Mari", role)), act, reason=None, **CHOSEN[with_])


@pytest.mark.rule("A2")
@pytest.mark.parametrize("said", [None, "", " \n"])
@EVERY_MANUAL_ACT
def test_a_system_need_not_say_why_and_a_blank_reason_is_none(act: str, with_: str | None, said: str | None) -> None:
    office = busy()
    before = office.all_traced()
    ask(office.session(), act, reason=said, **CHOSEN[with_])
    added = [row for row in office.all_traced() if row not in before]
    assert {row.reason for row in added} <= {None}


@pytest.mark.rule("A2")
@pytest.mark.parametrize("act", ["contract.concluded", "code.attach", "amount.set"])
def test_where_nothing_was_chosen_nobody_has_to_say_why(act: str) -> None:
    other = {"correction": False} if act == "amount.set" else {}
    ask(busy().session(by=Actor("Mari", WHO_MAY[act].least)), act, reason=None, **other)


@pytest.mark.rule("A2")
@pytest.mark.parametrize("role", ROLES)
def test_a_reason_is_kept_without_the_blanks_around_it(role: Role) -> None:
    assert required_reason(actor(role), "code.end", " moved  away\n") == "moved  away"
    assert given_reason("x") == "x"
    assert given_reason(" \t") is given_reason(None) is None


# ── segments ──────────────────────────────────────────────────────────────────────────────────────────────────────────

PIECES: Final = ("sign-up", "holder", "customer", "account", "target")
BOTH: Final = ("household", "micro-business")
OF_TOWN: Final[dict[str, dict[str, Any]]] = {
    "code.check": {"customer": "h"},
    "code.issue": {"account": "D", "replace": True},
    "contract.import": {"contracts": [contract("NEW", on="N", of="n")]},
    **{
        act: {"account": "D"}
        for act in (
            "code.present",
            "sharing.figures",
            "account.show",
            "account.referrals",
            "account.movements",
            "account.activity",
        )
    },
}
"""What is asked for otherwise in a town, so that the account is another one than the holder's."""


def town(**segments: str) -> Office:
    """Return an office in which every act can be done; all is of households but for the pieces that are named."""
    of = {piece: segments.get(piece.replace("-", "_"), "household") for piece in PIECES}
    office = Office(attrs.evolve(HOUSEHOLD, segments=BOTH, issuing_segments=BOTH)).with_amounts()

    def concluded(contract: str, on: str, piece: str, customer: str, code: str | None = None) -> None:
        office.concluded(contract, on=on, of=customer, segment=of[piece], code=code)

    office.concluded("K-A", on="A", when="2021-01-05 12:00", segment=of["holder"])
    office.activated("K-A", "2021-01-05 12:00")
    office.session("2021-01-06").codes.issue("A", code="A123", replace=True)
    for customer in ("c", "f", "n", "h"):
        concluded(f"K-{customer}2", f"{customer}2", "customer", customer)
    for account in ("F", "N"):
        concluded(f"K-{account}", account, "account", account.lower())
    concluded("OPEN", "B", "account", "b", code="A123")
    concluded("HELD", "L", "account", "l", code="A123")
    office.session(NOON).referrals.hold("HELD")
    concluded("BARE", "C", "account", "c")
    concluded("DUE", "I", "account", "i", code="A123")
    concluded("GONE", "X", "account", "x")
    office.withdrawn("GONE")
    for named, account in (("PAID", "D"), ("LEFT", "E")):
        concluded(named, account, "account", account.lower(), code="A123")
        office.activated(named)
    office.paid()
    office.session("2021-02-28").discounts.bill("R0", account="E", amount=euros("1"))
    office.terminated("LEFT", "2021-03-01")
    office.activated("DUE")
    concluded("STAYED", "E2", "target", "e")
    office.activated("STAYED")
    office.session(NOON).cases.open("case-1", customer="f", code="A123", segment=of["sign-up"])
    office.session(NOON).groups.add("fair", side=Side.REFEREE)
    return office


def ask_in_town(office: Office, act: str, who: Actor, segment: str = "household") -> None:
    """Ask for an act in a town whose sign-ups are of a segment."""
    given = OF_TOWN.get(act, {})
    if "segment" in ACTS[act].params and act != "case.finish":
        given = {**given, "segment": segment}
    if "contracts" in given:
        given = {"contracts": [attrs.evolve(each, segment=segment) for each in given["contracts"]]}
    ask(office.session(by=who), act, **given)


def limited(role: Role, *segments: str) -> Actor:
    return Actor("a", role, frozenset(segments))


def admitted(act: str) -> list[Role]:
    """Return the roles that may do an act, customers left out: only staff and systems are limited to segments."""
    return [role for role in WHO_MAY[act].roles if role is not Role.CUSTOMER]


@pytest.mark.rule("A1")
@pytest.mark.parametrize("piece", PIECES)
@WITHIN
def test_whatever_an_act_touches_must_be_in_the_actors_segments(act: str, piece: str) -> None:
    office = town(**{piece.replace("-", "_"): "micro-business"})
    segment, before = "micro-business" if piece == "sign-up" else "household", office.state()
    for role in admitted(act):
        if piece in WHO_MAY[act].touched:
            with refused("not-allowed", field="actor", naming="a segment outside household"):
                ask_in_town(office, act, limited(role, "household"), segment)
        elif piece == "holder" and act in {"contract.concluded", "code.attach"}:
            with refused("code-unknown"):  # for them there is no such code
                ask_in_town(office, act, limited(role, "household"), segment)
        else:
            with undone(office):
                ask_in_town(office, act, limited(role, "household"), segment)
        assert office.state() == before


@pytest.mark.rule("A1")
@WITHIN
def test_who_manages_households_does_not_need_companies_nor_the_other_way_round(act: str) -> None:
    companies = {piece.replace("-", "_"): "micro-business" for piece in PIECES}
    for own, other, named in (("household", "micro-business", {}), ("micro-business", "household", companies)):
        office = town(**named)
        for role in admitted(act):
            with undone(office):
                ask_in_town(office, act, limited(role, own), own)
            if WHO_MAY[act].touched:
                with refused("not-allowed", field="actor"):
                    ask_in_town(office, act, limited(role, other), own)


@pytest.mark.rule("A1")
@pytest.mark.parametrize("act", [act for act, row in WHO_MAY.items() if {"account", "target"} & {*row.touched}])
def test_one_contract_of_another_segment_on_an_account_is_enough(act: str) -> None:
    office = town()
    for number, account in enumerate(("B", "C", "D", "F", "I", "L", "N", "E2", "X")):
        customer = account[0].lower()
        office.concluded(f"MORE-{number}", on=account, of=customer, segment="micro-business", product="solar")
    for role in admitted(act):
        with refused("not-allowed", field="actor"):
            ask_in_town(office, act, limited(role, "household"))


@pytest.mark.rule("A1")
@pytest.mark.parametrize("act", FOR_ALL)
def test_what_is_done_for_all_accounts_is_for_whoever_may_see_all_segments(act: str) -> None:
    office = town()
    for role in admitted(act):
        with undone(office):
            ask(office.session(by=limited(role, *BOTH)), act)
        with refused("not-allowed", field="actor"):
            ask(office.session(by=limited(role, "household")), act)


@pytest.mark.rule("A1")
@pytest.mark.parametrize("act", [act for act, row in WHO_MAY.items() if row.touched])
def test_a_limit_that_names_no_segment_admits_none(act: str) -> None:
    with refused("not-allowed", field="actor", naming=f"{act} touches a segment outside "):
        ask_in_town(town(), act, limited(Role.SYSTEM))


@pytest.mark.rule("A1")
def test_the_refusal_of_a_segment_names_the_actors_own() -> None:
    with refused("not-allowed", field="actor", naming="code.issue touches a segment outside industry, micro-business"):
        ask(busy().session(by=limited(Role.AGENT, "micro-business", "industry")), "code.issue")


@pytest.mark.rule("A1")
def test_the_role_is_refused_before_the_segment() -> None:
    with refused("not-allowed", naming="asks for the role supervisor"):
        ask(busy().session(by=limited(Role.AGENT, "micro-business")), "code.end")


@pytest.mark.rule("A1")
def test_without_a_code_nothing_is_seen_of_the_customers_other_accounts() -> None:
    session = town(customer="micro-business").session(by=limited(Role.AGENT, "household"))
    session.sign_ups.conclude("NEW", account="N", customer="n")
    session.cases.open("case-2", customer="h")
    with refused("not-allowed", field="actor"):
        session.sign_ups.conclude("NEW-2", account="n2", customer="n")


@pytest.mark.rule("A1", "K2")
def test_a_case_without_a_code_is_finished_without_a_look_at_the_customers_other_accounts() -> None:
    office = town(customer="micro-business")
    office.session(NOON).cases.open("BARE", customer="f")
    agent = office.session(by=limited(Role.AGENT, "household"))
    assert agent.cases.finish("BARE", contract="NEW", account="F", customer="f").sign_up.referral is None


@pytest.mark.rule("A1", "A6")
def test_what_shows_everything_there_is_asks_for_somebody_without_limits() -> None:
    store, trace = town().store, ACTS["trace.show"]
    programme = attrs.evolve(HOUSEHOLD, segments=BOTH)
    for who in (Actor("a"), limited(Role.ADMINISTRATOR, *BOTH)):
        Permissions(store, programme, who).admit_everywhere(trace)
    for who in (actor("supervisor"), limited(Role.SYSTEM, "household"), Actor("a", channels=frozenset({"north"}))):
        with refused("not-allowed", field="actor"):
            Permissions(store, programme, who).admit_everywhere(trace)


@pytest.mark.rule("A1", "C1")
def test_a_code_is_its_holders_however_it_is_written() -> None:
    with refused("not-allowed", field="actor"):
        town(holder="micro-business").session(by=limited(Role.AGENT, "household")).codes.show(" a-1 23")


NOT_THERE: Final[dict[str, dict[str, Any]]] = {
    "code.end": {"code": "B999"},
    "code.show": {"code": "B999"},
    "sharing.text": {"code": "B999"},
    "code.issue": {"account": "NOWHERE"},
    "account.show": {"account": "NOWHERE"},
    "termination-fee.propose": {"contract": "K9"},
    "contract.activated": {"contract": "K9"},
    "sign-up.show": {"contract": "K9"},
    "code.attach": {"contract": "K9"},
    "grant.retry": {"key": "referee/K9"},
    "case.abandon": {"case": "case-9"},
    "case.finish": {"case": "case-9"},
    "trace.show": {"subject": "referral:K9"},
    "customer.erasable": {"customer": "nobody"},
}
"""What acts are asked about that is not there."""


@pytest.mark.rule("A1", "A6")
@pytest.mark.parametrize("act", NOT_THERE)
def test_what_is_not_there_is_refused_like_what_is_not_theirs(act: str) -> None:
    companies = {piece.replace("-", "_"): "micro-business" for piece in PIECES}
    theirs = town(**companies).session(by=limited(Role.SYSTEM, "household"))
    for session, other in ((theirs, {}), (busy().session(by=limited(Role.SYSTEM, "household")), NOT_THERE[act])):
        with refused("not-allowed", field="actor", naming=f"{act} touches a segment outside household"):
            ask(session, act, **{**OF_TOWN.get(act, {}), **other})


# ── channels ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("P2", "A1")
@EVERY_ACT
@pytest.mark.parametrize("role", [role for role in ROLES if role is not Role.CUSTOMER])
def test_whoever_is_limited_to_channels_signs_up_and_does_nothing_else_whatever_their_role(
    act: str, role: Role
) -> None:
    """In a town where all came by the two channels."""
    office, row = town(), WHO_MAY[act]
    before = office.state()
    partner = Actor("Partner Ltd", role, channels=frozenset({"self-service", "sales-portal"}))
    if row.channels and role in row.roles:
        with undone(office):
            ask(office.session(by=partner), act)
    else:
        naming = f"{act} asks for the role" if role not in row.roles else f"{act} is not for those who sign up in some"
        with refused("not-allowed", field="actor", naming=naming):
            ask(office.session(by=partner), act)
    assert office.state() == before


@pytest.mark.rule("P2", "A1")
@pytest.mark.parametrize("act", ["code.check", "contract.concluded", "code.attach", "sign-up.show"])
def test_in_another_channel_they_are_refused(act: str) -> None:
    office = town()
    before = office.state()
    with refused("not-allowed", field="channel", naming=f"{act} is in another channel than the actor's"):
        ask(office.session(by=Actor("Partner Ltd", Role.AGENT, channels=frozenset({"north"}))), act)
    assert office.state() == before
