"""Commands that are made from acts, ``-h``, ``--json``, completion and colours: whatever holds of every command."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pytest
from typer.core import TyperGroup
from typer.main import get_command
from typer.testing import Result

from referral_adapters.cli import act_command
from referral_adapters.cli.act_command import carried_acts, example_of, is_carried
from referral_adapters.cli.acts_app import GROUPS, ActGroup
from referral_adapters.cli.answer_text import AnswerText
from referral_adapters.cli.arguments import option_of, parse_argument
from referral_adapters.cli.command import app
from referral_adapters.cli.exit_status import CommandFailed
from referral_adapters.cli.store import Use
from referral_adapters.sql import SqlStore
from referral_core import Money, Programme
from referral_core.acts import Act, Param
from referral_core.session import ACTS
from referral_core.values.effective_period import EffectivePeriod
from referral_core.values.moment import Calendar
from referral_core.values.timeline import Span
from tests.adapters.cli.command_line import invoke
from tests.adapters.cli.test_process import ANSI, Pseudoterminal, at_terminal, environment

PROGRAMME: Final = Programme.default()
NOW: Final = ("--now", "2026-01-02")
OF_SESSION: Final = {"db", "programme", "code-key", "as", "by", "now", "known-at", "json", "help"}
PRINTS_NO_JSON: Final[Mapping[str, str]] = {
    "summary": "it is JSON always, but for the table that --balances asks for",
    "db backup": "it prints nothing",
    "webhooks run": "it is JSON always",
    "webhooks redeliver": "it prints nothing",
    "webhooks resume": "it prints nothing",
}
posix = pytest.mark.skipif(sys.platform == "win32", reason="terminals of POSIX")


def run(*args: str) -> Result:
    return invoke(args)


def printed(result: Result) -> list[dict[str, Any]]:
    assert (result.exit_code, result.stderr) == (0, "")
    return [json.loads(line) for line in result.stdout.splitlines()]


def said(result: Result, status: int) -> str:
    assert (result.exit_code, result.stdout) == (status, "")
    (sentence,) = result.stderr.splitlines()
    return sentence


def commands() -> Iterator[tuple[str, Any]]:
    """Yield every command that is no group, with the words by which it is called."""

    def walk(command: Any, path: str) -> Iterator[tuple[str, Any]]:  # noqa: ANN401 - typer has no name for it
        if not isinstance(command, TyperGroup):
            yield path, command
            return
        context: Any = None
        for name in command.list_commands(context):
            yield from walk(command.get_command(context, name), f"{path} {name}".strip())

    yield from walk(get_command(app), "")


@pytest.fixture
def db(tmp_path: Path) -> str:
    """Return the URL of a database with the groups of the household programme."""
    url = f"sqlite:///{tmp_path / 'referral.db'}"
    SqlStore(url, PROGRAMME).close()
    return url


# ── from the table ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_every_act_is_carried_but_for_those_that_need_what_only_programs_have() -> None:
    assert ACTS.keys() - carried_acts().keys() == {"contract.import", "grant.pay-these"}
    assert {f"act {name}" for name in carried_acts()} <= {path for path, _ in commands()}


@pytest.mark.parametrize("act", carried_acts().values(), ids=lambda act: act.name)
def test_a_command_has_an_option_for_every_field_and_no_other(act: Act[Any]) -> None:
    command = dict(commands())[f"act {act.name}"]
    given = {option.removeprefix("--"): param.required for param in command.params for option in param.opts}
    fields = {option_of(param): param.required for param in act.fields}
    assert fields.keys() & OF_SESSION == set()
    assert {name: required for name, required in given.items() if name not in OF_SESSION} == fields
    assert ("known-at" in given) == act.reads
    assert ("code-key" in given) == (not act.reads)


def test_groups_name_acts_that_there_are() -> None:
    named = [name for _, members in GROUPS.values() for name in members.values()]
    assert set(named) <= carried_acts().keys()
    assert len(set(named)) == len(named)


FIELDS: Final = [(act.name, param) for act in ACTS.values() if is_carried(act) for param in act.fields]


@pytest.mark.parametrize(
    "param", [param for _, param in FIELDS], ids=[f"{name}-{param.wire}" for name, param in FIELDS]
)
def test_every_field_can_be_written_as_its_example_says(param: Param) -> None:
    kinds: dict[str, type] = {"amount": Money, "day": date, "moment": datetime, "fact": datetime, "honour": datetime}
    example: Any = {"flag": True, "count": 3, "choice": "hold" if param.wire == "referrals" else "referrer"}.get(
        param.kind.name, example_of(param) or "words"
    )
    value = parse_argument(param, example, PROGRAMME)
    assert isinstance(value, kinds.get(param.kind.name, object))
    assert value == param.check(value)


@pytest.mark.parametrize("name", ["referrer", "code.end", "nobody"])
def test_what_is_no_command_is_status_2(name: str) -> None:
    assert run("groups", name).exit_code == 2
    assert run("act", f"{name}s").exit_code == 2


# ── asking and doing ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_day_begins_and_a_last_day_is_included(db: str) -> None:
    (group,) = printed(
        run("groups", "set", "referrer", "10", "--from", "2026-02-01", "--until", "2026-02-28", *NOW, "--db", db)
    )
    assert group["amounts"] == [
        {"from": "2026-02-01T00:00:00+02:00", "until": "2026-03-01T00:00:00+02:00", "value": "10.00"}
    ]
    assert (group["id"], group["status"]) == ("referrer", "enabled")


def test_who_asks_is_traced(db: str) -> None:
    words = ("groups", "rename", "referrer", "--name", "Friends", *NOW, "--db", db)
    printed(run(*words, "--as", "administrator", "--by", "anu"))
    printed(run("groups", "disable", "referrer", *NOW, "--db", db))
    printed(run("groups", "enable", "referrer", *NOW, "--db", db, "--as", "system", "--by", "night"))
    rows = printed(run("act", "trace.show", "--subject", "group:referrer", "--db", db))
    assert [(row["act"], row["actor"], row["role"]) for row in rows] == [
        ("group.rename", "anu", "administrator"),
        ("group.disable", "command", "system"),
        ("group.enable", "night", "system"),
    ]


@pytest.mark.parametrize("who", [("--as", "agent"), ("--by", "anu"), ("--as", "agent", "--by", " "), ("--as", "king")])
def test_half_a_person_is_a_wrong_call(who: tuple[str, ...], db: str) -> None:
    assert run("groups", "disable", "referrer", "--db", db, *who).exit_code == 2
    assert printed(run("groups", "show", "referrer", "--db", db))[0]["switches"] == []


def test_a_rule_that_says_no_is_a_sentence_and_status_1(db: str) -> None:
    assert said(run("groups", "show", "nobody", "--db", db), 1).startswith("group-unknown: ")
    denied = run("groups", "disable", "referrer", "--db", db, "--as", "agent", "--by", "mari")
    assert said(denied, 1) == "not-allowed: actor: group.disable asks for the role administrator, not agent."
    unsaid = ("groups", "set", "referrer", "1", "--correction", "--db", db, "--as", "administrator", "--by", "anu")
    assert said(run(*unsaid), 1).startswith("reason-missing: ")
    assert said(run("codes", "present", "A", "--db", db), 1) == "There is none."


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["groups", "set", "referrer", "7,5"], "amount-invalid: --amount: "),
        (["groups", "set", "referrer", "7", "--from", "soon"], "--from: "),
        (["groups", "set", "referrer", "7", "--from", "2026-01-01T00:00:00"], "moment-naive: --from: "),
        (["groups", "add", "vip", "--side", "left"], "--side: must be one of referrer, referee"),
        (["groups", "add", " vip", "--side", "referee"], "name-invalid: --group: "),
        (["groups", "add", "\u200b", "--side", "referee"], "name-invalid: --group: "),
        (["groups", "list", "--as", "agent", "--by", "\u3164"], "name-invalid: --by: "),
        (["trace", "show", "--account", "\u3164"], "name-invalid: --account: "),
        (["pay", "--retry", "referee/K-1", "--by", "\u3164", "--reason", "so"], "name-invalid: --by: "),
        (["erase", "\u3164", "--by", "anu", "--reason", "so"], "name-invalid: CUSTOMER: "),
        (["erase", "ann", "--by", "\u3164", "--reason", "so"], "name-invalid: --by: "),
        (["groups", "list", "--now", "2026-13-01"], "--now: "),
        (["groups", "list", "--known-at", "yesterday"], "--known-at: "),
        (["act", "code.end", "--code", "A", "--at", "noon"], "--at: "),
        (["act", "sharing.text", "--code", "A", "--language", "xx"], "code-unknown"),
    ],
)
def test_what_is_written_wrongly_is_status_2(words: list[str], sentence: str, db: str) -> None:
    status = 1 if sentence == "code-unknown" else 2
    assert said(run(*words, "--db", db), status).startswith(sentence)


@pytest.mark.rule("D2")
def test_an_id_is_the_same_however_its_accents_are_typed(db: str) -> None:
    run("groups", "add", "ma\u0308nd", "--side", "referee", "--db", db)
    rows = [run("trace", "show", "--group", typed, "--db", db).stdout for typed in ("ma\u0308nd", "m\u00e4nd")]
    assert rows[0] == rows[1] != ""


def test_a_language_that_the_programme_does_not_have_is_said(db: str) -> None:
    conclude(db)
    words = ("act", "sharing.text", "--code", "DEMO2345", "--language", "xx", "--now", "2026-02-02", "--db", db)
    assert "xx" in said(run(*words), 2)


def conclude(db: str) -> None:
    words = ("sign-ups", "conclude", "K-1", "--account", "A", "--customer", "ann", *NOW, "--db", db)
    (done,) = printed(run(*words, "--code-key", "demo"))
    assert done["issued"]["status"] == "pending"
    printed(run("contracts", "activate", "K-1", "--now", "2026-02-01", "--db", db))
    issued = ("codes", "issue", "A", "--code", "demo-2345", "--replace", "--now", "2026-02-01", "--db", db)
    assert printed(run(*issued))[0]["text"] == "DEMO2345"


def test_a_code_that_cannot_be_used_is_status_1_as_with_check(db: str) -> None:
    conclude(db)
    asked = ("DEMO2345", "--customer", "ben", "--db", db)
    made, other = run("codes", "check", *asked, "--now", "2026-03-01"), run("check", *asked, "--at", "2026-03-01")
    assert (made.exit_code, made.stdout) == (other.exit_code, other.stdout)
    assert (made.exit_code, json.loads(made.stdout)["reasons"]) == (1, ["no-amount"])
    for group in ("referrer", "referee-self-service"):
        printed(run("groups", "set", group, "7", "--from", "2026-02-15", "--now", "2026-02-10", "--db", db))
    assert printed(run("codes", "check", *asked, "--now", "2026-03-01"))[0]["usable"]


def test_what_was_known_is_asked_with_known_at(db: str) -> None:
    conclude(db)
    asked = ("codes", "show", "DEMO2345", "--db", db, "--known-at")
    assert printed(run(*asked, "2026-02-02"))[0]["account"] == "A"
    assert said(run(*asked, "2026-01-20"), 1).startswith("code-unknown: ")


def test_asking_opens_what_is_there_and_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the declaration, whichever act it is."""
    opened: list[Use] = []

    def noting(_url: str, use: Use, *_: object) -> object:
        opened.append(use)
        raise CommandFailed("noted")

    monkeypatch.setattr(act_command, "existing_database", noting)
    for act in carried_acts().values():
        words = [word for param in act.fields if param.required for word in (f"--{option_of(param)}", value_of(param))]
        assert said(run("act", act.name, *words, "--db", f"sqlite:///{tmp_path / 'no.db'}"), 2) == "noted"
    assert opened == [Use.READ if act.reads else Use.WRITE for act in carried_acts().values()]
    assert not [*tmp_path.iterdir()]


