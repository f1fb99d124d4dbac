"""The feed itself: lines in, results and a summary out."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any, Final

import pytest

from referral_adapters.feed import FeedRunner
from referral_adapters.feed.event import read_event
from referral_core import Programme
from referral_core.values.name import digest_key
from tests.feed.story import MONEY, Story, line

Data = dict[str, Any]

NOON: Final = "2021-02-01T12:00:00+02:00"
HONOUR: Final = {"moment": "2021-01-06T12:00:00+02:00"}

# Every type, with every one of its fields.
FULL: Final[dict[str, Data]] = {
    "contract.concluded": {
        "contract": "NEW",
        "account": "C",
        "customer": "c",
        "product": "electricity",
        "segment": "household",
        "starts_on": "2021-03-01",
        "channel": "sales-portal",
        "code": "A123",
        "group": "referee-manual",
        "honour": HONOUR,
        "reason": "began on the web",
        "first_name": "Mihkel",
    },
    "contract.activated": {"contract": "OPEN"},
    "contract.terminated": {"contract": "ACTIVE"},
    "contract.withdrawn": {"contract": "OPEN"},
    "contract.annulled": {"contract": "ACTIVE"},
    "code.attach": {
        "contract": "BARE",
        "code": "A123",
        "channel": "sales-portal",
        "group": "referee-manual",
        "honour": HONOUR,
        "reason": "began on the web",
    },
    "code.check": {
        "code": "A123",
        "channel": "self-service",
        "customer": "c",
        "product": "electricity",
        "segment": "household",
    },
    "code.issue": {"account": "A", "code": "A999", "replace": True, "reason": "asked for it"},
    "code.end": {
        "code": "A123",
        "at": "2021-03-01T00:00:00+02:00",
        "reason": "moved away",
        "referrals": "hold",
    },
    "code.shared": {"code": "A123", "means": "link"},
    "group.add": {"group": "fair", "side": "referee", "name": "Spring fair"},
    "group.rename": {"group": "referee-manual", "name": "By hand"},
    "group.disable": {"group": "referee-manual"},
    "group.enable": {"group": "referee-manual"},
    "amount.set": {
        "group": "referrer",
        "amount": "12",
        "from": "2021-02-02",
        "until": "2021-02-28",
        "correction": True,
        "reason": "typed wrong",
    },
    "referral.change-group": {"contract": "OPEN", "group": "referee-manual", "reason": "on the phone"},
    "referral.hold": {"contract": "OPEN", "reason": "looks odd"},
    "referral.release": {"contract": "HELD", "reason": "it is a family"},
    "referral.void": {"contract": "OPEN", "reason": "no such person", "take_back": True},
    "case.open": {
        "case": "C2",
        "customer": "c",
        "code": "A123",
        "product": "electricity",
        "segment": "household",
    },
    "case.finish": {
        "case": "C1",
        "contract": "NEW",
        "account": "C",
        "customer": "c",
        "product": "electricity",
        "segment": "household",
        "starts_on": "2021-03-01",
        "channel": "sales-portal",
        "group": "referee-manual",
    },
    "case.abandon": {"case": "C1"},
    "bill.issued": {"bill": "R1", "account": "A", "amount": "3"},
    "bill.cancelled": {"bill": "R0"},
    "discount.transfer": {"from": "LEFT", "to": "STAYED", "amount": "3"},
    "termination-fee.note": {"contract": "PAID", "amount": "3", "reason": "left early"},
}

OPTIONAL: Final = {
    "contract.concluded": "product segment starts_on channel code group honour reason first_name",
    "code.attach": "channel group honour reason",
    "code.check": "channel customer product segment",
    "code.issue": "code replace reason",
    "code.end": "at referrals",
    "group.add": "name",
    "referral.void": "take_back",
    "amount.set": "from until correction reason",
    "case.open": "code product segment",
    "case.finish": "product segment starts_on channel group",
    "discount.transfer": "amount",
}

REQUIRED: Final = [
    (kind, field) for kind, data in FULL.items() for field in data if field not in OPTIONAL.get(kind, "").split()
]
# These the format lists among what has to be there, and lets a system leave out.
REASONS: Final = [
    ("code.end", "reason"),
    ("referral.change-group", "reason"),
    ("referral.hold", "reason"),
    ("referral.release", "reason"),
    ("referral.void", "reason"),
    ("termination-fee.note", "reason"),
]
FLAGS: Final = {"replace", "correction", "take_back"}


def scene() -> Story:
    """Return a programme in which every one of the lines is there to be told."""
    story = Story().with_amounts()
    code = story.referrer("A", text="A123")
    left = story.referrer("LEFT")
    story.concluded("PAID", account="PAID", code=left)
    story.activated("PAID")
    story.bill("R0", "PAID", "1")
    story.terminated("PAID")
    story.terminated("K-LEFT")
    story.supplied("K-STAYED", account="STAYED", customer="left", since="2021-01-20 12:00")
    story.supplied("ACTIVE", account="ACTIVE", since="2021-01-20 12:00")
    story.concluded("OPEN", account="OPEN", code=code)
    story.concluded("HELD", account="HELD", code=code)
    story.hold("HELD")
    story.concluded("BARE", account="BARE")
    story.case_opened("C1", customer="c", code=code)
    story.summary()
    story.moves_to(NOON)
    return story


def told(story: Story, kind: str, data: object, then: str, **attributes: Any) -> None:  # noqa: ANN401
    attributes = {"time": NOON, "event": "x", **attributes}
    story.handle(line(kind, data, **attributes), then=then)


def with_null(kind: str, data: Data, *attributes: str) -> str:
    """Return a line in which attributes are null."""
    return json.dumps({**json.loads(line(kind, data, time=NOON, event="x")), **dict.fromkeys(attributes)})


# ── the data of every type ────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("S7")
@pytest.mark.parametrize("kind", FULL)
def test_every_type_with_every_field(kind: str) -> None:
    told(scene(), kind, FULL[kind], "done")


@pytest.mark.rule("S7")
@pytest.mark.parametrize("kind", FULL)
def test_every_type_without_any_optional_field(kind: str) -> None:
    data = {field: value for field, value in FULL[kind].items() if (kind, field) in REQUIRED}
    if kind == "code.issue":
        story = scene()
        told(story, kind, data, "refused code-overlap")
        story.end("A123", at="2021-02-01 12:00")
        told(story, kind, data, "done")
    else:
        told(scene(), kind, data, "done")


@pytest.mark.rule("S7")
@pytest.mark.parametrize("kind", FULL)
def test_a_missing_field_is_named(kind: str) -> None:
    story = scene()
    for field in (field for of, field in REQUIRED if of == kind and (of, field) not in REASONS):
        data = {name: value for name, value in FULL[kind].items() if name != field}
        told(story, kind, data, f"invalid {field}")
        told(story, kind, data | {field: None}, f"invalid {field}")


@pytest.mark.rule("S7")
@pytest.mark.parametrize("kind", FULL)
def test_a_field_that_may_be_left_out_may_be_null(kind: str) -> None:
    data = {field: value if (kind, field) in REQUIRED else None for field, value in FULL[kind].items()}
    if kind == "code.issue":
        data |= {"replace": True}
    told(scene(), kind, data, "done")
    told(scene(), kind, data | {"colour": None}, "invalid colour")


@pytest.mark.rule("S7")
def test_an_attribute_that_is_null_is_not_there() -> None:
    optional = ["actor", "actorrole", "subject", "dataschema", "datacontenttype", "traceparent"]
    scene().handle(with_null("contract.activated", {"contract": "OPEN"}, *optional), then="done")
    for attribute in ("specversion", "source", "time", "data"):
        scene().handle(with_null("contract.activated", {"contract": "OPEN"}, attribute), then=f"invalid {attribute}")


@pytest.mark.rule("S7")
def test_an_event_with_null_in_it_is_the_event_without() -> None:
    story = scene()
    data: Data = {"contract": "NEW", "account": "C", "customer": "c"}
    story.handle(with_null("contract.concluded", {**data, "code": None, "honour": None}, "subject"), then="done")
    told(story, "contract.concluded", {"customer": "c", "account": "C", "contract": "NEW"}, "repeated")
    story.handle(with_null("contract.concluded", data, "actor"), then="repeated")
    told(story, "contract.concluded", {**data, "code": "A123"}, "invalid id")


@pytest.mark.rule("S7")
@pytest.mark.parametrize("kind", FULL)
def test_an_unknown_field_is_named(kind: str) -> None:
    story = scene()
    for field in ("colour", "Contract", "code ", "__class__", "données"):
        told(story, kind, FULL[kind] | {field: "x"}, f"invalid {field}")


@pytest.mark.rule("S7")
def test_a_field_of_another_type_is_unknown() -> None:
    story = scene()
    told(story, "contract.activated", {"contract": "OPEN", "account": "OPEN"}, "invalid account")
    told(story, "code.shared", {"code": "A123", "means": "link", "reason": "x"}, "invalid reason")
    told(story, "group.disable", {"group": "referrer", "name": "x"}, "invalid name")
    told(story, "case.finish", FULL["case.finish"] | {"code": "A123"}, "invalid code")


@pytest.mark.rule("S7")
@pytest.mark.parametrize("kind", FULL)
def test_a_wrong_kind_is_named(kind: str) -> None:
    story = scene()
    for field in FULL[kind]:
        for wrong in (7, 7.5, "true" if field in FLAGS else True, ["x"], {"x": "y"}):
            told(story, kind, FULL[kind] | {field: wrong}, f"invalid {field}")


@pytest.mark.rule("S7")
@pytest.mark.parametrize(
    ("kind", "field", "value"),
    [
        ("contract.concluded", "starts_on", "tomorrow"),
        ("contract.concluded", "starts_on", "2021-02-30"),
        ("contract.concluded", "starts_on", "01.03.2021"),
        ("contract.concluded", "starts_on", "2021-03-01T00:00:00+02:00"),
        ("case.finish", "starts_on", "2021-13-01"),
        ("contract.concluded", "honour", {}),
        ("contract.concluded", "honour", {"moment": "yesterday"}),
        ("contract.concluded", "honour", {"moment": 7}),
        ("contract.concluded", "honour", {**HONOUR, "reason": "x"}),
        ("contract.concluded", "honour", "2021-01-06T12:00:00+02:00"),
        ("code.attach", "honour", {}),
        ("code.attach", "honour", {**HONOUR, "colour": "x"}),
        ("code.end", "at", "soon"),
        ("code.end", "at", "2021-03-01T25:00:00+02:00"),
        ("amount.set", "from", "soon"),
        ("amount.set", "until", "2021-02-29"),
        ("amount.set", "until", "2021-02-28T12:61:00+02:00"),
        ("group.add", "side", "both"),
        ("group.add", "side", "Referee"),
        ("group.add", "side", ""),
    ],
)
def test_a_value_that_is_none_of_its_kind_is_named(kind: str, field: str, value: object) -> None:
    told(scene(), kind, FULL[kind] | {field: value}, f"invalid {field}")


# ── the line ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("S7")
@pytest.mark.parametrize(
    ("attribute", "value"),
    [
        ("specversion", None),
        ("specversion", "0.3"),
        ("specversion", 1.0),
        ("id", None),
        ("id", ""),
        ("id", 7),
        ("source", None),
        ("source", ""),
        ("source", 7),
        ("type", None),
        ("type", ""),
        ("type", "contract.signed"),
        ("type", "Code.Check"),
        ("type", 7),
        ("time", None),
        ("time", ""),
        ("time", "noon"),
        ("time", "2021-02-30T12:00:00+02:00"),
        ("time", "2021-02-01T24:30:00+02:00"),
        ("time", "2021-02-01T12:00:00+25:00"),
        ("time", 1612173600),
        ("data", None),
        ("data", "code"),
        ("data", ["code"]),
        ("data", 7),
        ("actorrole", "king"),
        ("actorrole", "Agent"),
        ("actorrole", ""),
        ("actorrole", 7),
        ("actor", 7),
        ("actor", ["Mari"]),
    ],
)
def test_a_wrong_attribute_is_named(attribute: str, value: object) -> None:
    story = scene()
    event = json.loads(line("code.check", {"code": "A123"}, time=NOON, role="agent", actor="Mari"))
    event[attribute] = value
    if value is None:
        del event[attribute]
    story.handle(json.dumps(event), then=f"invalid {attribute}")


@pytest.mark.rule("S7")
@pytest.mark.parametrize(
    "text",
    ["{", "[]", "7", "null", '"code.check"', "nonsense", "{}", "[{}]", '{"id": "x"', "{'id': 'x'}", "\x00", "{]"],
)
def test_what_is_no_event_is_invalid(text: str) -> None:
    story = scene()
    story.handle(text, then="invalid")
    assert "id" in story.results[-1]


@pytest.mark.rule("S7")
def test_bytes_that_are_not_utf_8_are_invalid_and_the_feed_goes_on() -> None:
    story = scene()
    before = story.state()
    good = line("code.check", {"code": "A123"}, time=NOON, event="x").encode()
    broken = good.replace(b"A123", b"A\xff23")
    assert story.runner.handle(broken, 99)["outcome"] == "invalid"
    assert story.state() == before
    assert story.runner.handle(good, 100)["outcome"] == "done"


@pytest.mark.rule("S7")
@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity"])
def test_what_json_does_not_know_is_invalid(value: str) -> None:
    text = line("bill.issued", FULL["bill.issued"], time=NOON).replace('"3"', value)
    scene().handle(text, then="invalid")


@pytest.mark.rule("S7")
@pytest.mark.parametrize(
    "time",
    ["2021-02-01T12:00:00+02:00", "2021-02-01T10:00:00Z", "2021-02-01T10:00:00.5Z", "2021-02-01T10:00:00.123456Z"],
)
def test_moments_are_written_as_in_rfc_3339(time: str) -> None:
    told(scene(), "code.check", {"code": "A123"}, "done", time=time)


@pytest.mark.rule("S7")
def test_actor_and_role_are_optional() -> None:
    story = scene()
    told(story, "code.check", {"code": "A123"}, "done")
    told(story, "contract.activated", {"contract": "OPEN"}, "done", event="y")
    told(story, "group.add", {"group": "fair", "side": "referee"}, "done", event="z")
    (row,) = story.chain("group:fair")
    assert (row.actor, str(row.role)) == ("feed", "system")


@pytest.mark.rule("S7")
def test_letters_of_every_language_pass_through() -> None:
    story = scene()
    story.concluded("Õ-1", account="Ķ-1", customer="Жанна", at="2021-02-02 12:00")
    row = story.account("Ķ-1")
    assert row["customer"] == "Жанна"


# ── repeated ids ──────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("B2")
@pytest.mark.parametrize("kind", FULL)
def test_a_line_that_took_effect_is_repeated_for_ever(kind: str) -> None:
    story = scene()
    told(story, kind, FULL[kind], "done")
    story.again()
    story.again()
    later = FeedRunner(story.programme, story.store)
    repeated = later.handle(story.told[-1], 1)
    assert (repeated["outcome"], repeated["reasons"], repeated["line"], repeated["id"]) == ("repeated", [], 1, "x")
    assert later.summary()["lines"] == {"done": 0, "warned": 0, "repeated": 1, "refused": 0, "invalid": 0}


@pytest.mark.rule("B2", "S9")
def test_a_warned_line_is_repeated_too() -> None:
    story = scene()
    data = {"contract": "NEW", "account": "C", "customer": "c", "channel": "sales-portal", "code": "NOSUCH42"}
    told(story, "contract.concluded", data, "warned code-unknown")
    story.again()


@pytest.mark.rule("B2")
@pytest.mark.parametrize("kind", FULL)
def test_the_same_id_with_other_content_is_invalid(kind: str) -> None:
    story = scene()
    told(story, kind, FULL[kind], "done")
    field = next(iter(FULL[kind]))
    told(story, kind, FULL[kind] | {field: "other"}, "invalid id")
    told(story, kind, FULL[kind], "repeated")


@pytest.mark.rule("B2")
@pytest.mark.parametrize(
    "other",
    [
        {"time": "2021-02-01T12:00:01+02:00"},
        {"role": "administrator"},
        {"actor": "Mari"},
        {"kind": "group.enable"},
        {"data": {"group": "referee-manual"}},
    ],
)
def test_every_part_of_a_line_is_its_content(other: Data) -> None:
    story = scene()
    parts: Data = {"kind": "group.disable", "data": {"group": "referrer"}, "time": NOON, "event": "x"}
    story.handle(line(**parts))
    story.handle(line(**parts | other), then="invalid id")


@pytest.mark.rule("B2")
def test_order_and_blanks_are_no_content() -> None:
    story = scene()
    event = json.loads(line("group.add", FULL["group.add"], time=NOON, event="x"))
    story.handle(json.dumps(event))
    turned = {name: event[name] for name in reversed(event)} | {"data": dict(reversed(event["data"].items()))}
    story.handle("  " + json.dumps(turned, separators=(" , ", " : ")) + "  ", then="repeated")


@pytest.mark.rule("B2")
def test_an_id_is_one_sources_own() -> None:
    story = scene()
    told(story, "code.shared", FULL["code.shared"], "done", source="app")
    told(story, "code.shared", FULL["code.shared"], "done", source="web")
    told(story, "code.shared", FULL["code.shared"], "repeated", source="app")
    assert story.account("A")["sent"] == 2


@pytest.mark.rule("B2")
def test_a_refused_line_leaves_no_mark_and_may_be_sent_again() -> None:
    story = scene()
    told(story, "contract.activated", {"contract": "LATE"}, "refused contract-unknown")
    told(story, "contract.activated", {"contract": "LATE"}, "refused contract-unknown")
    story.concluded("LATE", account="LATE", at="2021-01-31 12:00")
    told(story, "contract.activated", {"contract": "LATE"}, "done")
    told(story, "contract.activated", {"contract": "LATE"}, "repeated")


@pytest.mark.rule("B2")
def test_an_invalid_line_leaves_no_mark_and_may_be_mended() -> None:
    story = scene()
    told(story, "contract.activated", {"contracts": "OPEN"}, "invalid contract")
    told(story, "contract.activated", {"contract": "OPEN"}, "done")


@pytest.mark.rule("B2")
def test_a_refused_line_may_come_again_with_other_content() -> None:
    story = scene()
    told(story, "group.add", {"group": "referrer", "side": "referrer"}, "refused group-exists")
    told(story, "group.add", {"group": "fair", "side": "referrer"}, "done")


@pytest.mark.rule("B2", "S6")
def test_a_blocked_sign_up_may_come_again_under_the_same_id() -> None:
    story = scene()
    pending = story.code_is("BARE", "pending")
    data = {"contract": "NEW", "account": "C", "customer": "c", "code": pending}
    told(story, "contract.concluded", data, "refused code-pending")
    story.activated("BARE", at=NOON)
    told(story, "contract.concluded", data, "done")


@pytest.mark.rule("B2")
def test_everything_told_twice_comes_to_the_same() -> None:
    once, twice = scene(), Story()
    for number, text in enumerate(once.told):
        twice.handle(text)
        twice.handle(text, then="repeated")
        for earlier in once.told[: number + 1]:
            twice.handle(earlier, then="repeated")
    assert {**once.summary(), "lines": None} == {**twice.summary(), "lines": None}


# ── results ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("S7")
def test_results_come_in_order_one_a_line_and_blank_lines_are_skipped() -> None:
    lines = [
        line("group.disable", {"group": "referrer"}, time=NOON, event="a"),
        "",
        "   ",
        "nonsense",
        line("group.enable", {"group": "fair"}, time=NOON, event="b"),
        "\t",
        line("group.disable", {"group": "referrer"}, time=NOON, event="a"),
    ]
    runner = Story().runner
    results = list(runner.run(lines))
    assert [result["line"] for result in results] == [1, 4, 5, 7]
    assert [result["outcome"] for result in results] == ["done", "invalid", "refused", "repeated"]
    assert [result["id"] for result in results] == ["a", None, "b", "a"]
    assert [result["reasons"] for result in results] == [[], [], ["group-unknown"], []]
    assert runner.summary()["lines"] == {"done": 1, "warned": 0, "repeated": 1, "refused": 1, "invalid": 1}


@pytest.mark.rule("S7")
def test_a_line_may_end_like_any_line() -> None:
    story = Story()
    story.handle(line("group.disable", {"group": "referrer"}, time=NOON, event="a") + "\n")
    story.handle(line("group.enable", {"group": "referrer"}, time=NOON, event="b") + "\r\n")


@pytest.mark.rule("S7")
def test_every_result_can_be_written_as_json_and_begins_alike() -> None:
    story = scene()
    for kind, data in FULL.items():
        told(story, kind, data, "*", event=kind)
    for result in story.results:
        assert list(result.fields)[:4] == ["line", "id", "outcome", "reasons"]
        assert json.loads(json.dumps(result.fields)) == result.fields


USABLE: Final = {"usable", "referee_amount", "referrer_amount", "referee_group", "referrer_group"}


@pytest.mark.rule("S5", "S7")
@pytest.mark.parametrize("kind", ["code.check", "contract.concluded", "code.attach", "case.finish"])
def test_with_a_usable_code_the_result_tells_groups_and_amounts(kind: str) -> None:
    story = scene()
    told(story, kind, FULL[kind] | ({"group": "referee-self-service"} if kind != "code.check" else {}), "done")
    assert {name: story.results[-1][name] for name in USABLE} == {
        "usable": True,
        "referee_amount": "7.00",
        "referrer_amount": "10.00",
        "referee_group": "referee-self-service",
        "referrer_group": "referrer",
    }


@pytest.mark.rule("S5", "S6", "S9")
@pytest.mark.parametrize(
    ("kind", "data", "outcome"),
    [
        ("code.check", {"code": "NOSUCH42"}, "done"),
        ("contract.concluded", {"code": "NOSUCH42"}, "warned"),
        ("contract.concluded", {"code": "NOSUCH42", "channel": "self-service"}, "refused"),
        ("code.attach", {"code": "NOSUCH42"}, "refused"),
    ],
)
def test_with_an_unusable_code_the_result_says_so(kind: str, data: Data, outcome: str) -> None:
    story = scene()
    told(story, kind, FULL[kind] | data, f"{outcome} code-unknown")
    result = story.results[-1]
    assert result["usable"] is False
    assert not [name for name in USABLE - {"usable"} if result.fields.get(name) is not None]


@pytest.mark.rule("S7", "C3")
def test_without_a_code_the_result_says_nothing_of_one() -> None:
    story = scene()
    story.concluded("NEW", account="C", at=NOON)
    assert not USABLE & set(story.results[-1].fields)
    assert story.results[-1].issued
    story.activated("NEW")
    assert not {"issued", *USABLE} & set(story.results[-1].fields)


@pytest.mark.rule("C3", "C9")
def test_an_act_that_issues_a_code_tells_its_text() -> None:
    story = scene()
    assert story.concluded("N1", account="N").issued == story.code_is("N", "pending")
    assert story.issue("A", "a-999", replace=True).issued == "A999" == story.code_is("A", "active")
    assert story.case_finished("C1", "N2", account="C").issued == story.code_is("C", "pending")


# ── the summary ───────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("S7")
def test_the_summary_of_nothing() -> None:
    nothing: object = {
        "accounts": {},
        "referrals": [],
        "cases": [],
        "liability": {"locked": "0.00", "granted_unused": "0.00"},
        "lines": {"done": 0, "warned": 0, "repeated": 0, "refused": 0, "invalid": 0},
    }
    assert Story().summary() == nothing


@pytest.mark.rule("B1", "S7", "T2")
def test_the_summary_word_for_word() -> None:
    story = Story(Programme(products=("electricity", "gas"))).with_amounts()
    code = story.referrer("A2", since="2021-01-05 12:00")
    story.shared(code, at="2021-01-06 12:00")
    story.concluded("K2", account="A10", code=code, at="2021-07-01 12:00", channel="sales-portal")
    story.concluded("K1", account="B", product="gas", code=code, at="2021-07-01 12:00")
    story.activated("K1", at="2021-08-01 00:00")
    story.bill("R1", "B", "2.5", at="2021-08-02 00:00")
    story.case_opened("c2", customer="x", at="2021-08-03 00:00")
    story.case_opened("c10", customer="y", code=code, at="2021-08-03 00:00")
    nothing: Data = dict.fromkeys(MONEY, "0.00") | {"sent": 0, "used": 0}
    issued = story.code_is("A10", "pending")
    common: Data = {
        "code": code,
        "referrer": "A2",
        "honoured_moment": None,
        "concluded_at": "2021-07-01T12:00:00+03:00",
    }
    common |= {"referrer_group": "referrer", "referrer_amount": "10.00"}
    summary = story.summary()
    expected: object = {
        "accounts": {
            "A10": nothing
            | {
                "customer": "a10",
                "code": {"text": issued, "status": "pending", "start": None, "end": None},
                "pending": "8.00",
            },
            "A2": nothing
            | {
                "customer": "a2",
                "code": {"text": code, "status": "active", "start": "2021-01-05T12:00:00+02:00", "end": None},
                "sent": 1,
                "used": 2,
                "granted": "10.00",
                "unused": "10.00",
                "pending": "10.00",
            },
            "B": nothing | {"customer": "b", "code": None, "granted": "7.00", "consumed": "2.50", "unused": "4.50"},
        },
        "referrals": [
            common
            | {
                "contract": "K1",
                "referee": "B",
                "status": "granted",
                "channel": "self-service",
                "referee_group": "referee-self-service",
                "referee_amount": "7.00",
            },
            common
            | {
                "contract": "K2",
                "referee": "A10",
                "status": "recorded",
                "channel": "sales-portal",
                "referee_group": "referee-manual",
                "referee_amount": "8.00",
            },
        ],
        "cases": [
            {"case": "c10", "status": "open", "promo_code": code, "discount_amount": "7.00"},
            {"case": "c2", "status": "open", "promo_code": None, "discount_amount": None},
        ],
        "liability": {"locked": "18.00", "granted_unused": "14.50"},
        "lines": {"done": len(story.told), "warned": 0, "repeated": 0, "refused": 0, "invalid": 0},
    }
    assert summary == expected
    assert list(summary["accounts"]) == ["A10", "A2", "B"]
    assert json.loads(json.dumps(summary)) == summary


@pytest.mark.rule("S7")
def test_referrals_are_sorted_by_concluding_moment_and_then_contract() -> None:
    story = Story().with_amounts()
    code = story.referrer("A")
    for contract, at in (("K3", "2021-03-01 12:00"), ("K9", "2021-02-01 12:00"), ("K1", "2021-03-01 12:00")):
        story.concluded(contract, account=f"B-{contract}", code=code, at=at)
    # Written by the clocks of Berlin it looks like the earliest of that day, and is the latest.
    story.concluded("K0", account="C", code=code, at="2021-03-01T11:30:00+01:00")
    assert [row["contract"] for row in story.summary()["referrals"]] == ["K9", "K1", "K3", "K0"]


@pytest.mark.rule("B1")
def test_keys_of_the_summary_are_these_and_in_this_order() -> None:
    story = scene()
    summary = story.summary()
    assert list(summary) == ["accounts", "referrals", "cases", "liability", "lines"]
    account = ["customer", "code", "sent", "used", "granted", "taken_back", "transferred_in", "transferred_out"]
    for row in summary["accounts"].values():
        assert list(row) == [*account, "consumed", "unused", "pending"]
        assert row["code"] is None or list(row["code"]) == ["text", "status", "start", "end"]
        assert all(f"{Decimal(row[field]):.2f}" == row[field] for field in MONEY)
    for referral in summary["referrals"]:
        assert list(referral) == [
            *("contract", "code", "referrer", "referee", "status", "concluded_at", "honoured_moment"),
            *("channel", "referrer_group", "referee_group", "referrer_amount", "referee_amount"),
        ]
    for case in summary["cases"]:
        assert list(case) == ["case", "status", "promo_code", "discount_amount"]
    assert list(summary["liability"]) == ["locked", "granted_unused"]


@pytest.mark.rule("C11")
def test_the_code_of_an_account_is_its_latest() -> None:
    story = scene()
    second = story.issue("A", replace=True).issued
    assert story.code_is("A", "active") == second
    story.end(second)
    assert story.code_is("A", "ended") == second


@pytest.mark.rule("C11")
def test_the_status_of_codes_is_as_at_the_last_line() -> None:
    story = scene()
    story.end("A123", at="2021-02-02 12:00", ends="2021-03-01 00:00")
    story.code_is("A", "active")
    story.concluded("LATER", account="L", at="2021-03-01 00:00")
    story.code_is("A", "ended", end="2021-03-01 00:00")


@pytest.mark.rule("B2")
def test_another_run_over_the_same_store_goes_on_where_the_first_stopped() -> None:
    first = scene()
    second = Story(first.programme, store=first.store)
    second.handle(first.told[-1], then="repeated")
    assert {**second.summary(), "lines": None} == {**first.summary(), "lines": None}
    second.moves_to(NOON)
    second.send("contract.activated", {"contract": "OPEN"}, event="second-run")
    second.holds("A", granted="10")


@pytest.mark.rule("C11")
def test_a_run_without_a_line_still_knows_the_codes() -> None:
    story = Story(store=scene().store)
    (code,) = (row["code"] for account, row in story.summary()["accounts"].items() if account == "A")
    assert code is not None
    assert code["text"] == "A123"


@pytest.mark.rule("B2")
def test_each_line_is_all_or_nothing() -> None:
    story = scene()
    # Concluding is refused by what comes last, after the contract and its code would have been written.
    data = FULL["contract.concluded"] | {"account": "NEW-ACCOUNT"}
    told(story, "contract.concluded", data | {"honour": {"moment": "2031-01-01T00:00:00Z"}}, "refused moment-invalid")
    told(story, "contract.concluded", data | {"group": "nosuch"}, "refused group-unknown")
    told(story, "contract.concluded", data | {"channel": "self-service", "code": "NOSUCH42"}, "refused code-unknown")
    told(story, "case.finish", FULL["case.finish"] | {"group": "nosuch"}, "refused group-unknown")
    told(story, "contract.concluded", data, "done")


@pytest.mark.rule("B2")
def test_a_moment_in_another_offset_and_a_default_that_is_written_are_the_same_content() -> None:
    story = scene()
    data = {"contract": "NEW", "account": "C", "customer": "c", "honour": None}
    story.handle(line("contract.concluded", data, time="2021-03-01T12:00:00+02:00", event="x"))
    written = {**data, "product": "electricity", "channel": "self-service"}
    again = line("contract.concluded", written, time="2021-03-01T10:00:00.000Z", event="x", actor="feed", role="system")
    story.handle(again, then="repeated")
    other = {**data, "channel": "sales-portal"}
    story.handle(line("contract.concluded", other, time="2021-03-01T12:00:00+02:00", event="x"), then="invalid id")


@pytest.mark.rule("B2")
def test_an_event_that_an_earlier_version_took_is_known_by_how_it_was_written() -> None:
    story = scene()
    text = line("group.add", FULL["group.add"], time=NOON, event="x")
    story.store.requests.add_event("story", digest_key("x"), read_event(json.loads(text)).written_digest)
    story.handle(text, then="repeated")
    story.handle(line("group.add", FULL["group.add"], time=NOON, event="x", role="administrator"), then="invalid id")
