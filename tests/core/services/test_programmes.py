"""The programme and its store: what is missing is told wherever it matters, and is added by one act."""

from __future__ import annotations

from typing import Final

import attrs
import pytest

from referral_core import Actor, CodeRefused, Programme, ReferralDesk, Refusal, Role, Side
from referral_core.entities.discount_group import DiscountGroup
from referral_core.entities.trace import PROGRAMME_SUBJECT, group_subject
from referral_core.programme.messages import Messages
from referral_core.programme.settings import GroupLine, GroupSetting
from referral_core.services.programmes import GroupDifference, NameTaken, ProgrammeDiff
from tests.office import HOUSEHOLD, NOON, WHY, Office
from tests.phrases import at, euros, refused

ADA: Final = Actor("Ada", Role.ADMINISTRATOR)
FAIR: Final = GroupSetting("fair", Side.REFEREE, "At the fair")
FRIENDS: Final = GroupSetting("friends", Side.REFERRER, "friends")
AT_THE_FAIR: Final = attrs.evolve(
    HOUSEHOLD,
    groups=(*HOUSEHOLD.groups, FAIR, FRIENDS),
    channels=(*HOUSEHOLD.channels, "fair"),
    referee_groups=(GroupLine("fair", channel="fair"), *HOUSEHOLD.referee_groups),
)
"""The household programme, to which two groups and a channel were added later on."""
pytestmark = pytest.mark.rule("P5")


def grown(programme: Programme = AT_THE_FAIR) -> Office:
    """Return an office with amounts and the code A123, whose programme has grown since its store was made."""
    office = Office().with_amounts()
    office.supplied("A", on="A")
    office.session("2021-01-06").codes.issue("A", code="A123", replace=True)
    office.desk = ReferralDesk(programme, office.store)
    return office


# ── what is missing ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_store_of_its_own_programme_lacks_nothing() -> None:
    office = Office()
    assert office.desk.missing_groups() == ()
    assert office.session().programme.diff() == ProgrammeDiff()
    assert office.session().programme.diff().is_empty


def test_the_groups_that_a_programme_got_later_are_missing() -> None:
    office = grown()
    before = office.state()
    found = office.session().programme.diff()
    assert office.desk.missing_groups() == ("fair", "friends")
    assert found == ProgrammeDiff(missing=(FAIR.group(), FRIENDS.group()))
    assert not found.is_empty
    assert office.state() == before


def test_a_group_that_differs_is_told_and_stays() -> None:
    office = grown()
    office.session(NOON).groups.add("fair", side=Side.REFERRER, name="At the fair")
    office.session(NOON).groups.rename("referrer", name="Friends of ours")
    office.session(NOON).groups.add("spring", side=Side.REFEREE)
    found = office.session().programme.diff()
    assert found.missing == (FRIENDS.group(),)
    assert found.different == (
        GroupDifference("referrer", "name", "referrer", "Friends of ours"),
        GroupDifference("fair", "side", "referee", "referrer"),
    )
    assert found.others == ("spring",)
    assert not attrs.evolve(found, missing=()).is_empty
    office.session().programme.apply()
    assert office.session().programme.diff() == attrs.evolve(found, missing=())


# ── applying ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("A2", "D2")
def test_what_is_missing_is_added_and_traced() -> None:
    office = grown()
    before, groups = office.all_traced(), office.store.groups.all()
    found = office.desk.session(actor=ADA, now=at(NOON)).programme.apply(reason=WHY)
    assert found == ProgrammeDiff(missing=(FAIR.group(), FRIENDS.group()))
    assert office.store.groups.all() == (*groups, FAIR.group(), FRIENDS.group())
    added = [row for row in office.all_traced() if row not in before]
    assert {(row.subject, row.act) for row in added} == {
        (PROGRAMME_SUBJECT, "programme.apply"),
        (group_subject("fair"), "group.add"),
        (group_subject("friends"), "group.add"),
    }
    (row,) = [row for row in added if row.subject == PROGRAMME_SUBJECT]
    assert (row.actor, row.reason, row.moment) == ("Ada", WHY, at(NOON))
    assert row.after == {"fair": "referee", "friends": "referrer"}


