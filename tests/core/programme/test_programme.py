"""A programme is written as one file and judged as a whole (P1)."""

from __future__ import annotations

import copy
import json
import pickle
import tomllib
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import attrs
import pytest
from dateutil.relativedelta import relativedelta
from hypothesis import given
from hypothesis import strategies as st

from referral_core.entities.discount_group import DiscountGroup, Side
from referral_core.formats.offensive_words import OffensiveWords
from referral_core.programme import settings as household
from referral_core.programme import toml_file
from referral_core.programme.duration import parse_duration, parse_pause, written_pause
from referral_core.programme.programme import Programme
from referral_core.programme.settings import (
    Checking,
    CodeFormat,
    FeePolicy,
    GroupLine,
    GroupSetting,
    Paying,
    SharingTemplate,
)
from referral_core.values.errors import ProgrammeInvalid

pytestmark = pytest.mark.rule("P1")

Content = dict[str, Any]
"""What a TOML file holds, as :mod:`tomllib` reads it."""
Change = Callable[[Content], object]

HOUSEHOLD: Final = Path(toml_file.__file__).with_name(household.HOUSEHOLD_FILE)
NEVER_SET: Final = {
    "existing_customer_products",
    "existing_customer_by_product",
    "referrer_groups",
    "returning_after",
}


def content() -> Content:
    return copy.deepcopy(tomllib.loads(HOUSEHOLD.read_text(encoding="utf-8")))


