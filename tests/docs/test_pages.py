"""What the pages say is what the library does: their tables are read and held against it."""

from __future__ import annotations

import ast
import importlib.util
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final, cast
from xml.etree import ElementTree

import attrs
import pytest

import referral_adapters.conformance
import referral_adapters.feed
import referral_adapters.http.client
import referral_adapters.http.webhooks
import referral_adapters.launch
import referral_adapters.memory
import referral_core
from referral_adapters.conformance import BillingConformance
from referral_adapters.feed import FeedRunner, Outcome
from referral_adapters.feed.event import LONGEST_LINE, read_event
from referral_adapters.feed.fields import LONGEST_NAME, LONGEST_TEXT, Fields, LineInvalid, arguments_of
from referral_adapters.memory import MemoryStore
from referral_core import Programme, Role
from referral_core.ports.billing import Billing
from referral_core.programme.messages import Messages
from referral_core.programme.settings import CodeFormat, FeePolicy, Settings
from referral_core.rules.eligibility import RULES
from referral_core.session import ACTS, SERVICES
from referral_core.values.errors import Reason, Refusal
from referral_core.values.money import CEILING
from tests.core.test_rules_named import IN_SCOPE, LATER
from tests.feed.proper_events import PROPER

ROOT: Final = Path(__file__).parent.parent.parent
DOCS: Final = ROOT / "docs"
EVENT: Final[dict[str, Any]] = {
    "recordedtime": "2021-03-01T12:00:00+02:00",
    "specversion": "1.0",
    "id": "1",
    "source": "test",
    "type": "group.add",
    "time": "2021-06-01T12:00:00+03:00",
    "data": {},
    "actor": "ann",
    "actorrole": "system",
    "datacontenttype": "application/json",
    "dataschema": "https://example.com/schema",
    "subject": "group",
}

Row = dict[str, str]


# ── reading pages ─────────────────────────────────────────────────────────────────────────────────────────────────────


def text_of(page: str) -> str:
    """Return the text of a page of the documentation."""
    return (DOCS / page).read_text(encoding="utf-8")


def sections(text: str, level: int) -> dict[str, str]:
    """Return what stands under each heading of a level, up to the next heading of that level or a higher one."""
    found = re.split(rf"^#{{{level}}} (.*)$", text, flags=re.MULTILINE)
    below = re.compile(rf"^#{{1,{level}}} ", re.MULTILINE)
    return {head: below.split(body)[0] for head, body in zip(found[1::2], found[2::2], strict=True)}


def first_table(text: str) -> list[Row]:
    """Return the rows of the first table, each by its columns' names."""
    found = re.search(r"(?:^\|.*\|\n)+", text, re.MULTILINE)
    assert found is not None, "there is no table"
    head, _, *rest = ([cell.strip() for cell in line[1:-1].split("|")] for line in found[0].splitlines())
    return [dict(zip(head, row, strict=True)) for row in rest]


def words(text: str) -> list[str]:
    """Return what stands in code font."""
    return re.findall(r"`([^`]+)`", text)


def column(table: list[Row], name: str) -> list[str]:
    """Return the words in code font of a column whose cells hold one each."""
    return [word for row in table for word in words(row[name])]


FEED: Final = text_of("reference/feed.md")
PARTS: Final = sections(FEED, 2)
TYPES: Final = {
    type_: body for head, body in sections(PARTS["Types"], 3).items() for type_ in words(head)
}  # fmt: skip
OVERVIEW: Final = {words(row["type"])[0]: row for row in first_table(PARTS["Types"])}
FIELDS: Final = {type_: {words(row["field"])[0]: row for row in first_table(body)} for type_, body in TYPES.items()}
FEED_ACTS: Final = {name for name, act in ACTS.items() if act.feed}
EVERY_FIELD: Final = [(type_, field) for type_, fields in FIELDS.items() for field in fields]


# ── what the feed reads ───────────────────────────────────────────────────────────────────────────────────────────────


class Asked(dict[str, Any]):
    """An object of JSON that keeps which of its fields somebody looked for."""

    def __init__(self, values: dict[str, Any]) -> None:
        super().__init__(values)
        self.names: set[str] = set()

    def get(self, name: str, default: Any = None) -> Any:  # noqa: ANN401 - as in a dictionary
        self.names.add(name)
        return super().get(name, default)

    def __contains__(self, name: object) -> bool:
        self.names.add(str(name))
        return super().__contains__(name)


