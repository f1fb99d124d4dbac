"""Decisions: usable with both offers, or not with every reason; the same for the same facts; told to staff."""

from __future__ import annotations

import copy
import pickle
from html.parser import HTMLParser
from typing import Any, Final

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from referral_adapters.memory import MemoryStore
from referral_core import Actor, Programme, ReferralDesk
from referral_core.entities.discount_group import GroupStatus, Terms
from referral_core.entities.promo_code import CodeStatus
from referral_core.entities.referral import Offer
from referral_core.programme.messages import Messages
from referral_core.rules.decision import CodeRefused, Decision, decide, sentences
from referral_core.rules.eligibility import Facts
from referral_core.values.errors import Reason, Refusal
from tests.phrases import at, euros, group, offer, period
from tests.strategies import grid_periods, money, names

REFERRER: Final = group("referrer").giving("10").in_("2021-01-01 .. 2021-03-01").giving("15").from_("2021-03-01")
REFEREE: Final = group("referee-manual").giving("7").from_("2021-01-01")
LANGUAGES: Final = ("en", "et", "ru", "lv")


def facts(judged: str = "2021-02-10 12:00", concluded: str | None = None, /, **other: Any) -> Facts:  # noqa: ANN401
    """Return the facts of a code that can be used, except for what is said to be otherwise."""
    usable = Facts(
        code="A123",
        judged_at=at(judged),
        concluded_at=at(concluded or judged),
        code_status=CodeStatus.ACTIVE,
        referrer_customer="A",
        referrer_terms=REFERRER.done.terms_at(at(judged)),
        referee_terms=REFEREE.done.terms_at(at(judged)),
        customer="B",
    )
    return attrs.evolve(usable, **other)


def unusable(**other: Any) -> Decision:  # noqa: ANN401
    """Return a decision with two reasons against the code."""
    return decide(facts(code_status=CodeStatus.ENDED, referrer_customer="B", **other))


# ── what is decided ───────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("S5", "S7")
def test_a_usable_code_comes_with_both_offers_and_where_they_come_from() -> None:
    decision = decide(facts())
    assert decision.usable
    assert decision.reasons == ()
    assert decision.referrer == offer("referrer", "10", "2021-01-01 .. 2021-03-01")
    assert decision.referee == offer("referee-manual", "7", "2021-01-01 ..")
    assert (decision.code, decision.judged_at, decision.concluded_at) == ("A123", *[at("2021-02-10 12:00")] * 2)


@pytest.mark.rule("S5")
def test_an_unusable_code_comes_with_reasons_and_without_offers() -> None:
    decision = unusable()
    assert not decision.usable
    assert decision.reasons == (Reason.CODE_ENDED, Reason.SELF_REFERRAL)
    assert decision.referrer is None
    assert decision.referee is None


@pytest.mark.rule("D8")
def test_nothing_is_an_offer_too() -> None:
    decision = decide(facts(referee_terms=attrs.evolve(REFEREE.done.terms_at(at("2021-02-10")), amount=euros("0"))))
    assert decision.usable
    assert decision.referee == offer("referee-manual", "0", "2021-01-01 ..")


@pytest.mark.rule("S10")
def test_both_moments_are_kept() -> None:
    decision = decide(facts("2021-02-10 12:00", "2021-03-20 09:30"))
    assert decision.judged_at == at("2021-02-10 12:00")
    assert decision.concluded_at == at("2021-03-20 09:30")


@pytest.mark.rule("S5")
@given(
    st.none() | st.sampled_from(CodeStatus),
    st.builds(Terms, names(), st.sampled_from(GroupStatus), money(most=5_000), grid_periods()),
    st.booleans(),
    st.booleans(),
)
def test_the_same_facts_always_give_the_same_decision(
    status: CodeStatus | None, terms: Terms, covered: bool, referred: bool
) -> None:
    asked = facts(code_status=status, referee_terms=terms, covered=covered, referred=referred)
    kept = copy.deepcopy(asked)
    first, second = decide(asked), decide(copy.deepcopy(asked))
    assert first == second
    assert asked == kept
    assert hash(first) == hash(second)
    assert first.usable == (not first.reasons) == (first.referee is not None) == (first.referrer is not None)


@pytest.mark.rule("S7", "D8")
@pytest.mark.parametrize("side", ["referrer", "referee"])
def test_a_usable_code_always_has_both_offers(side: str) -> None:
    astray = Terms(side, GroupStatus.ENABLED, euros("7"), None)
    decision = decide(facts(**{f"{side}_terms": astray}))
    assert not decision.usable or (decision.referrer is not None and decision.referee is not None)