def toml(value: object) -> str:
    """Write a value as TOML, tables in line."""
    match value:
        case Mapping():
            return "{" + ", ".join(f"{key} = {toml(below)}" for key, below in value.items()) + "}"
        case list():
            return "[" + ", ".join(map(toml, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def written(settings: Mapping[str, object]) -> str:
    return "\n".join(f"{key} = {toml(value)}" for key, value in settings.items())


def faults(text: str) -> list[str]:
    with pytest.raises(ProgrammeInvalid) as caught:
        Programme.from_toml(text)
    return list(caught.value.faults)


def places(found: Iterable[str]) -> set[str]:
    return {fault.partition(": ")[0] for fault in found}


def test_the_household_file_is_the_default_programme() -> None:
    assert Programme.from_file(HOUSEHOLD) == Programme.from_file(str(HOUSEHOLD)) == Programme.default() == Programme()


def test_a_programme_is_read_from_a_text_and_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "programme.toml"
    file.write_text('name = "Saared"', encoding="utf-8-sig")
    assert Programme.from_toml('name = "Saared"') == Programme(name="Saared")
    assert Programme.from_toml('\ufeffname = "Saared"') == Programme(name="Saared")
    assert Programme.from_file(file) == Programme.from_file(str(file)) == Programme(name="Saared")


@pytest.mark.rule("D2")
def test_names_of_groups_are_unique_as_they_are_compared_and_have_something_to_see() -> None:
    groups = [
        {"id": "referrer", "side": "referrer", "name": "Õpilased"},
        {"id": "b", "side": "referee", "name": "o\u0303PILASED"},
        {"id": "c", "side": "referee", "name": "\u3164"},
    ]
    found = faults(written({"groups": groups, "referee_groups": [{"group": "b"}]}))
    assert places(found) == {"groups[1].name", "groups[2].name"}


def test_every_fault_of_a_text_or_a_file_is_named_at_once(tmp_path: Path) -> None:
    file = tmp_path / "programme.toml"
    file.write_text('zone = "Nowhere"\nnaem = "x"\nfee_term_months = "12"', encoding="utf-8")
    with pytest.raises(ProgrammeInvalid) as caught:
        Programme.from_toml(file.read_text(encoding="utf-8"))
    assert places(caught.value.faults) == {"zone", "naem", "fee_term_months"}
    with pytest.raises(ProgrammeInvalid) as again:
        Programme.from_file(file)
    assert again.value.faults == caught.value.faults
    file.write_bytes(b"name = '\xff'")
    with pytest.raises(ProgrammeInvalid, match="byte 8: is not UTF-8"):
        Programme.from_file(file)
    with pytest.raises(FileNotFoundError):
        Programme.from_file(tmp_path / "nowhere.toml")


def test_the_household_file_writes_out_every_setting() -> None:
    settings = {field.name for field in attrs.fields(Programme) if field.init}
    assert content().keys() == settings - NEVER_SET
    commented = {line[2:].partition(" = ")[0] for line in HOUSEHOLD.read_text(encoding="utf-8").splitlines()}
    assert commented > NEVER_SET


def test_an_empty_file_is_the_default_programme() -> None:
    assert Programme.from_toml("") == Programme()


def test_a_programme_is_a_value() -> None:
    assert hash(Programme()) == hash(Programme())
    assert Programme() != Programme(name="another")
    revived = pickle.loads(pickle.dumps(Programme()))  # what a cluster does with it
    assert (revived, revived.calendar) == (Programme(), Programme().calendar)


def test_adding_a_product_and_a_segment_is_a_change_to_the_file_only() -> None:
    programme = Programme.from_toml(
        """
        products = ["electricity", "gas", "solar"]
        segments = ["household", "micro-business"]
        referee_groups = [
          {segment = "micro-business", product = "solar", group = "business"},
          {group = "private"},
        ]
        groups = [
          {id = "referrer", side = "referrer"},
          {id = "business", side = "referee", name = "Micro-businesses"},
          {id = "private", side = "referee"},
        ]
        """
    )
    assert programme.covers("solar", "micro-business")
    assert programme.referee_group_for("self-service", "micro-business", "solar") == "business"
    assert programme.referee_group_for("self-service", "micro-business", "gas") == "private"
    assert [group.name for group in programme.initial_groups()] == ["referrer", "Micro-businesses", "private"]


@pytest.mark.rule("S11")
@pytest.mark.parametrize(
    ("product", "segment", "covered"),
    [
        ("electricity", "household", True),
        ("gas", "household", False),
        ("solar", "household", False),
        ("electricity", "micro-business", False),
    ],
)
def test_a_programme_covers_its_products_and_segments(product: str, segment: str, *, covered: bool) -> None:
    assert Programme().covers(product, segment) is covered


@pytest.mark.rule("C3", "C4")
def test_electricity_gives_a_code_and_gas_keeps_it() -> None:
    programme = Programme()
    assert programme.issues_for("electricity", "household")
    assert not programme.issues_for("gas", "household")
    assert not programme.issues_for("electricity", "micro-business")
    assert [product for product in ("electricity", "gas", "solar") if programme.keeps(product)] == [
        "electricity",
        "gas",
    ]


@pytest.mark.rule("S6", "S9")
def test_only_self_service_blocks_and_a_channel_not_listed_does_not() -> None:
    channels = ("self-service", "sales-portal", "distributor", "fair")
    assert [channel for channel in channels if Programme().blocks(channel)] == ["self-service"]
    everywhere = Programme(blocking_channels=("self-service", "distributor"))
    assert [channel for channel in channels if everywhere.blocks(channel)] == ["self-service", "distributor"]


@pytest.mark.rule("D6")
@given(channel=st.sampled_from(["sales-portal", "distributor"]) | st.text(), product=st.text(), segment=st.text())
def test_self_service_has_a_group_and_everything_else_another(channel: str, product: str, segment: str) -> None:
    group = Programme().referee_group_for(channel, segment, product)
    assert group == ("referee-self-service" if channel == "self-service" else "referee-manual")
    assert Programme().referee_group_for("self-service", segment, product) == "referee-self-service"


@pytest.mark.rule("D6")
def test_the_first_matching_line_wins() -> None:
    lines = (
        GroupLine("c", channel="distributor", product="gas"),
        GroupLine("b", channel="distributor"),
        GroupLine("a"),
    )
    groups = (*Programme().groups, *(GroupSetting(name, Side.REFEREE, name) for name in "abc"))
    programme = Programme(products=("electricity", "gas"), groups=groups, referee_groups=lines)
    assert programme.referee_group_for("distributor", "household", "gas") == "c"
    assert programme.referee_group_for("distributor", "household", "electricity") == "b"
    assert programme.referee_group_for("sales-portal", "household", "gas") == "a"


@pytest.mark.rule("D2")
def test_a_programme_starts_with_three_groups() -> None:
    assert Programme().initial_groups() == (
        DiscountGroup(id="referrer", side=Side.REFERRER, name="referrer"),
        DiscountGroup(id="referee-self-service", side=Side.REFEREE, name="referee-self-service"),
        DiscountGroup(id="referee-manual", side=Side.REFEREE, name="referee-manual"),
    )


def test_settings_of_every_kind_are_read() -> None:
    programme = Programme.from_toml(
        """
        zone = "Europe/Riga"
        existing_customer_products = ["electricity"]
        returning_after = "P18M"
        pay_ended_referrer = false
        code_format = "named"
        offensive_words = []
        fee_policy = "pro-rata"
        fee_term_months = 24
        languages = ["lv"]
        [paying]
        attempts = 3
        first_pause = "PT30S"
        longest_pause = "P1DT12H"
        [checking]
        per_caller = 5
        within = "PT10S"
        """
    )
    assert programme.calendar.zone_name == "Europe/Riga"
    assert programme == Programme(
        zone="Europe/Riga",
        existing_customer_products=("electricity",),
        returning_after=relativedelta(months=18),
        pay_ended_referrer=False,
        code_format=CodeFormat.NAMED,
        offensive_words=(),
        fee_policy=FeePolicy.PRO_RATA,
        fee_term_months=24,
        paying=Paying(attempts=3, first_pause=timedelta(seconds=30), longest_pause=timedelta(days=1.5)),
        checking=Checking(per_caller=5, within=timedelta(seconds=10)),
        languages=("lv",),
        sharing={"lv": Programme().sharing["lv"]},
    )


# ── faults ────────────────────────────────────────────────────────────────────────────────────────────────────────────

ALONE: Final[dict[str, Change]] = {
    "name": lambda c: c.update(name=" "),
    "zone": lambda c: c.update(zone="Europe/Talinn"),
    "currency": lambda c: c.update(currency="euro"),
    "products[1]": lambda c: c["products"].append("electricity"),
    "segments[1]": lambda c: c["segments"].append(" household"),
    "channels[3]": lambda c: c["channels"].append(""),
    "blocking_channels[1]": lambda c: c["blocking_channels"].append("fair"),
    "issuing_products[1]": lambda c: c["issuing_products"].append("solar"),
    "issuing_segments[1]": lambda c: c["issuing_segments"].append(5),
    "keeping_products[2]": lambda c: c["keeping_products"].append("gas"),
    "referrer_group": lambda c: c.update(referrer_group="referee-manual"),
    "groups[0].name": lambda c: c["groups"][0].update(name=3),
    "groups[1].colour": lambda c: c["groups"][1].update(colour="green"),
    "groups[2].name": lambda c: c["groups"][2].update(name="referee-self-service"),
    "referee_groups[0].group": lambda c: c["referee_groups"][0].update(group="referrer"),
    "referee_groups[0].product": lambda c: c["referee_groups"][0].update(product="solar"),
    "referee_groups[0].segment": lambda c: c["referee_groups"][0].update(segment=[]),
    "referee_groups[1]": lambda c: c["referee_groups"][1].update(channel="distributor"),
    "existing_customer_products": lambda c: c.update(existing_customer_products=[]),
    "returning_after": lambda c: c.update(returning_after="1 year"),
    "pay_ended_referrer": lambda c: c.update(pay_ended_referrer="yes"),
    "code_format": lambda c: c.update(code_format="fancy"),
    "offensive_words[0]": lambda c: c["offensive_words"].insert(0, "türa"),
    "fee_policy": lambda c: c.update(fee_policy=12),
    "fee_term_months": lambda c: c.update(fee_term_months=0),
    "paying.attempts": lambda c: c["paying"].update(attempts=0),
    "paying.first_pause": lambda c: c["paying"].update(first_pause="5 minutes"),
    "paying.growth": lambda c: c["paying"].update(growth=11),
    "paying.longest_pause": lambda c: c["paying"].update(longest_pause="P366D"),
    "paying.answer_within": lambda c: c["paying"].update(answer_within="PT61M"),
    "paying.patience": lambda c: c["paying"].update(patience=1),
    "checking.per_caller": lambda c: c["checking"].update(per_caller=0),
    "checking.per_address": lambda c: c["checking"].update(per_address=1_000_001),
    "checking.within": lambda c: c["checking"].update(within="P2D"),
    "checking.limit": lambda c: c["checking"].update(limit=1),
    "languages[4]": lambda c: c["languages"].append("et"),
    "sharing.et.text": lambda c: c["sharing"]["et"].update(text="{kood} {code}"),
    "sharing.en.title": lambda c: c["sharing"]["en"].update(title=True),
    "sharing.ru": lambda c: c["sharing"].update(ru="text"),
    "sharing.lv.link": lambda c: c["sharing"]["lv"].update(link="http://example.com/{code}"),
    "sharing.lt": lambda c: c["sharing"].update(lt=content()["sharing"]["en"]),
    "colour": lambda c: c.update(colour="green"),
}
"""Changes that each make one fault, at the place they are listed under, whatever other changes are made."""


@given(st.sets(st.sampled_from(sorted(ALONE)), min_size=1))
def test_every_fault_is_named_at_once_and_nothing_else(chosen: set[str]) -> None:
    changed = content()
    for place in sorted(chosen):
        ALONE[place](changed)
    found = faults(written(changed))
    assert places(found) == chosen
    assert len(found) == len(chosen)


@pytest.mark.parametrize("place", ALONE)
def test_each_fault_alone_is_named_by_its_place(place: str) -> None:
    changed = content()
    ALONE[place](changed)
    assert places(faults(written(changed))) == {place}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("zone = 5", ["zone: is a whole number, not a text in quotation marks"]),
        ("fee_term_months = 12.0", ["fee_term_months: is a number with a point, not a whole number"]),
        ("fee_term_months = true", ["fee_term_months: is true or false, not a whole number"]),
        ("returning_after = 2021-01-01", ["returning_after: is a day or a time, not a text in quotation marks"]),
        ('products = "gas"', ["products: is a text in quotation marks, not a list"]),
        ("groups = 1", ["groups: is a whole number, not a list"]),
        (
            "groups = []\nreferee_groups = 1",
            [
                "referee_groups: is a whole number, not a list",
                "groups: is empty",
                "referrer_group: 'referrer' is not one of groups",
            ],
        ),
        ("languages = 5", ["languages: is a whole number, not a list"]),
        ('languages = ["et", 5]', ["languages[1]: is a whole number, not a text in quotation marks"]),
        (
            'referee_groups = [{group = "referee-manual", channel = 5}]',
            ["referee_groups[0].channel: is a whole number, not a text in quotation marks"],
        ),
        ("groups = [1]", ["groups[0]: is a whole number, not a table"]),
        ("sharing = []", ["sharing: is a list, not a table"]),
        ("products = [1]", ["products[0]: is a whole number, not a text in quotation marks"]),
        ('code_format = "fancy"', ["code_format: 'fancy' is not one of random, named"]),
        ('curency = "EUR"', ["curency: is no setting here; perhaps currency is meant"]),
        ('colour = "red"', ["colour: is no setting here"]),
        (
            'returning_after = "P1Y2"',
            ["returning_after: 'P1Y2' is not a length of time: write it as P1Y, P18M, P2W or P30D"],
        ),
        ("paying = 5", ["paying: is a whole number, not a table"]),
        ("paying = {attempts = true}", ["paying.attempts: is true or false, not a whole number"]),
        ("paying = {first_pause = 5}", ["paying.first_pause: is a whole number, not a text in quotation marks"]),
        (
            'paying = {longest_pause = "1 day"}',
            ["paying.longest_pause: '1 day' is not a pause: write it as PT30S, PT5M, PT2H or P1D"],
        ),
        ("paying = {attempts = 101}", ["paying.attempts: 101 is not between 1 and 100"]),
        ('paying = {answer_within = "PT0S"}', ["paying.answer_within: is not between PT1S and PT1H"]),
        ('paying = {longest_pause = "PT1M"}', ["paying.longest_pause: is shorter than first_pause"]),
        ("checking = {per_caller = 0}", ["checking.per_caller: 0 is not between 1 and 1000000"]),
        ("checking = {per_address = 1.5}", ["checking.per_address: is a number with a point, not a whole number"]),
        ('checking = {within = "PT0S"}', ["checking.within: is not between PT1S and P1D"]),
        ("paying = {atempts = 3}", ["paying.atempts: is no setting here; perhaps attempts is meant"]),
        ('languages = ["et", "lt"]', ["languages[1]: there are no messages in 'lt'", "sharing.lt: is missing"]),
    ],
)
def test_faults_say_what_is_wrong(text: str, expected: list[str]) -> None:
    assert faults(text) == expected