def heard(type_: str, data: dict[str, Any]) -> dict[str, Any]:
    """Return what a line with this data asks of an act, what it leaves out as the act has it."""
    act = ACTS[type_]
    fields = Fields(data)
    given = {**act.defaults, **arguments_of(act, fields, Programme.default())}
    fields.close()
    return given


def said_of(type_: str, field: str, value: object) -> str:
    """Return what a line says of a value: ``proper``, the reason that refuses it, or ``invalid``."""
    try:
        heard(type_, {**PROPER[type_], field: value})
    except LineInvalid as invalid:
        return "invalid" if invalid.field.startswith(f"data.{field}") else str(invalid)
    except Refusal as refusal:
        return str(refusal.reasons[0])
    return "proper"


def test_every_type_is_on_the_page() -> None:
    assert sorted(TYPES) == sorted(OVERVIEW) == sorted(FEED_ACTS)


def test_the_overview_leads_to_each_type() -> None:
    headings = {re.sub(r"[^\w -]", "", head).replace(" ", "-"): words(head) for head in sections(PARTS["Types"], 3)}
    for type_, row in OVERVIEW.items():
        found = re.search(r"\(#(.*)\)", row["type"])
        assert found
        assert type_ in headings[found[1]]


@pytest.mark.parametrize("type_", TYPES)
def test_the_fields_of_the_page_are_those_that_are_read(type_: str) -> None:
    asked = Asked(PROPER[type_])
    heard(type_, asked)
    assert asked.names == FIELDS[type_].keys() == PROPER[type_].keys()


@pytest.mark.parametrize(("type_", "field"), EVERY_FIELD)
def test_the_page_says_which_fields_are_required(type_: str, field: str) -> None:
    rest = {name: value for name, value in PROPER[type_].items() if name != field}
    if FIELDS[type_][field]["default"] == "required":
        with pytest.raises(LineInvalid, match=rf"data\.{field}: is missing"):
            heard(type_, rest)
    else:
        heard(type_, rest)


@pytest.mark.parametrize(("type_", "field"), EVERY_FIELD)
def test_the_page_says_the_defaults(type_: str, field: str) -> None:
    row = FIELDS[type_][field]
    default = re.fullmatch("`([a-z-]+)`", row["default"])
    if default is None:
        return
    value = json.loads(default[1]) if row["kind"] == "flag" else default[1]
    rest = {name: given for name, given in PROPER[type_].items() if name != field}
    assert heard(type_, rest) == heard(type_, {**rest, field: value})
    other = not value if row["kind"] == "flag" else {"keep": "hold"}.get(value, f"not-{value}")
    assert heard(type_, rest) != heard(type_, {**rest, field: other})


MOMENTS: Final = {
    "2021-07-01T00:00:00+03:00": "proper",
    "2021-07-01T00:00:00.1234567Z": "proper",
    "2021-07-01T00:00:00": "moment-naive",
    "0001-07-01T00:00:00Z": "moment-invalid",
    "9999-07-01T00:00:00Z": "moment-invalid",
    "2021-02-30T00:00:00Z": "invalid",
    "": "invalid",
}
PROBES: Final[dict[str, dict[Any, str]]] = {
    "name": {"x": "proper", "x" * LONGEST_NAME: "proper", "x" * (LONGEST_NAME + 1): "name-invalid",
             " x": "name-invalid", "x\t": "name-invalid", "": "name-invalid", "\u200b": "name-invalid",
             "\u3164": "name-invalid", 1: "invalid"},
    "text": {"": "proper", "x" * LONGEST_TEXT: "proper", "x" * (LONGEST_TEXT + 1): "invalid", 1: "invalid"},
    "amount": {"10": "proper", "10.00": "proper", "0": "proper", "10.001": "amount-invalid", "-1": "amount-invalid",
               "1e3": "amount-invalid", str(CEILING): "amount-invalid", 10: "invalid"},
    "moment": {**MOMENTS, "2021-07-01": "moment-naive"},
    "date": {"2021-07-01": "proper", "2021-02-30": "invalid", "2021-07-01T00:00:00Z": "invalid", 20210701: "invalid"},
    "date or moment": {**MOMENTS, "2021-07-01": "proper", "2021-02-30": "invalid", "0001-01-01": "moment-invalid"},
    "flag": {True: "proper", "true": "invalid"},
    "treatment": {"keep": "proper", "hold": "proper", "void": "proper", "burn": "invalid"},
    "side": {"referrer": "proper", "referee": "proper", "both": "invalid"},
    "honour": {json.dumps({"moment": moment}): said for moment, said in MOMENTS.items()}
    | {"{}": "invalid", '{"moment": "2021-07-01T00:00:00Z", "why": ""}': "invalid", '""': "invalid"},
}  # fmt: skip
"""For each kind, values and what a line says of them."""