# ── how it is told ────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("S5")
def test_a_usable_code_is_told_in_three_lines() -> None:
    assert decide(facts()).lines() == (
        "A123 can be used, judged at 2021-02-10 10:00+00:00",
        "  referrer: 10.00 EUR, the amount of referrer from 2020-12-31 22:00+00:00 until 2021-02-28 22:00+00:00",
        "  referee: 7.00 EUR, the amount of referee-manual from 2020-12-31 22:00+00:00 on",
    )


@pytest.mark.rule("S6")
def test_an_unusable_code_is_told_with_every_reason() -> None:
    assert unusable().lines() == (
        "A123 cannot be used, judged at 2021-02-10 10:00+00:00",
        "  code-ended: The code has ended.",
        "  self-referral: The code is the customer's own.",
    )


@pytest.mark.rule("S5")
@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("B" * 40, "B" * 40),
        ("B" * 41, repr("B" * 40)),
        ("B" * 10_000, repr("B" * 40)),
        ("A123\nB456", r"'A123\nB456'"),
        ("\x1b[31m" + "B" * 60, r"'\x1b[31m" + "B" * 35 + "'"),
        ("õ-123", "õ-123"),
    ],
)
def test_what_was_typed_is_told_on_one_line_and_not_at_length(typed: str, shown: str) -> None:
    head, *_ = decide(facts(code=typed, code_status=None, referrer_customer=None)).lines()
    assert head == f"{shown} cannot be used, judged at 2021-02-10 10:00+00:00"


@pytest.mark.rule("S10")
def test_an_honoured_moment_is_told_with_the_concluding_one() -> None:
    head, *_ = decide(facts("2021-02-10 12:00", "2021-06-20 09:30")).lines()
    assert head == "A123 can be used, judged at 2021-02-10 10:00+00:00, honoured for 2021-06-20 06:30+00:00"


@pytest.mark.rule("S6")
@pytest.mark.parametrize("language", LANGUAGES)
def test_reasons_are_told_in_the_language_asked_for(language: str) -> None:
    _, *causes = unusable().lines(language)
    staff = Messages.for_language(language).staff
    assert causes == [f"  {reason.value}: {staff(reason)}" for reason in (Reason.CODE_ENDED, Reason.SELF_REFERRAL)]


@pytest.mark.rule("S6")
@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("en", "The code has ended."),
        ("et", "Kood on lõppenud."),
        ("ru", "Срок действия кода закончился."),
        ("lv", "Kods vairs nav spēkā."),
    ],
)
def test_a_sentence_in_each_language(language: str, sentence: str) -> None:
    assert f"  code-ended: {sentence}" in unusable().lines(language)
    assert sentences((Reason.CODE_ENDED,), language) == {Reason.CODE_ENDED: sentence}


@pytest.mark.rule("S6")
def test_every_reason_has_its_sentence_in_the_order_given() -> None:
    told = sentences(tuple(Reason))
    assert list(told) == list(Reason)
    assert told[Reason.NOT_ALLOWED] == "You are not allowed to do this."


@pytest.mark.parametrize("decision", [decide(facts()), unusable()], ids=["usable", "unusable"])
def test_a_language_that_is_not_spoken_is_refused(decision: Decision) -> None:
    with pytest.raises(LookupError, match="no messages in 'xx'"):
        decision.lines("xx")


@pytest.mark.parametrize("decision", [decide(facts()), unusable()], ids=["usable", "unusable"])
def test_as_text_a_decision_is_its_lines(decision: Decision) -> None:
    assert str(decision) == "\n".join(decision.lines("en"))