def value_of(param: Param) -> str:
    return (
        {"count": "3", "choice": "hold" if param.wire == "referrals" else "referrer"}.get(param.kind.name)
        or example_of(param)
        or "words"
    )


# ── answers ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_any_answer_is_written_by_its_fields() -> None:
    told = AnswerText(Calendar("Europe/Tallinn"), datetime(2026, 1, 1, tzinfo=UTC))
    span = Span(EffectivePeriod.starting(datetime(2026, 1, 1, tzinfo=UTC)), Money("7"))
    assert told.line(span) == {"from": "2026-01-01T02:00:00+02:00", "until": None, "value": "7.00"}
    assert told.text(span) == "7.00 EUR from 2026-01-01 02:00+02:00"
    assert told.line(Money("3.10")) == {"amount": "3.10"}
    assert told.line("A") == {"answer": "A"}
    assert told.plain((True, None, 3, date(2026, 1, 1), Decimal("1.5"))) == [True, None, 3, "2026-01-01", "1.5"]
    assert told.text("red: \x1b[31m") == "red: \\x1b[31m"


@posix
def test_a_person_sees_tables_and_lines(db: str) -> None:
    status, shown = at_terminal(80, "groups", "list", "--db", db)
    assert (status, shown.lines[0].split()) == (0, ["id", "side", "name", "status"])
    status, shown = at_terminal(80, "groups", "show", "referrer", "--db", db)
    assert (status, shown.lines[0]) == (0, "id        referrer")
    status, shown = at_terminal(80, "groups", "show", "referrer", "--json", "--db", db)
    assert json.loads(shown.lines[0])["id"] == "referrer"