@pytest.mark.parametrize(("type_", "field"), EVERY_FIELD)
def test_the_page_says_of_what_kind_each_field_is(type_: str, field: str) -> None:
    kind = FIELDS[type_][field]["kind"]
    probes = {value: said_of(type_, field, json.loads(value) if kind == "honour" else value) for value in PROBES[kind]}
    assert probes == PROBES[kind]
    is_required = FIELDS[type_][field]["default"] == "required"
    assert said_of(type_, field, None) == ("invalid" if is_required else "proper")


def test_every_kind_is_explained() -> None:
    assert {row["kind"] for row in first_table(PARTS["Kinds"])} == PROBES.keys()


def test_the_page_names_the_limits() -> None:
    assert f"1 to {LONGEST_NAME} printable" in PARTS["Kinds"]
    assert f"up to {LONGEST_TEXT} characters" in PARTS["Kinds"]
    assert CEILING == 10**12
    assert "below 10^12" in PARTS["Kinds"]
    assert f"longer than\n{LONGEST_LINE:,} bytes" in PARTS["What becomes of a line"]


def test_the_attributes_of_the_page_are_those_that_are_read() -> None:
    asked = Asked(EVENT)
    read_event(asked)
    table = first_table(PARTS["The line"])
    assert column(table, "attribute") == [*dict.fromkeys(column(table, "attribute"))]
    assert asked.names == set(column(table, "attribute")) == EVENT.keys()


@pytest.mark.parametrize("row", first_table(PARTS["The line"]), ids=lambda row: row["attribute"])
def test_the_page_says_which_attributes_are_required(row: Row) -> None:
    (attribute,) = words(row["attribute"])
    rest = {name: value for name, value in EVENT.items() if name != attribute}
    if row["default"] == "required":
        with pytest.raises(LineInvalid, match=f"{attribute}: is missing"):
            read_event(rest)
    else:
        actor = read_event(rest).actor
        assert words(row["default"]) == {"actor": [actor.id], "actorrole": [actor.role]}.get(attribute, [])
        assert read_event({**EVENT, attribute: None}) == read_event(rest)


# ── who may, who must say why, and what refuses ───────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("type_", OVERVIEW)
def test_the_page_says_who_may(type_: str) -> None:
    assert OVERVIEW[type_]["role"] == ACTS[type_].least


def reasons_given(type_: str, fields: dict[str, Any]) -> list[str]:
    """Return what a person is told of a line with these fields and, where it has a reason, a blank one."""
    data = {**fields, "reason": " "} if "reason" in PROPER[type_] else fields
    role = Role.ADMINISTRATOR if ACTS[type_].least is not Role.SYSTEM else Role.SYSTEM
    runner = FeedRunner(Programme.default(), MemoryStore(Programme.default()))
    if type_ in {"code.attach", "referral.change-group"}:
        concluded = {"contract": "K-1", "account": "A-1", "customer": "ann"}
        runner.handle(json.dumps({**EVENT, "type": "contract.concluded", "data": concluded}), 1)
    line = {**EVENT, "id": "2", "type": type_, "actorrole": role, "data": data}
    return cast("list[str]", runner.handle(json.dumps(line), 2)["reasons"])