class Cells(HTMLParser):
    """The tags of a page, and the text of each table cell."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.cells: list[str] = []
        self.tags: list[str] = []
        self.words = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        assert [name for name, _ in attrs] in ([], ["style"])
        if tag == "td":
            self.cells.append("")

    def handle_data(self, data: str) -> None:
        self.words += data
        if self.cells:
            self.cells[-1] += data


HEAD: Final = ["div", "div", "b", "b", "span", "table"]


def test_in_a_notebook_a_usable_code_is_a_table_of_both_offers() -> None:
    decision = decide(facts())
    assert decision.referrer is not None
    assert decision.referee is not None
    read = Cells(decision._repr_html_())
    assert read.tags == [*HEAD, *["tr", *["td"] * 4] * 3]
    assert read.cells[:8] == [
        "", "amount", "group", "in force",
        "referrer", str(decision.referrer.amount), decision.referrer.group, "2020-12-31 22:00 – 2021-02-28 22:00",
    ]  # fmt: skip
    assert "can be used" in read.words
    assert "judged at" in read.words


def test_in_a_notebook_an_unusable_code_is_a_table_of_every_reason() -> None:
    decision = unusable()
    causes = [cause.strip().split(": ", 1) for cause in decision.lines()[1:]]
    read = Cells(decision._repr_html_())
    assert read.tags == [*HEAD, *["tr", "td", "td"] * len(causes)]
    assert read.cells == [part for cause in causes for part in cause]
    assert "cannot be used" in read.words


@pytest.mark.rule("S10")
def test_in_a_notebook_an_honoured_moment_stands_beside_the_concluding_one() -> None:
    read = Cells(decide(facts("2021-02-10 12:00", "2021-06-20 09:30"))._repr_html_())
    assert "judged at 2021-02-10 10:00 UTC, honoured for 2021-06-20 06:30" in read.words
    assert "honoured" not in Cells(decide(facts())._repr_html_()).words


@given(
    st.text(st.sampled_from("<>&\"'a: /"), max_size=20), st.text(st.sampled_from("<b>&:' x"), min_size=1, max_size=9)
)
def test_in_a_notebook_nothing_that_was_typed_becomes_a_tag(typed: str, named: str) -> None:
    unknown = decide(facts(code=typed, code_status=None, referrer_customer=None))
    read = Cells(unknown._repr_html_())
    assert read.tags == [*HEAD, "tr", "td", "td"]
    assert f"✗ {typed} cannot be used" in read.words
    strange = Terms(named, GroupStatus.ENABLED, euros("7"), period("2021-01-01 .."))
    assert Cells(decide(facts(referee_terms=strange))._repr_html_()).cells[10] == named


# ── refused ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("S6", "S8")
def test_a_refused_code_says_all_about_the_decision() -> None:
    decision = unusable()
    refusal = CodeRefused(decision)
    assert refusal.decision is decision
    assert refusal.reasons == ("code-ended", "self-referral")
    assert refusal.field == "code"
    assert refusal.message == "The code has ended. The code is the customer's own."
    assert str(refusal) == f"code-ended, self-referral: code: {refusal.message}"


@pytest.mark.rule("S6")
def test_a_refused_code_is_a_refusal() -> None:
    assert isinstance(CodeRefused(unusable()), Refusal)


@pytest.mark.parametrize(
    "crossing",
    [copy.copy, copy.deepcopy, lambda error: pickle.loads(pickle.dumps(error))],
    ids=["copy", "deep", "pickle"],
)
def test_a_refused_code_crosses_to_another_process_whole(crossing: Any) -> None:  # noqa: ANN401
    refusal = CodeRefused(unusable())
    crossed = crossing(refusal)
    assert type(crossed) is CodeRefused
    assert (crossed.decision, crossed.reasons) == (refusal.decision, refusal.reasons)
    assert (crossed.message, crossed.field) == (refusal.message, refusal.field)


def test_a_decision_is_a_value() -> None:
    decision = decide(facts())
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        decision.reasons = (Reason.CODE_ENDED,)  # type: ignore[misc]  # that it is refused is what is tested
    assert attrs.evolve(decision, referee=Offer("x", euros("1"), period("2021-01-01 .."))) != decision


@pytest.mark.rule("M1")
def test_what_people_read_of_a_desks_decision_is_in_the_zone_of_its_programme() -> None:
    """Days are days where days were given, and any other moment has its offset."""
    decision = decide(facts("2021-03-01", "2021-06-20 09:30")).shown_by(Programme.default().calendar)
    assert decision.lines() == (
        "A123 can be used, judged at 2021-03-01, honoured for 2021-06-20 09:30+03:00",
        "  referrer: 15.00 EUR, the amount of referrer from 2021-03-01 on",
        "  referee: 7.00 EUR, the amount of referee-manual from 2021-01-01 on",
    )
    read = Cells(decision._repr_html_())
    assert "judged at 2021-03-01 Europe/Tallinn, honoured for 2021-06-20 09:30" in read.words
    assert decision == decide(facts("2021-03-01", "2021-06-20 09:30"))


def test_decisions_of_desks_of_several_zones_are_each_in_their_own() -> None:
    desks = [
        ReferralDesk(programme, MemoryStore(programme))
        for programme in (Programme.default(), Programme(zone="America/New_York"))
    ]
    sessions = [desk.session(actor=Actor.system(), now=at("2021-03-01 12:00")) for desk in desks]
    headlines = [str(session.codes.check("NONE2")).splitlines()[0] for session in sessions]
    judged = [line.partition("judged at ")[2] for line in headlines]
    assert judged == ["2021-03-01 12:00+02:00", "2021-03-01 05:00-05:00"]
