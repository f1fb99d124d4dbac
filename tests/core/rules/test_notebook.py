"""How things look where one looks at them: in a prompt, in print and in a notebook."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from typing import Final

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from referral_core import (
    Calendar,
    CodeRefused,
    Decision,
    EffectivePeriod,
    Money,
    Offer,
    Reason,
    Refusal,
    Span,
    Timeline,
)
from referral_core.values.notebook import timeline_picture
from tests.phrases import group, offer, period
from tests.strategies import money, offers, periods, timelines

NOON: Final = datetime(2021, 2, 1, 12, tzinfo=UTC)
MARKUP: Final = "<script>alert(\"1\")</script> & 'so on' <img src=x onerror=alert(1)>"


def usable(code: str = "A123", group: str = "referrer") -> Decision:
    return Decision(code, NOON, NOON, (), offer(group, "10"), offer("referee-self-service", "7"))


def unusable(code: str = "A123", *reasons: Reason) -> Decision:
    return Decision(code, NOON, NOON, reasons or (Reason.CODE_ENDED,), None, None)


class Read(HTMLParser):
    """What a browser would make of HTML: its words, and every tag with its attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.words = ""
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.open = 0
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open += 1
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_endtag(self, tag: str) -> None:
        self.open -= 1

    def handle_data(self, data: str) -> None:
        self.words += data


# ── in a prompt ───────────────────────────────────────────────────────────────────────────────────────────────────────


def written(value: object) -> object:
    """Return what Python makes of a value's repr, with the public names in reach."""
    names = (Calendar, EffectivePeriod, Money, Offer, Reason, Span, Timeline)
    return eval(repr(value), {each.__name__: each for each in names})


@given(st.one_of(money(), money("SEK"), periods(), timelines(money()), offers(), st.sampled_from(Reason)))
def test_a_value_is_shown_as_one_writes_it(value: object) -> None:
    assert written(value) == value
    assert type(written(value)) is type(value)


def test_the_looks_of_a_prompt() -> None:
    assert repr(Money("7.5")) == "Money('7.50', 'EUR')"
    assert repr(period("2021-01-01 ..")) == "EffectivePeriod.parse('2020-12-31T22:00:00Z/..')"
    assert repr(Calendar("Europe/Tallinn")) == "Calendar(zone_name='Europe/Tallinn')"
    assert repr((Reason.CODE_ENDED,)) == "(Reason.CODE_ENDED,)"
    assert written(Calendar("Europe/Tallinn")) == Calendar("Europe/Tallinn")


# ── in print ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_looks_of_print() -> None:
    assert str(Money("7.5")) == "7.50 EUR"
    assert str(period("2021-01-01 .. 2021-03-01")) == "2020-12-31T22:00:00Z/2021-02-28T22:00:00Z"
    assert f"{Reason.CODE_ENDED}" == "code-ended"
    assert str(Refusal(Reason.CODE_ENDED, message="it has ended", field="code")) == "code-ended: code: it has ended"


def test_a_decision_prints_as_a_headline_and_a_line_for_each_cause() -> None:
    headline, *causes = str(usable()).splitlines()
    assert headline == "A123 can be used, judged at 2021-02-01 12:00+00:00"
    assert [cause.split(":")[0] for cause in causes] == ["  referrer", "  referee"]
    headline, *causes = str(unusable("A123", Reason.CODE_ENDED, Reason.NO_AMOUNT)).splitlines()
    assert headline.startswith("A123 cannot be used")
    assert [cause.split(":")[0] for cause in causes] == ["  code-ended", "  no-amount"]


def test_a_refused_code_says_why_in_its_message() -> None:
    refused = CodeRefused(unusable("A123", Reason.CODE_ENDED, Reason.SELF_REFERRAL))
    assert str(refused).startswith("code-ended, self-referral: ")
    assert "has ended" in str(refused)


# ── in a notebook ─────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("S10")
def test_a_notebook_says_which_moment_was_honoured() -> None:
    honoured = attrs.evolve(usable(), judged_at=usable().judged_at - timedelta(days=3))
    assert "honoured for" in Read(honoured._repr_html_()).words
    assert "honoured for" not in Read(usable()._repr_html_()).words


@pytest.mark.parametrize("decision", [usable(), unusable()], ids=["usable", "unusable"])
def test_a_notebook_says_all_that_print_says(decision: Decision) -> None:
    told = Read(decision._repr_html_()).words
    assert decision.code in told
    assert ("can be used" in told, "cannot be used" in told) == (decision.usable, not decision.usable)
    for side in (decision.referrer, decision.referee):
        if side is not None:
            assert str(side.amount) in told
            assert side.group in told
    for reason in decision.reasons:
        assert reason in told
        assert str(decision).split(f"{reason}: ")[1].splitlines()[0] in told


@pytest.mark.parametrize(
    "html",
    [
        usable(code=MARKUP)._repr_html_(),
        usable(group=MARKUP)._repr_html_(),
        unusable(MARKUP)._repr_html_(),
        timeline_picture(Timeline([Span(period("2021-01-01 .."), MARKUP)])),
    ],
    ids=["code", "group", "unusable", "timeline"],
)
def test_what_somebody_wrote_is_never_markup(html: str) -> None:
    read = Read(html)
    assert MARKUP in read.words
    assert read.tags.isdisjoint({"script", "img"})
    assert "onerror" not in read.attributes


@pytest.mark.parametrize(
    "html",
    [
        usable()._repr_html_(),
        unusable()._repr_html_(),
        group("referrer").giving("7").from_("2021-01-01").done.amounts._repr_html_(),
    ],
    ids=["usable", "unusable", "timeline"],
)
def test_what_a_notebook_is_given_is_whole_and_stands_alone(html: str) -> None:
    read = Read(html)
    assert read.open == 0
    assert read.attributes.isdisjoint({"src", "href", "id", "class", "onload", "onclick"})
    assert read.tags.isdisjoint({"script", "style", "link", "iframe"})


def test_looks_cost_nothing_until_somebody_looks() -> None:
    program = (
        "import sys, referral_core\n"
        "looks = {'referral_core.values.notebook', 'referral_core.rules.notebook'}\n"
        "print(sorted(looks & sys.modules.keys()))\n"
    )
    assert run(program) == "[]"


def test_a_notebook_needs_nothing_that_is_not_installed() -> None:
    program = (
        "import sys\n"
        "from datetime import UTC, datetime\n"
        "from referral_core import Decision, EffectivePeriod, Money, Offer, Reason, Timeline\n"
        "noon = datetime(2021, 2, 1, 12, tzinfo=UTC)\n"
        "period = EffectivePeriod.starting(noon)\n"
        "Decision('A123', noon, noon, (Reason.CODE_ENDED,), None, None)._repr_html_()\n"
        "offer = Offer('referrer', Money(10), period)\n"
        "Decision('A123', noon, noon, (), offer, offer)._repr_html_()\n"
        "Timeline().adding(period, Money(10))._repr_html_()\n"
        "print(*sorted({name.partition('.')[0] for name in sys.modules}))\n"
    )
    before = run("import sys; print(*sorted({name.partition('.')[0] for name in sys.modules}))").split()
    needed = {"attr", "attrs", "dateutil", "referral_core", "six", "tzdata", *sys.stdlib_module_names}
    assert [name for name in run(program).split() if name not in {*needed, *before} and name[0] != "_"] == []


def run(program: str) -> str:
    """Return what a program prints in a process of its own."""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, text=True)
    return done.stdout.strip()
