"""``referral summary --known-at`` and ``referral explain``: the same answers from a feed and from a database."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import attrs
import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import URL
from sqlalchemy.pool import NullPool
from typer.testing import Result

from referral_adapters.cli import explain_command
from referral_adapters.cli.explain_command import ExplanationText, explanation_json
from referral_adapters.cli.output import Screen
from referral_core import Programme, Role
from referral_core.services.explanation import Correction, Deviation, Explanation, Mismatch, Override, Part
from tests.adapters.cli.command_line import invoke
from tests.adapters.cli.terminal import Terminal
from tests.core.services.test_explanation import ADA, FEBRUARY, JANUARY, explained, signed_up, with_case
from tests.office import Office
from tests.phrases import at, euros

FEED: Final = Path(__file__).parents[3] / "examples" / "a123" / "feed.jsonl"
KEY: Final = ("--code-key", "demo")
MOMENTS: Final = ("2020-12-15", "2021-02-01", "2021-03-15T12:00:00+02:00", "2021-06-01")
CALENDAR: Final = Programme.default().calendar

pytestmark = pytest.mark.rule("R3")


def run(*args: str | Path) -> Result:
    return invoke(args)


def written(url: URL) -> str:
    return url.set(drivername=url.get_backend_name()).render_as_string(hide_password=False)


def story(result: Result) -> str:
    """Return a summary to the byte, but for the lines, which only a feed has."""
    assert result.exit_code == 0, result.output
    return result.stdout.partition('"lines"')[0]


# ── summary ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_was_known_is_the_same_in_every_store(database: URL) -> None:
    run("replay", FEED, "--db", written(database), *KEY)
    for moment in MOMENTS:
        asked = ("--known-at", moment, *KEY)
        assert story(run("summary", "--db", written(database), *asked)) == story(run("summary", "--feed", FEED, *asked))


def test_the_two_moments_are_two_things() -> None:
    """What was known in January of the codes as they are in June is not what is known of them in June."""
    earlier = ("--known-at", "2021-01-10")
    asked = {
        "known": story(run("summary", "--feed", FEED, *KEY, *earlier)),
        "both": story(run("summary", "--feed", FEED, *KEY, *earlier, "--at", "2020-12-31")),
        "at": story(run("summary", "--feed", FEED, *KEY, "--at", "2021-01-10")),
    }
    codes = {name: json.loads(told.rstrip().rstrip(",") + "}")["accounts"]["A"]["code"] for name, told in asked.items()}
    assert [codes[name]["status"] for name in ("known", "both", "at")] == ["active", "pending", "active"]
    assert len(set(asked.values())) == len(asked)


@pytest.mark.parametrize("command", [("summary",), ("explain", "B-1")])
def test_a_moment_without_a_zone_names_its_option(command: tuple[str, ...]) -> None:
    done = run(*command, "--feed", FEED, "--known-at", "2021-01-10T12:00:00")
    assert done.exit_code == 2
    assert done.stderr.startswith("moment-naive: --known-at")


# ── explain ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def told(result: Result) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(result.stdout)
    return value


@pytest.mark.rule("C11", "S7")
def test_an_explanation_is_the_same_from_a_feed_and_from_a_database(database: URL) -> None:
    run("replay", FEED, "--db", written(database), *KEY)
    for contract, referrer in (("B-1", "10.00"), ("D-1", "15.00")):
        from_feed = run("explain", contract, "--feed", FEED, *KEY)
        from_database = run("explain", contract, "--db", written(database), *KEY)
        assert (from_feed.exit_code, from_feed.stdout) == (0, from_database.stdout)
        amounts = {each["side"]: each["amount"] for each in told(from_database)["figures"]}
        assert amounts == {"referrer": referrer, "referee": "7.00"}
        assert told(from_database)["verified"] is True


@pytest.mark.parametrize(
    ("contract", "known_at", "said"),
    [
        ("nothing", "2021-06-01", "There is no contract nothing."),
        ("B-1", "2021-01-01", "There is no contract B-1."),
        ("A-1", "2021-06-01", "Contract A-1 carries no referral."),
    ],
)
def test_what_is_not_there_is_said_in_a_sentence(contract: str, known_at: str, said: str) -> None:
    done = run("explain", contract, "--feed", FEED, "--known-at", known_at)
    assert (done.exit_code, done.stdout, done.stderr) == (1, "", f"{said}\n")


def test_what_cannot_be_opened_is_said_in_a_sentence() -> None:
    assert run("explain", "B-1", "--feed", "no-such-feed").exit_code == 2
    assert run("explain", "B-1", "--db", "nonsense").exit_code == 2
    assert run("explain", "B-1").exit_code == 2


# ── tampering ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def by_hand(url: URL, *statements: str) -> None:
    engine = create_engine(url, poolclass=NullPool)
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))


@pytest.mark.rule("S7", "C11", "A2")
def test_an_amount_that_was_changed_by_hand_is_found(database: URL) -> None:
    run("replay", FEED, "--db", written(database), *KEY)
    assert run("explain", "B-1", "--db", written(database)).exit_code == 0
    by_hand(database, "UPDATE referrals SET referee_amount = referee_amount + 1 WHERE contract = 'B-1'")
    done = run("explain", "B-1", "--db", written(database))
    assert done.exit_code == 1
    assert [each["part"] for each in told(done)["mismatches"]] == ["referee", "grants", "trace"]
    assert told(done)["figures"][1]["amount"] in {"7.01", "8.00"}  # a cent in SQLite, a euro in PostgreSQL
    assert run("explain", "C-1", "--db", written(database)).exit_code == 0


@pytest.mark.rule("S7", "A2", "B1")
@pytest.mark.parametrize(
    ("statements", "parts"),
    [
        (["UPDATE grants SET amount = amount + 100 WHERE key = 'referee/B-1'"], ["grants"]),
        (
            [
                "DROP TRIGGER referral_history_stay_update",
                "UPDATE referral_history SET state = replace(state, '\"7.00\"', '\"8.00\"') WHERE contract = 'B-1'",
            ],
            ["stored"],
        ),
        (
            [
                "DROP TRIGGER discount_group_history_stay_update",
                "UPDATE discount_group_history SET state = replace(state, '\"7.00\"', '\"8.00\"')",
            ],
            ["referee"],
        ),
        (
            [
                "DROP TRIGGER trace_entries_stay_update",
                "UPDATE trace_entries SET after = replace(after, '7.00 EUR', '8.00 EUR') WHERE act = 'referral.record'",
            ],
            ["stored", "trace", "trace"],
        ),
    ],
    ids=["a grant", "a referral's history", "a group's history", "the trace"],
)
def test_whoever_changes_one_thing_in_a_copy_has_the_others_against_them(
    tmp_path: Path, statements: list[str], parts: list[str]
) -> None:
    run("replay", FEED, "--db", f"sqlite:///{tmp_path / 'referral.db'}", *KEY)
    with sqlite3.connect(tmp_path / "referral.db") as source:
        source.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    source.close()
    shutil.copy(tmp_path / "referral.db", tmp_path / "copy.db")
    by_hand(URL.create("sqlite", database=str(tmp_path / "copy.db")), *statements)
    done = run("explain", "B-1", "--db", f"sqlite:///{tmp_path / 'copy.db'}")
    assert done.exit_code == 1
    assert [each["part"] for each in told(done)["mismatches"]] == parts
    assert run("explain", "B-1", "--db", f"sqlite:///{tmp_path / 'referral.db'}").exit_code == 0


# ── how it looks ──────────────────────────────────────────────────────────────────────────────────────────────────────


def shown(explanation: Explanation, on: Terminal) -> list[str]:
    ExplanationText(explanation, CALENDAR).show(Screen(on))
    return on.shown


def corrected() -> Explanation:
    office = signed_up()
    office.desk.session(actor=ADA, now=at(FEBRUARY)).groups.set_amount(
        "referrer", euros("8"), starts=at(JANUARY), correction=True, reason="a slip"
    )
    return explained(office)


def test_a_person_is_told_in_lines(monkeypatch: pytest.MonkeyPatch, terminal: Terminal) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    code = corrected().referral.code
    assert shown(corrected(), terminal) == [
        f"K1: B used the code {code} of A verified",
        "judged at    2021-02-01 12:00+02:00, when the contract was concluded",
        "recorded at  2021-02-01 12:00+02:00",
        "channel      self-service",
        "code         active, as recorded at 2021-01-05 12:00+02:00",
        "referrer     10.00 EUR, what referrer gives from 2021-01-01",
        "             the programme's group for referrers",
        "             version 2 of the group, recorded at 2021-01-01",
        "             corrected at 2021-02-01 12:00+02:00 by Ada to 8.00 EUR: a slip",
        "             today the same moment would give 8.00 EUR",
        "referee      7.00 EUR, what referee-self-service gives from 2021-01-01",
        "             by the programme's table: self-service",
        "             version 2 of the group, recorded at 2021-01-01",
    ]


def test_a_person_is_told_of_everything_that_is_out_of_the_ordinary(
    monkeypatch: pytest.MonkeyPatch, terminal: Terminal
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    plain = explained(with_case())
    version = plain.referee.version
    odd = attrs.evolve(
        plain,
        code=attrs.evolve(plain.code, is_late=True),
        referrer=attrs.evolve(plain.referrer, version=None, corrections=()),
        referee=attrs.evolve(plain.referee, is_late=True, corrections=(Correction(version, None),) if version else ()),
        overrides=(
            *plain.overrides,
            Override(Deviation.GROUP_CHANGED, at(FEBRUARY), Role.AGENT, "Mari", "why", "new", "old"),
            Override(Deviation.GROUP_CHOSEN, at(FEBRUARY), Role.AGENT, None, None, "new"),
        ),
        mismatches=(Mismatch(Part.TRACE, "red: \x1b[31m"),),
    )
    lines = shown(odd, terminal)
    assert lines[0].endswith("NOT VERIFIED")
    text_shown = "\n".join(lines)
    for said in (
        "when the case was opened",
        "which was entered after the use of the code",
        "carried by the case",
        "after the act's own moment: the act arrived late",
        "to nothing",
        "today the same moment would give nothing",
        "a case was finished, at 2021-03-01 12:00+02:00 by Mari (agent): case case-1",
        "the group was changed from old to new, at 2021-02-01 12:00+02:00 by Mari (agent): why",
        "the group was chosen: new, at 2021-02-01 12:00+02:00 by agent, erased",
        "trace: red: \\x1b[31m",
    ):
        assert said in text_shown, said


def test_a_code_that_nobody_knows_has_no_line(terminal: Terminal) -> None:
    told_of = explained(signed_up(Office().with_amounts()))
    lines = shown(attrs.evolve(told_of, code=attrs.evolve(told_of.code, record=None, status=None)), terminal)
    assert [line for line in lines if line.startswith("code")] == []


def test_at_a_terminal_words_are_shown_and_json_if_asked_for(
    monkeypatch: pytest.MonkeyPatch, terminal: Terminal, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    asked: Callable[[bool], int] = lambda as_json: explain_command.explain(  # noqa: E731
        "B-1", feed=str(FEED), db=None, programme=None, code_key=None, known_at=None, as_json=as_json
    )
    assert asked(True) == 0
    assert json.loads(capsysbinary.readouterr().out)["contract"] == "B-1"
    monkeypatch.setattr("sys.stdout", terminal)
    assert asked(False) == 0
    assert terminal.shown[0].startswith("B-1: B used the code A123 of A")


def test_programs_get_everything_in_plain_json() -> None:
    told_of = explained(with_case())
    value = explanation_json(told_of, CALENDAR)
    assert json.loads(json.dumps(value)) == value
    assert value["overrides"] == [
        {
            "deviation": "case",
            "moment": "2021-03-01T12:00:00+02:00",
            "role": "agent",
            "actor": "Mari",
            "reason": "case case-1",
            "group": "referee-self-service",
            "before": None,
        }
    ]
    assert value["figures"][0]["corrections"][0]["reason"] == "less"
    bare = attrs.evolve(
        told_of,
        code=attrs.evolve(told_of.code, record=None, status=None),
        referrer=attrs.evolve(told_of.referrer, version=None),
    )
    assert explanation_json(bare, CALENDAR)["code_recorded_at"] is None
    assert explanation_json(bare, CALENDAR)["figures"][0]["version"] is None