@pytest.mark.parametrize("type_", OVERVIEW)
def test_the_page_says_when_people_must_say_why(type_: str) -> None:
    said = OVERVIEW[type_]["reason"]
    flags = {field: True for field, row in FIELDS[type_].items() if row["kind"] == "flag"}
    full = {**PROPER[type_], **flags}
    asking = {field: full[field] for field in words(said)}
    bare = {field: value for field, value in full.items() if field not in asking}
    if said == "always":
        assert reasons_given(type_, bare) == ["reason-missing"]
    else:
        assert "reason-missing" not in reasons_given(type_, bare)
    for field, value in asking.items():
        assert reasons_given(type_, {**bare, field: value}) == ["reason-missing"]


def refusals(type_: str) -> set[str]:
    """Return what a type can be refused with, as the page has it."""
    found = re.search(r"^Refused:(.*?)\.$", TYPES[type_], re.MULTILINE | re.DOTALL)
    said = found[1] if found else ""
    judged = set(column(first_table(sections(REASONS, 2)["About a code"]), "reason")) if "code's" in said else set()
    anywhere = {"moment-naive", "moment-invalid", "amount-invalid", "not-allowed"}
    return {*words(said), *judged, *anywhere}


REASONS: Final = text_of("reference/reasons.md")
JUDGING: Final = {"code.check", "contract.concluded", "code.attach", "case.open", "case.finish"}