@pytest.mark.rule("T1")
def test_every_language_needs_a_whole_template_and_every_template_a_language() -> None:
    template = {"title": "t", "text": "{code}", "link": "https://example.com/{code}"}
    assert faults(written({"languages": ["et", "en"], "sharing": {"et": {"title": "t"}, "lt": template}})) == [
        "sharing.et.text: is missing",
        "sharing.et.link: is missing",
        "sharing.en: is missing",
        "sharing.lt: 'lt' is not one of languages",
    ]


@pytest.mark.parametrize("zone", ["", " ", "UTC+3", "../Tallinn", "/etc/hosts", "Europe", "Europe/Talinn"])
def test_a_zone_is_one_of_the_database(zone: str) -> None:
    assert places(faults(f"zone = {json.dumps(zone)}")) == {"zone"}


def test_a_group_needs_an_id_and_a_side_and_may_go_without_a_name() -> None:
    text = 'groups = [{side = "referrer"}, {id = "a"}, {id = "b", side = "both"}]\nreferrer_group = "b"'
    assert faults(text) == [
        "groups[0].id: is missing",
        "groups[1].side: is missing",
        "groups[2].side: 'both' is not one of referrer, referee",
    ]


def test_a_word_that_could_not_be_read_may_be_any_word() -> None:
    assert faults('products = [1]\nissuing_products = ["solar"]\nkeeping_products = ["solar"]') == [
        "products[0]: is a whole number, not a text in quotation marks"
    ]