# ── of every command ──────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("path", ["", "act", *GROUPS, *(path for path, _ in commands())])
def test_h_is_help(path: str) -> None:
    short, long = run(*path.split(), "-h"), run(*path.split(), "--help")
    assert (short.exit_code, short.stdout) == (0, long.stdout)
    assert short.stdout.startswith("Usage: referral")


def test_every_command_that_prints_something_prints_json() -> None:
    without = {path for path, command in commands() if not any("--json" in param.opts for param in command.params)}
    assert without == PRINTS_NO_JSON.keys()


def test_every_command_says_its_exit_statuses() -> None:
    for path, command in commands():
        assert "Exit status:\n" in command.help, path


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion(shell: str) -> None:
    def asked(**more: str) -> str:
        words = [sys.executable, "-m", "referral_adapters.cli", *(["--show-completion", shell] if not more else [])]
        names = {"_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"}
        ended = subprocess.run(words, env=environment(**names, **more), capture_output=True, check=False)
        return ended.stdout.decode()

    assert "_REFERRAL_COMPLETE" in asked()
    line = "referral act code.s"
    more = {"_REFERRAL_COMPLETE": f"complete_{shell}", "_TYPER_COMPLETE_ARGS": line}
    if shell == "bash":
        more |= {"COMP_WORDS": line, "COMP_CWORD": "2"}
    if shell == "fish":
        more |= {"_TYPER_COMPLETE_FISH_ACTION": "get-args"}
    shown = asked(**more)
    assert "code.shared" in shown
    assert "code.end" not in shown


