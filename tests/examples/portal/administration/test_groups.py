"""Groups and their amounts: what an entry does is seen first, and nobody overwrites what they have not seen."""

from __future__ import annotations

import re
from datetime import date, datetime

import pytest
from httpx import Response

from examples.portal.administration.periods import WIDTH, Axis, Kind, PeriodWords, TimelinePicture
from examples.portal.catalogue import LANGUAGES, Texts
from examples.portal.people import STAFF
from examples.portal.world import World
from referral_core import Calendar, DiscountGroup, EffectivePeriod, Money, Side, Span, Timeline
from tests.examples.portal.test_pages import EVIL, STARTED
from tests.examples.portal.visitor import Visitor

STAMP = re.compile(r'name="stamp" value="([^"]+)"')
GROUP = "referee-self-service"
PAGE = f"/administration/groups/{GROUP}"
ANDRES = STAFF[-1].actor
JULY = {"amount": "20", "from": "2026-07-01", "until": "2026-07-31"}
SHORT = re.compile(r"\s+")


@pytest.fixture
def andres(visitor: Visitor) -> Visitor:
    """Return the administrator, who reads English."""
    return visitor.becomes("Andres Aas").speaks("en")


def group(world: World, id_: str = GROUP) -> DiscountGroup:
    """Return a group as it is kept."""
    found = world.store.groups.find(id_)
    assert found is not None
    return found


def amount_on(world: World, day: date, id_: str = GROUP) -> Money | None:
    """Return what a group gives as a day begins."""
    return group(world, id_).terms_at(world.programme.calendar.start_of(day)).amount


def stamp(visitor: Visitor, path: str = PAGE) -> str:
    """Return the stamp in the forms of a group's page."""
    found = STAMP.search(visitor.opens(path).text)
    assert found is not None
    return found[1]


def previews(visitor: Visitor, **fields: str) -> Response:
    """Have the effect of an amount shown, by the form on the group's page."""
    return visitor.sends("/administration/amounts/preview", group=GROUP, **{"stamp": stamp(visitor), **fields})


def saves(visitor: Visitor, **fields: str) -> Response:
    """Save an amount whose effect was seen."""
    return visitor.sends("/administration/amounts", group=GROUP, **{"stamp": stamp(visitor), **fields})


def sets_amount(world: World, amount: str) -> None:
    """Enter an amount for August, as another administrator does."""
    start_of = world.programme.calendar.start_of
    world.act(ANDRES).groups.set_amount(
        GROUP, Money(amount), starts=start_of(date(2026, 8, 1)), ends=start_of(date(2026, 9, 1))
    )


@pytest.mark.rule("D4")
def test_what_an_amount_does_is_seen_before_it_is_saved(andres: Visitor) -> None:
    before = group(andres.world)
    page = previews(andres, **JULY)
    assert page.status_code == 200
    told = SHORT.sub(" ", re.sub(r"<[^>]+>", " ", page.text))
    assert "1 Jun 2026 30 Jun 2026 €7 ends earlier" in told
    assert "1 Jul 2026 31 Jul 2026 €20 new" in told
    assert "1 Aug 2026 no end €7 resumes" in told
    assert "€7, 1 July 2026 to 31 July 2026" in told, "gives way"
    assert group(andres.world) == before, "seeing changes nothing"

    assert saves(andres, **JULY).url.path == PAGE
    assert [amount_on(andres.world, date(2026, month, 31)) for month in (7, 8)] == [Money("20"), Money("7")]


@pytest.mark.rule("M2")
def test_the_last_day_is_still_in_the_period(andres: Visitor) -> None:
    saves(andres, **JULY)
    days = [date(2026, 6, 30), date(2026, 7, 1), date(2026, 7, 31), date(2026, 8, 1)]
    assert [amount_on(andres.world, day) for day in days] == [Money("7"), Money("20"), Money("20"), Money("7")]