@pytest.mark.rule("C4")
def test_what_gives_a_code_also_keeps_it() -> None:
    assert faults('keeping_products = ["gas"]') == ["issuing_products[0]: 'electricity' is not one of keeping_products"]


@pytest.mark.rule("D6")
@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([], "referee_groups: is empty"),
        (
            [{"group": "referee-manual"}, {"group": "referee-manual"}],
            "referee_groups[1]: can never match: referee_groups[0] comes first",
        ),
        (
            [
                {"group": "referee-manual", "channel": "distributor"},
                {"group": "referee-self-service", "channel": "distributor", "product": "gas"},
                {"group": "referee-manual"},
            ],
            "referee_groups[1]: can never match: referee_groups[0] comes first",
        ),
        ([{"group": "manual"}], "referee_groups[0].group: 'manual' is not one of groups"),
        ([{"group": "referrer"}], "referee_groups[0].group: 'referrer' is a group of the referrer, not of the referee"),
        (
            [{"group": "referee-manual", "segment": "household"}],
            "referee_groups[0]: is the last line and must match everything",
        ),
    ],
)
def test_every_sign_up_has_a_group_and_every_line_some_sign_up(lines: list[Content], expected: str) -> None:
    assert faults(written({"products": ["electricity", "gas"], "referee_groups": lines})) == [expected]


