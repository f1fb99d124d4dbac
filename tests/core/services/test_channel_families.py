"""A channel's members behave as the channel itself, in every place that names one (D6, S6, S11, P2)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from referral_core import Actor, CodeRefused, ReferralDesk, Refusal, Role
from referral_core.entities.discount_group import Side
from referral_core.programme.settings import GroupLine, GroupSetting
from referral_core.values.errors import Reason
from tests.office import HOUSEHOLD, NOON, SYSTEM, WHEN, Office
from tests.phrases import euros, refused

pytestmark = pytest.mark.rule("D6")

PARTNERS: Final = attrs.evolve(
    HOUSEHOLD,
    channels=("self-service", "sales-portal", "distributor", "kiosk", "agency"),
    blocking_channels=("self-service", "kiosk"),
    excluded_channels=("agency",),
    groups=(
        *HOUSEHOLD.groups,
        GroupSetting("referrer-partners", Side.REFERRER, "referrer-partners"),
        GroupSetting("referee-partners", Side.REFEREE, "referee-partners"),
    ),
    referrer_groups=(GroupLine("referrer-partners", channel="distributor"), GroupLine("referrer")),
    referee_groups=(
        GroupLine("referee-partners", channel="distributor"),
        GroupLine("referee-self-service", channel="self-service"),
        GroupLine("referee-manual"),
    ),
)
MEMBERS: Final = st.text(alphabet=st.characters(categories=("L", "N", "P")), min_size=1, max_size=8)


def market() -> tuple[Office, str]:
    """Return an office under the programme of partners, where A's code is active."""
    office = Office(PARTNERS).with_amounts()
    for group, amount in (("referrer-partners", "3"), ("referee-partners", "4")):
        office.session("2021-01-01").groups.set_amount(group, euros(amount))
    return office, office.referrer("A")


def reasons(act: Callable[[], object]) -> tuple[Reason, ...]:
    """Return the reasons for which an act is refused; none if it is not."""
    try:
        act()
    except Refusal as refusal:
        return refusal.reasons
    return ()


def seen_by(channel: str, family: str, member: str) -> list[object]:
    """Return what comes of a channel in every place that names one, where it is ``family`` or ``family/member``."""
    office, code = market()
    own = office.session(by=Actor("Shop", Role.AGENT, channels=frozenset({family})))
    till = office.session(by=Actor("Till", Role.AGENT, channels=frozenset({f"{family}/{member}/till"})))
    office.concluded("K-B", on="B", channel=channel)
    against = reasons(lambda: office.concluded("K-C", on="C", code=code, channel=channel))
    unusable = reasons(lambda: office.concluded("K-D", on="D", code="NOBODYS1", channel=channel))
    signed = [office.store.contracts.find(contract) for contract in ("K-C", "K-D")]
    referral = office.store.referrals.find("K-C")
    return [
        (against, unusable, [None if each is None else each.warnings for each in signed]),
        None if referral is None else (referral.referrer_offer, referral.referee_offer),
        [office.session().codes.check(code, channel=channel, customer=who) for who in (None, "a", "new")],
        own.codes.check(code, channel=channel),
        reasons(lambda: till.codes.check(code, channel=channel)),
        reasons(lambda: own.sign_ups.attach("K-B", code=code, channel=channel)),
        [[each.contract.id for each in who.sign_ups.page(channel=family)] for who in (office.session(), own, till)],
        [[each.contract.id for each in who.sign_ups.page()] for who in (own, till)],
        own.sign_ups.find("K-B").contract.id,
        reasons(lambda: till.sign_ups.find("K-B")),
    ]


@settings(max_examples=25)
@given(MEMBERS, st.sampled_from(PARTNERS.channels))
def test_a_member_behaves_as_its_family(member: str, family: str) -> None:
    assert seen_by(f"{family}/{member}", family, member) == seen_by(family, family, member)


@pytest.mark.rule("S7")
def test_both_sides_have_the_groups_of_the_new_contracts_channel() -> None:
    office, code = market()
    referral = office.concluded("K-B", on="B", code=code, channel="distributor/shop7").referral
    assert referral is not None
    assert [(offer.group, str(offer.amount.amount)) for offer in (referral.referrer_offer, referral.referee_offer)] == [
        ("referrer-partners", "3.00"),
        ("referee-partners", "4.00"),
    ]
    usual = office.concluded("K-C", on="C", code=code).referral
    assert usual is not None
    assert (usual.referrer_offer.group, usual.referee_offer.group) == ("referrer", "referee-self-service")