@pytest.mark.rule("D3")
def test_an_overlap_names_the_other_period_and_keeps_what_was_typed(andres: Visitor) -> None:
    before = group(andres.world)
    page = previews(andres, amount="9,50", **{"from": "2026-05-20", "until": "2026-06-10"}, reason="A fair")
    assert page.status_code == 422
    assert "already: €12, 1 May 2026 to 31 May 2026; €7, from 1 June 2026." in page.text, "each is in the way"
    assert "<code>period-overlap</code>" in page.text
    for typed in ("9,50", "2026-05-20", "2026-06-10", "A fair"):
        assert f'value="{typed}"' in page.text
    assert saves(andres, amount="9,50", **{"from": "2026-05-20", "until": "2026-06-10"}).status_code == 422
    assert group(andres.world) == before


@pytest.mark.rule("D5", "M3")
@pytest.mark.parametrize(
    ("fields", "field", "reason"),
    [
        ({"amount": "seven"}, "amount", "amount-invalid"),
        ({"amount": "7.001"}, "amount", "amount-invalid"),
        ({"amount": ""}, "amount", "amount-invalid"),
        ({"amount": "7", "from": "2026-02-01"}, "from", "moment-past"),
        ({"amount": "7", "from": "0001-01-01"}, "from", "moment-invalid"),
        ({"amount": "7", "from": "tomorrow"}, "from", None),
        ({"amount": "7", "until": "31.07.2026"}, "until", None),
        ({"amount": "7", "from": "2026-07-02", "until": "2026-07-01"}, "until", "period-empty"),
        ({"amount": "7", "from": "2026-02-01", "correction": "yes", "reason": " "}, "reason", "reason-missing"),
    ],
)
def test_an_amount_that_is_refused_is_told_at_its_field(
    andres: Visitor, fields: dict[str, str], field: str, reason: str | None
) -> None:
    before = group(andres.world)
    for page in (previews(andres, **fields), saves(andres, **fields)):
        assert page.status_code == 422
        assert f'id="{field}-wrong"' in page.text
        assert reason is None or f"<code>{reason}</code>" in page.text
    assert group(andres.world) == before


@pytest.mark.rule("D5", "A2")
def test_a_correction_reaches_into_the_past_with_its_reason(andres: Visitor) -> None:
    fields = {"amount": "9,50", "from": "2026-02-01", "until": "2026-02-28", "correction": "yes", "reason": "Announced"}
    assert "ends earlier" in previews(andres, **fields).text
    saves(andres, **fields)
    assert amount_on(andres.world, date(2026, 2, 15)) == Money("9.50")
    *_, row = andres.world.store.trace.chain(f"group:{GROUP}")
    assert (row.act, row.actor, row.reason) == ("amount.set", ANDRES.id, "Announced")


def test_a_preview_carries_what_was_typed_into_saving(andres: Visitor) -> None:
    text = previews(andres, **JULY, reason="Summer").text
    form = re.search(r'<form method="post" action="/administration/amounts" .*?</form>', text, re.DOTALL)
    assert form is not None
    hidden = dict(re.findall(r'name="(\w+)" value="([^"]*)"', form[0]))
    assert {name: hidden[name] for name in (*JULY, "reason")} == {**JULY, "reason": "Summer"}
    assert hidden["stamp"] == stamp(andres)


def test_what_somebody_else_changed_meanwhile_is_told_and_shown_anew(andres: Visitor) -> None:
    seen = stamp(andres)
    sets_amount(andres.world, "3")
    before = group(andres.world)
    forms: list[tuple[str, dict[str, str]]] = [
        ("/administration/amounts", JULY),
        ("/administration/amounts/preview", JULY),
        ("/administration/names", {"name": "Self-service"}),
        ("/administration/switches", {"to": "disabled"}),
    ]
    for path, fields in forms:
        page = andres.sends(path, group=GROUP, stamp=seen, **fields)
        assert page.status_code == 409, path
        assert "Somebody else has changed this group" in page.text
        assert "31 Aug 2026" in page.text, "as it is now"
    assert group(andres.world) == before
    october = {"amount": "20", "from": "2026-10-01", "until": "2026-10-31"}
    assert saves(andres, **october).status_code == 200, "having seen it, one may go on"