@pytest.mark.rule("D2")
def test_ids_of_groups_are_unique_and_so_are_names() -> None:
    group = GroupSetting("referee-manual", Side.REFEREE, "referee-manual")
    with pytest.raises(ProgrammeInvalid) as caught:
        Programme(groups=(*Programme().groups, group))
    assert places(caught.value.faults) == {"groups[3].id", "groups[3].name"}


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('name = "a"\nzone = "b', "line 2"),
        ("name = \n", "line 1, column 8"),
        ("name = 1\n\nname = 2", "line 3"),
        ("[[groups]]\nid = 'a' side = 'b'", "line 2, column 10"),
        ("a = " + "[" * 20_000, "file"),
        ("a = " + "1" * 20_000, "file"),
    ],
)
def test_a_text_that_is_no_toml_is_refused_by_its_line(text: str, place: str) -> None:
    assert places(faults(text)) == {place}


def test_a_file_is_read_with_a_byte_order_mark_and_refused_unless_it_is_utf_8(tmp_path: Path) -> None:
    path = tmp_path / "programme.toml"
    path.write_text('name = "Õun"', encoding="utf-8-sig")
    assert Programme.from_file(path) == Programme(name="Õun")
    path.write_text('name = "Õun"', encoding="latin-1")
    with pytest.raises(ProgrammeInvalid, match="byte 8: is not UTF-8"):
        Programme.from_file(path)
    with pytest.raises(FileNotFoundError):
        Programme.from_file(tmp_path / "none.toml")