def replayed(name: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the type and the result of every proper line of an example."""
    lines = (ROOT / "examples" / "a123" / name).read_bytes().splitlines()
    runner = FeedRunner(Programme.default(), MemoryStore(Programme.default()))
    for result in runner.run(lines):
        if result["outcome"] != "invalid":
            yield json.loads(lines[result["line"] - 1])["type"], result


@pytest.mark.parametrize("name", ["feed.jsonl", "edges.jsonl"])
def test_the_page_says_what_refuses_a_type_and_what_a_result_holds(name: str) -> None:
    judging = column(first_table(sections(REASONS, 2)["About a code"]), "reason")
    said = {words(row["field"])[0]: row["when"] for row in first_table(PARTS["Results"])}
    for type_, result in replayed(name):
        allowed = refusals(type_) if result["outcome"] == "refused" else set(judging)
        assert set(result["reasons"]) <= allowed, (type_, result)
        expected = {field for field, when in said.items() if when == "always"}
        if "usable" in result:
            expected |= {field for field, when in said.items() if when == "a code was judged"}
            expected |= {field for field, when in said.items() if when == "it is usable" and result["usable"]}
            assert type_ in {"code.check", "contract.concluded", "code.attach", "case.finish"}
        expected |= {field for field, when in said.items() if when == "a code was issued" and field in result}
        assert result.keys() == expected


def test_the_example_on_the_page_is_what_comes_of_it() -> None:
    programme = Programme.default()
    runner = FeedRunner(programme, MemoryStore(programme, secret=b"the secret of the page"))
    first_week = (ROOT / "examples" / "a123" / "feed.jsonl").read_bytes().splitlines()[:7]
    assert {result["outcome"] for result in runner.run(first_week)} == {"done"}
    event, result = re.findall(r"^```json\n(.*?)^```", FEED, re.MULTILINE | re.DOTALL)
    assert runner.handle(json.dumps(json.loads(event)), 8) == json.loads(result)


def test_the_page_says_what_a_summary_holds() -> None:
    runner = FeedRunner(Programme.default(), MemoryStore(Programme.default()))
    list(runner.run((ROOT / "examples" / "a123" / "edges.jsonl").read_bytes().splitlines()))
    summary = runner.summary()
    part = PARTS["Summary"]
    tables = {words(head)[0]: column(first_table(body), "field") for head, body in sections(part, 3).items()}
    assert [*summary] == column(first_table(part), "field") == [*tables]
    for name in ("referrals", "cases"):
        assert {tuple(entry) for entry in summary[name]} == {tuple(tables[name])}
    assert {tuple(entry) for entry in summary["accounts"].values()} == {tuple(tables["accounts"])}
    assert [*summary["liability"], *summary["lines"]] == [*tables["liability"], *tables["lines"]]
    codes = [entry["code"] for entry in summary["accounts"].values() if entry["code"]]
    assert {tuple(code) for code in codes} == {tuple(words(part.split("the latest code:")[1])[:4])}


def test_the_page_says_what_outcomes_there_are() -> None:
    assert column(first_table(PARTS["What becomes of a line"]), "outcome") == [*Outcome]


# ── reasons ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def reason_rows() -> list[Row]:
    """Return the rows of both tables of reasons."""
    return [row for body in sections(REASONS, 2).values() for row in first_table(body)]


def test_every_reason_is_on_the_page_in_order_with_what_staff_are_told() -> None:
    english = Messages.for_language("en")
    told = [(row["reason"].strip("`"), row["what staff are told"]) for row in reason_rows()]
    assert told == [(reason.value, english.staff(reason)) for reason in Reason]
    assert english.neutral in REASONS


def test_the_reasons_about_a_code_are_those_that_the_rules_name() -> None:
    about = first_table(sections(REASONS, 2)["About a code"])
    named = {reason for rule in RULES for reason in Reason if f"Reason.{reason.name}" in source_of(rule)}
    assert set(column(about, "reason")) == named
    assert len(about) == len(RULES)


def source_of(function: Callable[..., object]) -> str:
    """Return the text of a function."""
    tree = ast.parse(Path(function.__code__.co_filename).read_text(encoding="utf-8"))
    (found,) = (node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == function.__name__)
    return ast.unparse(found)


def test_the_pages_of_reasons_and_of_the_feed_agree_on_what_each_reason_refuses() -> None:
    for row in first_table(sections(REASONS, 2)["About other acts"]):
        (reason,) = words(row["reason"])
        if not row["refuses"].startswith(("any", "an ", "every")):
            named = {type_ for type_, body in TYPES.items() if f"`{reason}`" in body.rpartition("Refused:")[2]}
            assert {word for word in words(row["refuses"]) if word in FEED_ACTS} == named, reason


# ── rules ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

RULES_PAGE: Final = sections(text_of("explanation/rules.md"), 3)
ID: Final = re.compile(r"\b[A-Z][0-9]{1,2}\b")


def test_every_rule_is_on_the_page() -> None:
    assert [*RULES_PAGE] == [*dict.fromkeys(RULES_PAGE)]
    assert RULES_PAGE.keys() == IN_SCOPE | LATER


def test_the_page_says_which_rules_are_not_built() -> None:
    assert {rule for rule, body in RULES_PAGE.items() if body.strip().startswith("*Not in this version.*")} == LATER


def cited(text: str) -> set[str]:
    """Return the ids in the sentences of a page, its code left out."""
    prose = re.sub(r"^```.*?^```|`[^`]*`", "", text, flags=re.MULTILINE | re.DOTALL)
    return set(ID.findall(prose))


def test_every_rule_that_a_page_or_a_docstring_cites_is_on_the_page() -> None:
    found = {str(page.relative_to(ROOT)): cited(page.read_text(encoding="utf-8")) for page in DOCS.rglob("*.md")}
    for path in (ROOT / "src").rglob("*.py"):
        nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        kinds = (ast.Module, ast.ClassDef, ast.FunctionDef)
        told = " ".join(ast.get_docstring(node) or "" for node in nodes if isinstance(node, kinds))
        found[str(path.relative_to(ROOT))] = {
            rule for group in re.findall(r"\(([A-Z][0-9]{1,2}\b[^)]*)\)", told) for rule in ID.findall(group)
        }
    assert {path: ids - RULES_PAGE.keys() for path, ids in found.items() if ids - RULES_PAGE.keys()} == {}


@pytest.mark.parametrize(
    "page",
    [ROOT / "README.md", *DOCS.glob("*.md"), *(DOCS / "tutorial").glob("*.md"), *(DOCS / "how-to").glob("*.md"),
     *(DOCS / "reference").glob("*.md"), DOCS / "explanation" / "glossary.md"],
    ids=lambda page: str(page.relative_to(ROOT)),
)  # fmt: skip
def test_pages_for_users_say_rules_in_words(page: Path) -> None:
    assert cited(page.read_text(encoding="utf-8")) & RULES_PAGE.keys() == set()


def test_the_glossary_has_each_word_once_in_order() -> None:
    told = re.findall(r"^([a-z][^\n]*)\n: ", text_of("explanation/glossary.md"), re.MULTILINE)
    assert told == sorted(set(told), key=str.casefold)
    assert {"account", "adapter", "fact", "grant", "port", "promo code", "referral", "session", "store"} <= set(told)


# ── settings and names ────────────────────────────────────────────────────────────────────────────────────────────────


def test_every_setting_is_on_the_page_about_programme_files() -> None:
    page = text_of("how-to/write-a-programme-file.md")
    told = {words(row["setting"])[0]: row for row in first_table(sections(page, 2)["All settings"])}
    assert [*told] == [field.name for field in attrs.fields(Settings)]
    for setting, choices in (("fee_policy", FeePolicy), ("code_format", CodeFormat)):
        assert words(told[setting]["what it decides"]) == [*choices]


@pytest.mark.parametrize("field", attrs.fields(Settings), ids=lambda field: field.name)
def test_the_page_says_what_the_household_programme_has(field: attrs.Attribute[Any]) -> None:
    page = text_of("how-to/write-a-programme-file.md")
    (row,) = [row for row in first_table(sections(page, 2)["All settings"]) if words(row["setting"]) == [field.name]]
    said, value = words(row["household programme"]), getattr(Programme.default(), field.name)
    if said:
        told = [str(each) for each in value] if isinstance(value, tuple) else [json.dumps(value).strip('"')]
        assert said == told
    if field.name == "languages":
        assert words(row["what it decides"]) == sorted(value)


def documented() -> set[str]:
    """Return every name that the reference describes."""
    pages = "".join(page.read_text(encoding="utf-8") for page in (DOCS / "reference" / "api").glob("*.md"))
    return set(re.findall(r"^\.\. auto(?:class|function|exception|data):: (\S+)$", pages, re.MULTILINE))


@pytest.mark.parametrize(
    "package",
    [
        referral_core,
        referral_adapters.memory,
        referral_adapters.feed,
        referral_adapters.launch,
        referral_adapters.conformance,
        referral_adapters.http.client,
        referral_adapters.http.webhooks,
    ],
    ids=lambda package: package.__name__,
)
def test_every_public_name_is_in_the_reference(package: Any) -> None:  # noqa: ANN401 - a module that lists its names
    assert {f"{package.__name__}.{name}" for name in package.__all__} - documented() == set()


@pytest.mark.parametrize("page", [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))], ids=lambda page: page.name)
def test_what_a_page_imports_stands_no_deeper_than_a_package_of_the_root(page: Path) -> None:
    modules = re.findall(r"\b(?:from|import) (referral_(?:core|adapters)[\w.]*)", page.read_text(encoding="utf-8"))
    assert [module for module in modules if module.count(".") > 1] == []


def test_the_parts_of_the_desk_are_in_the_reference() -> None:
    parts = {f"session.{name}" for name in SERVICES.values()}
    assert set(column(first_table(text_of("reference/api/desk.md")), "part")) == parts


# ── programs and pictures ─────────────────────────────────────────────────────────────────────────────────────────────


def programs_of(page: str) -> dict[str, Any]:
    """Return what the programs of a page define."""
    names: dict[str, Any] = {}
    for program in re.findall(r"^```python\n((?!>>>).*?)^```", page, re.MULTILINE | re.DOTALL):
        exec(program, names)
    return names


class TestTheBillingOfThePage(BillingConformance):
    """What the page shows is a billing by every promise of the port."""

    @pytest.fixture
    def billing(self) -> Billing:
        names = programs_of(text_of("how-to/use-your-own-billing.md"))
        return cast("Billing", names["HttpBilling"](names["BillingSystem"]()))


def test_the_pictures_are_drawn_from_the_present_library() -> None:
    spec = importlib.util.spec_from_file_location("draw_worked_example", DOCS / "draw_worked_example.py")
    assert spec is not None
    assert spec.loader is not None
    drawing = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(drawing)
    files: dict[Path, str] = drawing.files()
    stale = [path.name for path, content in files.items() if path.read_text(encoding="utf-8") != content]
    assert not stale, "run: python docs/draw_worked_example.py"
    assert {ElementTree.parse(path).getroot().tag for path in files} == {"{http://www.w3.org/2000/svg}svg"}