@posix
def test_colours_are_for_terminals_that_want_them(db: str) -> None:
    def raw(**more: str) -> str:
        shown = Pseudoterminal(80)
        words = [sys.executable, "-m", "referral_adapters.cli", "groups", "list", "--db", db]
        with subprocess.Popen(words, env=environment(**more), stdout=shown.theirs, stderr=shown.theirs):
            shown.read_to_end()
        return shown.raw

    assert ANSI.search(raw())
    assert "\x1b[3" not in raw(NO_COLOR="1")
    words = [sys.executable, "-m", "referral_adapters.cli", "act", "-h"]
    piped = subprocess.run(words, env=environment(), capture_output=True, check=True)
    assert b"\x1b" not in piped.stdout


def test_help_of_all_imports_nothing_of_the_library() -> None:
    script = "import sys; from referral_adapters.cli import main; sys.argv[1:] = ['-h']\n"
    script += "try: main()\nexcept SystemExit: print(*sys.modules, file=sys.stderr)"
    ended = subprocess.run(
        [sys.executable, "-c", script], env=environment(), capture_output=True, check=True, encoding="utf-8"
    )
    imported = ended.stderr.split()
    assert "referral_adapters.cli.acts_app" in imported
    assert {name.partition(".")[0] for name in imported} & {"referral_core", "sqlalchemy", "rich", "attrs"} == set()


def test_groups_are_made_when_asked_for() -> None:
    group = get_command(app).commands["groups"]  # type: ignore[attr-defined] # a group
    assert isinstance(group, ActGroup)
    assert not group.commands


# ── --json where there were only words ────────────────────────────────────────────────────────────────────────────────


def test_an_upgrade_gives_a_new_database_its_groups(tmp_path: Path) -> None:
    homes, other, url = tmp_path / "homes.toml", tmp_path / "other.toml", f"sqlite:///{tmp_path / 'new.db'}"
    homes.write_text('name = "Homes"\n')
    other.write_text('name = "Other"\ngroups = 1\n')
    assert run("db", "upgrade", "--db", url, "--programme", str(other)).exit_code == 2
    assert not (tmp_path / "new.db").exists()
    (told,) = printed(run("db", "upgrade", "--db", url, "--programme", str(homes), "--json"))
    assert told["before"] is None
    assert told["groups"] == ["referrer", "referee-self-service", "referee-manual"]
    assert [group["id"] for group in printed(run("groups", "list", "--db", url))] == told["groups"]
    (again,) = printed(run("db", "upgrade", "--db", url, "--json"))
    assert (again["before"], "groups" in again) == (told["after"], False)


def test_a_programme_as_json(tmp_path: Path) -> None:
    homes, faulty = tmp_path / "homes.toml", tmp_path / "faulty.toml"
    homes.write_text('name = "Homes"\n')
    faulty.write_text('colour = "green"\n')
    assert printed(run("programme", "check", str(homes), "--json")) == [{"fine": True, "faults": []}]
    wrong = run("programme", "check", str(faulty), "--json")
    assert (wrong.exit_code, json.loads(wrong.stdout)["faults"]) == (1, ["colour: is no setting here"])
    (settings,) = printed(run("programme", "show", str(homes), "--json"))
    assert (settings["name"], settings["returning_after"], settings["products"][0]) == ("Homes", None, "electricity")


@posix
def test_a_replay_at_a_terminal_prints_json_when_asked() -> None:
    feed = Path(__file__).parents[3] / "examples" / "a123" / "feed.jsonl"
    _, shown = at_terminal(400, "replay", str(feed), "--json")
    lines = [json.loads(line) for line in shown.lines if line.startswith("{")]
    assert [line["outcome"] for line in lines] == ["done"] * 18
    assert "liability" not in shown.raw