CHANGES: Final[dict[str, Callable[[], Programme]]] = {
    "fee_term_months": lambda: Programme(fee_term_months=1201),
    "currency": lambda: attrs.evolve(Programme(), currency="EURO"),
    "languages": lambda: Programme(languages=(), sharing={}),
    "products": lambda: Programme(products=["electricity", "gas"]),  # type: ignore[arg-type]
    "blocking_channels": lambda: Programme(blocking_channels="self-service"),  # type: ignore[arg-type]
    "paying.growth": lambda: Programme(paying=Paying(growth=0)),
    "paying.first_pause": lambda: Programme(paying=Paying(first_pause=timedelta(milliseconds=999))),
    "offensive_words[1]": lambda: Programme(offensive_words=("AB", "A")),
    "existing_customer_products[0]": lambda: Programme(existing_customer_products=("",)),
}


@pytest.mark.parametrize("place", CHANGES)
def test_a_programme_made_in_python_is_judged_too(place: str) -> None:
    with pytest.raises(ProgrammeInvalid) as caught:
        CHANGES[place]()
    assert place in places(caught.value.faults)


def test_faults_are_in_the_words_of_the_error() -> None:
    with pytest.raises(ProgrammeInvalid, match="currency: 'e' is not three capital letters; fee_term_months: 0 is not"):
        Programme(currency="e", fee_term_months=0)


# ── lengths of time, words that offend ────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("S2")
@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("P1Y", relativedelta(years=1)),
        ("P18M", relativedelta(months=18)),
        ("P1Y6M", relativedelta(months=18)),
        ("P2W", relativedelta(days=14)),
        ("P30D", relativedelta(days=30)),
        ("P1Y2M3D", relativedelta(years=1, months=2, days=3)),
    ],
)
def test_lengths_of_absence_are_written_as_iso_durations(text: str, length: relativedelta) -> None:
    assert parse_duration(text) == length
    assert Programme.from_toml(f"returning_after = '{text}'").returning_after == length


@pytest.mark.rule("S2")
@pytest.mark.parametrize(
    "length",
    [
        relativedelta(),
        relativedelta(years=-1),
        relativedelta(years=1, months=-1),
        relativedelta(months=1, days=-1),
        relativedelta(hours=30),
        relativedelta(years=1, hours=1),
        relativedelta(year=2020, days=1),
        relativedelta(years=100, months=1, days=40_000),
    ],
)
def test_a_length_of_absence_is_some_days_months_or_years(length: relativedelta) -> None:
    with pytest.raises(ProgrammeInvalid, match="returning_after: is not made of years, months and days"):
        Programme(returning_after=length)


@pytest.mark.rule("S2")
@pytest.mark.parametrize(
    "text", ["", "P", "P0D", "P0Y", "1Y", "p1y", "P-1Y", "P1H", "PT1H", "P1Y1W", "P1.5Y", "P101Y", "P1Y\n"]
)
def test_no_other_text_is_a_length_of_absence(text: str) -> None:
    assert places(faults(f"returning_after = {json.dumps(text)}")) == {"returning_after"}


@pytest.mark.rule("C10")
def test_the_words_that_offend_are_kept_out_of_codes_and_names_are_not() -> None:
    words = OffensiveWords(Programme().offensive_words)
    assert set(words.words) == set(Programme().offensive_words)
    assert all(map(words.in_text, ["FUCK2025", "PERSE7", "XHUJX", "P1PELE"]))
    names = """
        AIVAR ALEKSANDR ANASTASIA ANDRES ANNELI ARTUR ARTURS ASTRID BIRGIT BRITTA DAGNIJA DMITRI EDITE EVITA GALINA
        HASSAN INESE JEVGENI JULIA KADRI KARL KATRIN KRISTINE LIINA LITA MARGARITA MARTIN MIHKEL NATALIA NIKITA OKSANA
        PASKAL PEETER PETERIS RITA SIGRID SIRJE SVETLANA TATJANA TIIT TIINA VASSILI VIKTOR VITA VITALI VLADIMIR
    """
    assert [name for name in names.split() if words.in_text(f"{name}2025")] == []


@pytest.mark.rule("C10")
def test_the_format_of_codes_is_a_setting_and_random_unless_said_otherwise() -> None:
    assert Programme().code_format is CodeFormat.RANDOM
    assert Programme.from_toml('code_format = "named"').code_format is CodeFormat.NAMED