class Rival:
    """A world's groups, into which somebody else enters an amount just after they were first looked at."""

    def __init__(self, world: World) -> None:
        self._world, self._groups, self._waits = world, world.store.groups, True

    def find(self, id_: str) -> DiscountGroup | None:
        """Return a group as it was before the other one's change, the first time."""
        found = self._groups.find(id_)
        if self._waits:
            self._waits = False
            sets_amount(self._world, "3")
        return found

    def put(self, changed: DiscountGroup, *, at: datetime) -> None:
        """Store a group."""
        self._groups.put(changed, at=at)


def test_what_is_previewed_is_what_was_seen_or_told_to_be_another(
    andres: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = stamp(andres)
    monkeypatch.setattr(andres.world.store, "groups", Rival(andres.world))
    october = {"amount": "20", "from": "2026-10-01", "until": "2026-10-31"}
    page = andres.sends("/administration/amounts/preview", group=GROUP, stamp=seen, **october)
    assert page.status_code == 409
    assert "31 Aug 2026" in page.text


@pytest.mark.rule("D2", "D8")
def test_a_group_is_added_renamed_disabled_and_enabled(andres: Visitor) -> None:
    page = andres.sends("/administration/groups", group="spring-fair", name="Spring fair", side="referee")
    assert page.url.path == "/administration/groups/spring-fair"
    assert "There is no amount yet." in page.text
    assert group(andres.world, "spring-fair").side is Side.REFEREE
    path = page.url.path

    def sends(form: str, **fields: str) -> str:
        shown = andres.sends(f"/administration/{form}", group="spring-fair", stamp=stamp(andres, path), **fields)
        assert shown.url.path == path
        return shown.text

    assert "The group is now called Fair 2026." in sends("names", name="Fair 2026")
    assert 'class="status disabled"' in sends("switches", to="disabled")
    assert 'class="status enabled"' in sends("switches", to="enabled")
    acts = [str(row.act) for row in andres.world.store.trace.chain("group:spring-fair")]
    assert acts == ["group.add", "group.rename", "group.disable", "group.enable"]


@pytest.mark.rule("D2")
@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"group": "referrer", "name": "Another"}, "group"),
        ({"group": "another", "name": "Referrer"}, "name"),
        ({"group": "another", "name": ""}, "name"),
        ({"group": "another", "name": "\u3164"}, "name"),
        ({"group": "another", "name": "n" * 81}, "name"),
        ({"group": "An other", "name": "Another"}, "group"),
        ({"group": "another/one", "name": "Another"}, "group"),
        ({"group": "a" * 41, "name": "Another"}, "group"),
    ],
)
def test_a_group_that_cannot_be_added_is_told_at_its_field(andres: Visitor, fields: dict[str, str], field: str) -> None:
    before = andres.world.store.groups.all()
    page = andres.sends("/administration/groups", side="referrer", **fields)
    assert page.status_code == 422
    assert f'id="{field}-wrong"' in page.text
    assert f'value="{fields["name"]}"' in page.text
    assert andres.world.store.groups.all() == before


@pytest.mark.rule("D2")
def test_a_name_that_another_group_has_is_told_at_the_name(andres: Visitor) -> None:
    page = andres.sends("/administration/names", group=GROUP, stamp=stamp(andres), name="referrer")
    assert page.status_code == 422
    assert 'id="name-wrong"' in page.text
    assert andres.sends("/administration/names", group=GROUP, stamp=stamp(andres), name="").status_code == 422
    assert group(andres.world).name == GROUP


@pytest.mark.parametrize("language", LANGUAGES)
def test_groups_are_called_by_names_that_people_understand_until_somebody_renames_them(
    andres: Visitor, language: str
) -> None:
    andres.speaks(language)
    pages = ("/administration", PAGE, "/sales/sign-ups/K-1015", "/sales/sign-ups/K-1015/explanation", "/sales/new")
    name = Texts.of(language)(f"group.{GROUP}")
    for path in pages:
        shown = re.sub(r"<code>.*?</code>|<[^>]*>", "", andres.opens(path).text)
        assert name in shown, path
        assert GROUP not in shown, path
    andres.sends("/administration/names", group=GROUP, stamp=stamp(andres), name="Online joiners")
    for path in pages:
        shown = andres.opens(path).text
        assert "Online joiners" in shown, path
        assert name not in shown, path