def test_what_was_applied_is_not_applied_again() -> None:
    office = grown()
    office.session(NOON).programme.apply()
    before = office.state()
    assert office.session().programme.apply() == ProgrammeDiff()
    assert office.state() == before


@pytest.mark.parametrize("called", ["At the fair", "AT THE FAIR"])
def test_nothing_is_added_while_another_group_has_the_name(called: str) -> None:
    office = grown()
    office.session(NOON).groups.rename("referrer", name=called)
    before = office.state()
    assert office.session().programme.diff().taken == (NameTaken("fair", "At the fair", "referrer"),)
    with refused("group-exists", field="group", naming="referrer of the store has the name of the missing group fair"):
        office.session().programme.apply()
    assert office.state() == before


# ── wherever it matters ───────────────────────────────────────────────────────────────────────────────────────────────


def fair(office: Office) -> DiscountGroup | None:
    return office.store.groups.find("fair")


@pytest.mark.rule("D8", "S5")
@pytest.mark.parametrize("language", ["en", "et", "ru", "lv"])
def test_a_check_says_which_group_was_missing(language: str) -> None:
    office = grown()
    found = office.session().codes.check("A123", channel="fair")
    assert (found.reasons, found.missing_groups) == (("no-amount",), ("fair",))
    hint = Messages.for_language(language).not_applied(["fair"])
    assert hint.endswith(": fair.")
    assert list(found.sentences(language).values()) == [
        f"{Messages.for_language(language).staff(*found.reasons)} {hint}"
    ]
    assert hint in "\n".join(found.lines(language))
    assert "fair" in found._repr_html_()


@pytest.mark.rule("D8", "S5")
def test_a_group_without_an_amount_is_not_missing() -> None:
    office = grown()
    office.session(NOON).programme.apply()
    found = office.session().codes.check("A123", channel="fair")
    assert (found.reasons, found.missing_groups) == (("no-amount",), ())
    assert list(found.sentences().values()) == [Messages.for_language("en").staff(*found.reasons)]
    office.session(NOON).groups.set_amount("fair", euros("9"))
    assert office.session().codes.check("A123", channel="fair").usable


@pytest.mark.rule("D8", "S6")
def test_a_refusal_says_which_groups_were_missing() -> None:
    office = grown(attrs.evolve(AT_THE_FAIR, referrer_group="friends", blocking_channels=("fair",)))
    with pytest.raises(CodeRefused, match="does not have, so that the programme has to be applied: friends, fair"):
        office.session().sign_ups.conclude("B", account="B", customer="b", code="A123", channel="fair")


@pytest.mark.rule("D7")
@pytest.mark.parametrize("apply", [False, True])
def test_a_chosen_group_that_the_programme_names_is_told_to_be_missing(apply: bool) -> None:
    office = grown()
    office.concluded("B", on="B", code="A123")
    if apply:
        office.session(NOON).programme.apply()
        with refused("no-amount", field="group"):
            office.session().referrals.change_group("B", group="fair", reason=WHY)
        return
    with refused("group-unknown", naming="there is no group fair: the programme names it, and has to be applied"):
        office.session().referrals.change_group("B", group="fair", reason=WHY)
    with refused("group-unknown", naming="there is no group fair: the programme names it, and has to be applied"):
        office.session().groups.set_amount("fair", euros("9"))
    with pytest.raises(Refusal, match=r"there is no group nobody$"):
        office.session().groups.set_amount("nobody", euros("9"))


@pytest.mark.rule("D7")
def test_a_group_of_the_other_side_is_there_and_no_referee_group() -> None:
    office = grown()
    office.concluded("B", on="B", code="A123")
    with refused("group-unknown", naming="referrer is no referee group"):
        office.session().referrals.change_group("B", group="referrer", reason=WHY)