def test_an_explanation_names_the_line_of_either_side() -> None:
    office, code = market()
    for contract, account, channel in (("K-B", "B", "distributor/shop7"), ("K-C", "C", "self-service")):
        office.concluded(contract, on=account, code=code, channel=channel)
    partners = office.session().referrals.explain("K-B")
    assert (partners.referrer.line, partners.referee.line) == (
        PARTNERS.lines_of(Side.REFERRER)[0],
        PARTNERS.referee_groups[0],
    )
    assert (partners.referrer.origin, partners.is_verified) == ("table", True)
    assert office.session().referrals.explain("K-C").referrer.line == GroupLine("referrer")
    changed = attrs.evolve(PARTNERS, referrer_groups=(GroupLine("referrer-partners"),))
    later = ReferralDesk(changed, office.store).session(actor=SYSTEM, now=WHEN)
    assert later.referrals.explain("K-C").referrer.origin == "programme"


@pytest.mark.rule("S6", "S9")
def test_a_member_of_a_blocking_channel_blocks() -> None:
    office, _ = market()
    with pytest.raises(CodeRefused):
        office.concluded("K-B", on="B", code="NOBODYS1", channel="kiosk/central")
    assert office.concluded("K-B", on="B", code="NOBODYS1", channel="kiosks").contract.warnings == ("code-unknown",)


@pytest.mark.rule("S11")
@pytest.mark.parametrize(
    ("own", "other", "eligible"),
    [
        ("agency", "sales-portal", False),
        ("agency/north", "sales-portal", False),
        ("sales-portal", "agency/north", False),
        ("sales-portal", "agencies", True),
    ],
)
def test_an_excluded_channel_is_not_eligible_whether_it_concludes_or_attaches(
    own: str, other: str, eligible: bool
) -> None:
    office, code = market()
    office.concluded("K-B", on="B", channel=own)
    attach = office.session(NOON).sign_ups.attach
    if eligible:
        assert attach("K-B", code=code, channel=other).referral is not None
    else:
        with refused("not-eligible"):
            attach("K-B", code=code, channel=other)
    assert (office.session().codes.check(code, channel=own).reasons == ()) == (not own.startswith("agency"))


@pytest.mark.rule("S11", "K2")
def test_a_case_cannot_be_finished_with_its_code_in_an_excluded_channel() -> None:
    office, code = market()
    office.session(NOON).cases.open("S-1", customer="b", code=code)
    finished = office.session(WHEN).cases.finish("S-1", contract="K-B", account="B", customer="b", channel="agency/x")
    assert finished.sign_up.referral is None
    assert finished.sign_up.contract.warnings == ("not-eligible",)


@pytest.mark.rule("S11")
def test_words_that_the_programme_does_not_name_are_accepted() -> None:
    office, code = market()
    signed = office.concluded("K-B", on="B", code=code, channel="fair/tartu", product="heat")
    assert (signed.contract.product, signed.contract.warnings) == ("heat", ("not-eligible",))
    staff = office.concluded("K-C", on="C", code=code, channel="fair/tartu").referral
    assert staff is not None
    assert staff.referee_offer.group == "referee-manual"


@pytest.mark.rule("P2", "A1")
@pytest.mark.parametrize(
    ("limits", "asked", "seen"),
    [
        (["distributor"], None, ["K-all", "K-s7", "K-s8"]),
        (["distributor/shop7"], None, ["K-s7"]),
        (["distributor/shop7"], "distributor", ["K-s7"]),
        (["distributor"], "distributor/shop8", ["K-s8"]),
        (["distributor/shop7", "distributor/shop8"], None, ["K-s7", "K-s8"]),
        (["distributor/shop9"], "distributor", []),
        (["distributor/shop7"], "self-service", []),
    ],
)
def test_a_shop_sees_its_own_and_its_family_all(limits: list[str], asked: str | None, seen: list[str]) -> None:
    office, _ = market()
    channels = {
        "K-all": "distributor",
        "K-own": "self-service",
        "K-s7": "distributor/shop7",
        "K-s8": "distributor/shop8",
    }
    for contract, channel in channels.items():
        office.concluded(contract, on=contract[2:], channel=channel)
    actor = Actor("Shop", Role.AGENT, channels=frozenset(limits))
    found = office.session(by=actor).sign_ups.page(channel=asked)
    assert [each.contract.id for each in found] == seen
    for contract in channels:
        if contract in seen:
            office.session(by=actor).sign_ups.find(contract)
        elif asked is None:
            with refused("not-allowed"):
                office.session(by=actor).sign_ups.find(contract)