def test_a_group_that_is_not_there(andres: Visitor) -> None:
    for page in (
        andres.opens("/administration/groups/no/such"),
        andres.sends("/administration/names", group="nosuch", name="N"),
        andres.sends("/administration/amounts", group="nosuch", amount="7"),
        andres.sends("/administration/amounts/preview", group="nosuch", amount="7"),
    ):
        assert page.status_code == 409
        assert "There is no such discount group" in page.text


def test_what_is_typed_is_never_a_part_of_the_page(andres: Visitor) -> None:
    typed = dict.fromkeys(("amount", "from", "until", "reason", "name", "to", "side", "correction"), EVIL)
    pages = [
        andres.sends("/administration/groups", group=EVIL, **typed),
        *(
            andres.sends(f"/administration/{form}", group=GROUP, stamp=stamp(andres), **typed)
            for form in ("amounts", "amounts/preview", "names", "switches")
        ),
        previews(andres, **{**JULY, "reason": EVIL}),
        andres.opens("/administration"),
        andres.opens(PAGE),
    ]
    assert not [page.url for page in pages if STARTED in page.text]
    assert group(andres.world).name == EVIL
    assert "&lt;script&gt;alert" in pages[-1].text


def picture(*periods: str, now: str = "2026-03-02") -> TimelinePicture:
    """Return the picture of amounts of 1, 2, 3 … euros over periods such as ``2026-01-01/2026-02-01``."""
    spans = []
    for amount, period in enumerate(periods, 1):
        start, end = (each if each == ".." else f"{each}T00:00:00+00:00" for each in period.split("/"))
        spans.append(Span(EffectivePeriod.parse(f"{start}/{end}"), Money(amount)))
    moment = EffectivePeriod.parse(f"{now}T00:00:00+00:00/..").start
    timeline = Timeline(spans)
    words = PeriodWords(Texts.of("en"), Calendar("UTC"))
    return TimelinePicture.of(timeline, words, Axis.over([timeline], moment))


def looks(drawn: TimelinePicture) -> list[tuple[Kind, str]]:
    """Return how the pieces look, from left to right."""
    return [(piece.kind, piece.amount) for piece in drawn.pieces]


def test_bars_gaps_and_the_present_are_drawn_in_order() -> None:
    drawn = picture("2025-01-01/2025-06-01", "2026-01-01/2026-06-01", "2026-06-01/2026-07-01", "2026-08-01/..")
    assert looks(drawn) == [
        (Kind.PAST, "€1"),
        (Kind.GAP, "–"),
        (Kind.BEGUN, ""),
        (Kind.PRESENT, "€2"),
        (Kind.COMING, "€3"),
        (Kind.GAP, "–"),
        (Kind.COMING, "€4"),
    ]
    assert drawn.is_open
    present = drawn.pieces[3]
    assert present.left == drawn.now


@pytest.mark.parametrize("count", [0, 1, 5, 30])
def test_a_picture_is_as_wide_as_its_place_and_leaves_nothing_out(count: int) -> None:
    drawn = picture(*(f"{2027 + year}-01-01/{2027 + year}-02-01" for year in range(count)))
    rights = [0.0, *(piece.left + piece.width for piece in drawn.pieces)]
    assert [piece.left for piece in drawn.pieces] == pytest.approx(rights[:-1], abs=0.1)
    assert rights[-1] == pytest.approx(WIDTH, abs=0.1)
    assert len(drawn.marks) == 2 * count
    assert [piece.amount for piece in drawn.pieces if piece.kind is Kind.COMING] == [
        f"€{number}" for number in range(1, count + 1)
    ]


def test_only_the_latest_of_what_has_passed_is_drawn() -> None:
    drawn = picture(*(f"{year}-01-01/{year + 1}-01-01" for year in range(2010, 2026)), "2026-01-01/..")
    assert [piece.kind for piece in drawn.pieces] == [Kind.PAST] * 3 + [Kind.BEGUN, Kind.PRESENT]