def test_a_programme_does_not_change_with_what_it_was_made_from() -> None:
    sharing = {"et": SharingTemplate("t", "{code}", "https://example.com/{code}")}
    programme = Programme(languages=("et",), sharing=sharing)
    sharing.clear()
    assert programme.sharing_text("ABCD", "et").text == "ABCD"


# ── trying again ──────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "pause"),
    [
        ("PT30S", timedelta(seconds=30)),
        ("PT5M", timedelta(minutes=5)),
        ("PT90M", timedelta(minutes=90)),
        ("PT2H", timedelta(hours=2)),
        ("P1D", timedelta(days=1)),
        ("P2DT3H4M5S", timedelta(days=2, hours=3, minutes=4, seconds=5)),
        ("PT0S", timedelta()),
    ],
)
def test_a_pause_is_days_hours_minutes_and_seconds(text: str, pause: timedelta) -> None:
    assert parse_pause(text) == pause
    assert parse_pause(written_pause(pause)) == pause


@pytest.mark.parametrize(
    "text", ["", "P", "PT", "P1DT", "T5M", "PT5", "5M", "P1Y", "P1W", "P1M", "PT-5M", "PT1.5H", "pt5m"]
)
def test_what_is_no_pause_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a pause"):
        parse_pause(text)


@given(st.timedeltas(timedelta(), timedelta(days=9999)))
def test_a_pause_is_read_as_it_was_written(pause: timedelta) -> None:
    assert parse_pause(written_pause(pause)) == pause - timedelta(microseconds=pause.microseconds)


@pytest.mark.rule("B2")
@pytest.mark.parametrize(
    ("paying", "minutes"),
    [
        (Paying(), [5, 10, 20, 40, 80, 160, 320, 640, 1280, 1440, 1440, None, None]),
        (Paying(attempts=4, growth=3), [5, 15, 45, None]),
        (Paying(attempts=4, growth=1), [5, 5, 5, None]),
        (Paying(attempts=3, longest_pause=timedelta(minutes=5)), [5, 5, None]),
        (Paying(attempts=1), [None]),
    ],
)
def test_pauses_grow_up_to_the_longest_and_have_an_end(paying: Paying, minutes: list[int | None]) -> None:
    noon = datetime(2021, 3, 1, 12, tzinfo=UTC)
    tries = [paying.next_try(number, noon) for number in range(1, len(minutes) + 1)]
    assert tries == [None if pause is None else noon + timedelta(minutes=pause) for pause in minutes]


# ── lines, families and lists of the second edition ───────────────────────────────────────────────────────────────────


GROUPS: Final = """
    [[groups]]
    id = "r1"
    side = "referrer"
    [[groups]]
    id = "r2"
    side = "referrer"
    [[groups]]
    id = "e1"
    side = "referee"
"""


@pytest.mark.rule("D6")
def test_referrers_may_have_lines_of_their_own() -> None:
    lines = """
        referrer_groups = [{channel = "distributor/shop7", product = "gas", group = "r2"}, {group = "r1"}]
        referee_groups = [{group = "e1"}]
        products = ["electricity", "gas"]
    """
    programme = Programme.from_toml(lines + GROUPS)
    assert programme.referrer_group_for("distributor/shop7/till", "household", "gas") == "r2"
    assert programme.referrer_group_for("distributor/shop7", "household", "electricity") == "r1"
    assert programme.referrer_group_for("distributor", "household", "gas") == "r1"
    short = Programme.from_toml('referrer_group = "r2"\nreferee_groups = [{group = "e1"}]\n' + GROUPS)
    assert short.lines_of(Side.REFERRER) == (GroupLine("r2"),)


@pytest.mark.rule("D6", "P1")
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            'referrer_group = "referrer"\nreferrer_groups = [{group = "referrer"}]',
            ["referrer_group: is the short form of referrer_groups, which is here too: keep one of them"],
        ),
        ("referrer_groups = []", ["referrer_groups: is empty"]),
        (
            'referrer_groups = [{channel = "kiosk", group = "referee-manual"}]',
            [
                "referrer_groups[0].group: 'referee-manual' is a group of the referee, not of the referrer",
                "referrer_groups[0].channel: 'kiosk' is not one of channels",
                "referrer_groups[0]: is the last line and must match everything",
            ],
        ),
        (
            """referee_groups = [
                {channel = "distributor", group = "referee-manual"},
                {channel = "distributor/shop7", group = "referee-self-service"},
                {group = "referee-manual"},
            ]""",
            ["referee_groups[1]: can never match: referee_groups[0] comes first"],
        ),
        (
            """referrer_groups = [
                {group = "referrer"},
                {channel = "distributor/shop7", segment = "household", group = "referrer"},
                {group = "referrer"},
            ]""",
            [
                "referrer_groups[1]: can never match: referrer_groups[0] comes first",
                "referrer_groups[2]: can never match: referrer_groups[0] comes first",
            ],
        ),
        ('blocking_channels = ["shops/7"]', ["blocking_channels[0]: 'shops/7' is not one of channels"]),
        ('excluded_channels = ["fair", "fair"]', [
            "excluded_channels[1]: 'fair' is there twice",
            "excluded_channels[0]: 'fair' is not one of channels",
            "excluded_channels[1]: 'fair' is not one of channels",
        ]),
        ('excluded_channels = "fair"', ["excluded_channels: is a text in quotation marks, not a list"]),
        (
            'existing_customer_by_product = {solar = ["electricity"], electricity = []}',
            [
                "existing_customer_by_product.solar: 'solar' is not one of products",
                "existing_customer_by_product.electricity: is empty",
            ],
        ),
        (
            "existing_customer_by_product = {electricity = 3}",
            ["existing_customer_by_product.electricity: is a whole number, not a list"],
        ),
        ("existing_customer_by_product = 3", ["existing_customer_by_product: is a whole number, not a table"]),
        ('manual_end_blocks = "everybody"', ["manual_end_blocks: 'everybody' is not one of account, customer"]),
    ],
)  # fmt: skip
def test_lines_and_lists_are_validated_with_the_rest(text: str, expected: list[str]) -> None:
    assert faults(text) == expected


@pytest.mark.rule("D6", "S11")
def test_a_member_needs_no_listing_and_lists_its_family() -> None:
    programme = Programme.from_toml(
        """
        channels = ["self-service", "shop/7", "agency"]
        blocking_channels = ["self-service", "shop"]
        excluded_channels = ["agency/north"]
        """
    )
    assert [programme.blocks(channel) for channel in ("shop", "shop/8", "shops", "agency")] == [
        True,
        True,
        False,
        False,
    ]
    assert [programme.excludes(channel) for channel in ("agency/north/1", "agency", "agency/south")] == [
        True,
        False,
        False,
    ]


@pytest.mark.rule("D6")
@given(st.lists(st.tuples(*[st.sampled_from([None, "a", "a/b", "a/b/c", "d"])] * 2), min_size=1, max_size=5))
def test_a_hidden_line_is_one_that_no_sign_up_can_be_the_first_to_match(criteria: list[tuple[str, str]]) -> None:
    """Every hidden line is named, and no other: any line that is not hidden has a sign-up of its own."""
    lines = [GroupLine("g", channel=channel, product=product) for channel, product in criteria]
    for number, line in enumerate(lines):
        # A sign-up of nobody else's: a member, and a product, that no line names.
        sign_up = (f"{line.channel or 'else'}/new", "any", line.product or "new")
        is_first = next(each for each in lines if each.matches(*sign_up)) is line
        assert is_first != any(earlier.is_as_wide_as(line) for earlier in lines[:number])


@pytest.mark.rule("D2", "P1")
def test_words_of_a_programme_are_compared_with_those_of_acts() -> None:
    first, second = "Ma\u0308nd", "M\u00e4nd"
    programme = Programme.from_toml(f'products = ["{first}", "electricity"]\nsegments = ["household", "Ma\\u0308nd"]')
    assert (programme.covers(second, second), programme.covers(first, second)) == (True, False)
    twice = f'[existing_customer_by_product]\n"{first}" = ["electricity"]\n"{second}" = ["electricity"]'
    with pytest.raises(ProgrammeInvalid, match="Cannot overwrite a value"):
        Programme.from_toml(twice)
    for word, wrong in ((first, "is not in the Unicode form NFC"), ("x" * 201, "is longer than 200 characters")):
        with pytest.raises(ProgrammeInvalid, match=wrong):
            Programme(products=(word, "electricity"))
