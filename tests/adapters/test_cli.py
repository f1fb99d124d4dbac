"""The command, run in this process: what it prints, what it writes, and its exit statuses."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from typer.core import TyperGroup
from typer.main import get_command
from typer.testing import Result

from referral_adapters.cli.command import app
from tests.adapters.command_line import invoke

EXAMPLES: Final = Path(__file__).parent.parent.parent / "examples" / "a123"
FEED: Final = EXAMPLES / "feed.jsonl"
EDGES: Final = EXAMPLES / "edges.jsonl"
LINES: Final = FEED.read_text(encoding="utf-8").splitlines(keepends=True)
NO_SUCH_CODE: Final = (
    '{"specversion": "1.0", "id": "gone", "source": "/portal", "type": "code.shared", '
    '"time": "2021-05-02T00:00:00+03:00", "data": {"code": "NOSUCH22", "means": "link"}}\n'
)


def run(*args: str | Path, feed: str | bytes = b"") -> Result:
    """Run the command with standard input that holds ``feed``; nothing is a terminal."""
    return invoke(args, input=feed)


def printed(result: Result) -> list[dict[str, Any]]:
    """Return the JSON objects on the lines of standard output."""
    return [json.loads(line) for line in result.stdout.splitlines()]


def read(path: Path) -> dict[str, Any]:
    """Return what a JSON file holds."""
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


@pytest.fixture
def edges_before(tmp_path: Path) -> Path:
    """Return a feed whose second line is refused and whose third would be done."""
    feed = tmp_path / "feed.jsonl"
    feed.write_text(LINES[0] + NO_SUCH_CODE + LINES[1], encoding="utf-8")
    return feed


class TestReplay:
    def test_a_pipe_gets_a_result_for_every_line(self) -> None:
        result = run("replay", FEED)
        assert result.exit_code == 0
        assert [(line["line"], line["outcome"]) for line in printed(result)] == [(n, "done") for n in range(1, 19)]
        assert result.stderr == ""

    def test_standard_input_is_a_feed_too(self) -> None:
        assert run("replay", "-", feed=FEED.read_bytes()).exit_code == 0

    def test_some_lines_refused_or_invalid_are_status_1(self) -> None:
        result = run("replay", EDGES)
        assert result.exit_code == 1
        expected = [json.loads(line) for line in (EXAMPLES / "expected.jsonl").read_text("utf-8").splitlines()]
        assert [line["outcome"] for line in printed(result)] == [line["outcome"] for line in expected]

    def test_results_are_compact_and_in_letters_of_every_script(self) -> None:
        event = json.loads(LINES[3])
        event["id"] = "leping-Õ"
        result = run("replay", "-", feed=json.dumps(event))
        assert result.stdout.startswith('{"line":1,"id":"leping-Õ","outcome":"done","reasons":[],')

    def test_half_a_surrogate_pair_comes_back_as_the_escape_it_was(self) -> None:
        result = run("replay", "-", feed=b'{"id": "\\ud800"}\n')
        assert (result.exit_code, printed(result)[0]["id"]) == (1, "\ud800")

    def test_balances_in_place_of_results(self) -> None:
        result = run("replay", FEED, "--balances")
        rows = [line.split() for line in result.stdout.splitlines()]
        assert rows[0] == ["account", "customer", "code", "status", "granted", "consumed", "unused", "pending"]
        assert [(row[0], row[6]) for row in rows[2:7]] == [
            ("A", "50.00"),
            ("B", "7.00"),
            ("C", "7.00"),
            ("D", "7.00"),
            ("E", "12.00"),
        ]
        assert result.stdout.endswith("liability: 0.00 EUR locked, 83.00 EUR granted and unused\nlines: 18 done\n")

    def test_balances_name_transfers_where_there_are_any(self) -> None:
        result = run("replay", EDGES, "--balances")
        rows = {line.split()[0]: line.split()[1:] for line in result.stdout.splitlines() if line}
        assert rows["account"][4] == "transferred"
        balances = read(EXAMPLES / "balances.json")["edges"]
        for account, balance in balances.items():
            assert rows[account][3] == balance["granted"]
            assert rows[account][6:] == [balance["unused"], balance["pending"]]
        assert any(row[4].startswith("+") for row in rows.values() if len(row) == 8)

    def test_an_empty_feed(self) -> None:
        result = run("replay", "-", "--balances")
        assert (result.exit_code, result.stdout.splitlines()[-1]) == (0, "lines: none")

    def test_results_and_summary_go_to_files(self, tmp_path: Path) -> None:
        results, summary = tmp_path / "results.jsonl", tmp_path / "summary.json"
        result = run("replay", FEED, "--results", results, "--summary", summary)
        assert (result.exit_code, result.stdout, result.stderr) == (0, "", "")
        assert results.read_text(encoding="utf-8").count("\n") == 18
        assert read(summary)["accounts"]["A"]["unused"] == "50.00"
        assert read(summary)["lines"] == {"done": 18, "warned": 0, "repeated": 0, "refused": 0, "invalid": 0}
        assert summary.read_text(encoding="utf-8").startswith('{\n  "accounts": {\n    "A": {\n')
        assert summary.read_bytes().endswith(b"}\n")
        assert sorted(path.name for path in tmp_path.iterdir()) == ["results.jsonl", "summary.json"]

    def test_strict_stops_at_the_first_line_that_is_refused(self, edges_before: Path, tmp_path: Path) -> None:
        results, summary = tmp_path / "results.jsonl", tmp_path / "summary.json"
        result = run("replay", edges_before, "--strict", "--results", results, "--summary", summary)
        assert result.exit_code == 1
        outcomes = [json.loads(line)["outcome"] for line in results.read_text(encoding="utf-8").splitlines()]
        assert outcomes == ["done", "refused"]
        assert read(summary)["lines"]["done"] == 1

    def test_without_strict_it_goes_on(self, edges_before: Path) -> None:
        outcomes = [line["outcome"] for line in printed(run("replay", edges_before))]
        assert outcomes == ["done", "refused", "done"]

    def test_the_same_code_key_gives_the_same_codes(self) -> None:
        first, again, other = (run("replay", FEED, "--code-key", key).stdout for key in ("a key", "a key", "another"))
        assert first == again
        assert first != other

    def test_without_a_code_key_nobody_can_tell_the_codes(self) -> None:
        assert run("replay", FEED).stdout != run("replay", FEED).stdout


class TestWhatCannotBeOpened:
    """All of it is status 2, said in a sentence, before a line is run."""

    def test_a_feed_that_is_not_there(self) -> None:
        result = run("replay", "nowhere.jsonl")
        assert result.exit_code == 2
        assert result.stderr == "The feed nowhere.jsonl cannot be opened: No such file or directory.\n"

    def test_a_feed_that_is_a_folder(self, tmp_path: Path) -> None:
        result = run("replay", tmp_path)
        assert (result.exit_code, result.stdout) == (2, "")
        assert "Is a directory" in result.stderr

    def test_a_programme_that_is_not_there(self) -> None:
        result = run("replay", FEED, "--programme", "nowhere.toml")
        assert result.exit_code == 2
        assert result.stderr == "The programme nowhere.toml cannot be opened: No such file or directory.\n"

    def test_a_programme_with_faults_names_them_all(self, tmp_path: Path) -> None:
        programme = tmp_path / "faulty.toml"
        programme.write_text('zone = "Nowhere"\ncolour = "red"\n', encoding="utf-8")
        result = run("replay", FEED, "--programme", programme)
        assert result.exit_code == 2
        assert [line.split(":")[0] for line in result.stderr.splitlines()[1:]] == ["  colour", "  zone"]

    @pytest.mark.parametrize(
        "args", [("replay", FEED), ("check", "A123"), ("summary",)], ids=["replay", "check", "summary"]
    )
    def test_a_database_and_its_password_is_not_repeated(self, args: tuple[str | Path, ...]) -> None:
        result = run(*args, "--db", "postgresql://me:secret@host/db")
        assert (result.exit_code, result.stdout) == (2, "")
        assert "--db" in result.stderr
        assert result.stderr.count("\n") == 1
        assert "secret" not in result.stderr

    @pytest.mark.parametrize("option", ["--results", "--summary"])
    def test_a_file_in_no_folder(self, option: str, tmp_path: Path) -> None:
        result = run("replay", FEED, option, tmp_path / "nowhere" / "file")
        assert (result.exit_code, result.stdout) == (2, "")
        assert "cannot be written to" in result.stderr

    def test_nothing_is_left_of_the_other_file(self, tmp_path: Path) -> None:
        results = tmp_path / "results.jsonl"
        results.write_text("as before", encoding="utf-8")
        run("replay", FEED, "--results", results, "--summary", tmp_path / "nowhere" / "file")
        assert results.read_text(encoding="utf-8") == "as before"
        assert list(tmp_path.iterdir()) == [results]

    @pytest.mark.parametrize("option", ["--results", "--summary"])
    def test_the_feed_is_never_written_over(self, option: str, edges_before: Path) -> None:
        before = edges_before.read_bytes()
        result = run("replay", edges_before, option, edges_before.parent / "." / edges_before.name)
        assert result.exit_code == 2
        assert f"cannot be the feed and {option} at once" in result.stderr
        assert edges_before.read_bytes() == before

    def test_one_file_is_not_both_results_and_summary(self, tmp_path: Path) -> None:
        result = run("replay", FEED, "--results", tmp_path / "one", "--summary", tmp_path / "one")
        assert result.exit_code == 2
        assert "cannot be --results and --summary at once" in result.stderr

    def test_but_both_may_go_nowhere(self) -> None:
        assert run("replay", FEED, "--results", os.devnull, "--summary", os.devnull).exit_code == 0

    def test_a_blank_code_key(self) -> None:
        result = run("replay", FEED, "--code-key", " ")
        assert (result.exit_code, result.stderr) == (2, "The code key is blank: anybody could guess the codes.\n")


class TestCheck:
    def test_a_usable_code(self) -> None:
        result = run("check", "a-123", "--feed", FEED)
        assert result.exit_code == 0
        assert printed(result) == [
            {
                "code": "A123",
                "judged_at": "2021-05-01T00:00:00+03:00",
                "reasons": [],
                "usable": True,
                "referee_amount": "12.00",
                "referrer_amount": "15.00",
                "referee_group": "referee-self-service",
                "referrer_group": "referrer",
            }
        ]

    def test_an_unusable_code_has_all_its_reasons(self) -> None:
        result = run("check", "A123", "--feed", FEED, "--customer", "customer-A")
        assert result.exit_code == 1
        assert printed(result)[0]["reasons"] == ["existing-customer", "self-referral"]

    @pytest.mark.parametrize(
        ("at", "amount"),
        [("2021-02-28T23:59:59+02:00", "10.00"), ("2021-03-01", "15.00"), ("2021-02-28T22:00:00Z", "15.00")],
    )
    def test_a_moment_or_a_day_which_begins_at_local_midnight(self, at: str, amount: str) -> None:
        result = run("check", "A123", "--feed", FEED, "--at", at)
        assert printed(result)[0]["referrer_amount"] == amount

    def test_a_moment_before_the_code(self) -> None:
        result = run("check", "A123", "--feed", FEED, "--at", "2020-12-08")
        assert (result.exit_code, printed(result)[0]["reasons"]) == (1, ["code-pending", "no-amount"])

    @pytest.mark.parametrize(
        ("at", "said"),
        [
            ("2021-03-01T09:00:00", "moment-naive: --at: 2021-03-01T09:00:00 carries no time zone.\n"),
            ("yesterday", "--at: 'yesterday' is not an RFC 3339 moment with an offset.\n"),
            ("2021-02-30", "--at: '2021-02-30' is no day: day is out of range for month.\n"),
            ("9999-01-01", "moment-invalid: --at: 9999-01-01 is out of bounds.\n"),
        ],
    )
    def test_what_is_no_moment(self, at: str, said: str) -> None:
        result = run("check", "A123", "--feed", "not even looked at", "--at", at)
        assert (result.exit_code, result.stderr) == (2, said)

    def test_channel_product_and_segment_are_passed_on(self) -> None:
        result = run("check", "A123", "--feed", FEED, "--channel", "distributor", "--product", "electricity")
        assert printed(result)[0]["referee_group"] == "referee-manual"
        for other in (("--segment", "business"), ("--product", "gas")):
            result = run("check", "A123", "--feed", FEED, *other)
            assert printed(result)[0]["reasons"] == ["not-eligible"]

    def test_lines_that_failed_are_mentioned(self, edges_before: Path) -> None:
        result = run("check", "A123", "--feed", edges_before)
        assert result.stderr == "1 line of the feed was refused or invalid.\n"

    def test_a_feed_without_a_moment(self) -> None:
        result = run("check", "A123", "--feed", "-", feed="no event\n")
        assert result.exit_code == 1
        judged_at = datetime.fromisoformat(printed(result)[0]["judged_at"])
        assert abs(datetime.now(UTC) - judged_at) < timedelta(hours=1)

    def test_the_last_moment_is_that_of_the_last_line_that_has_one(self) -> None:
        result = run("check", "A123", "--feed", "-", feed="".join([*LINES, "no event\n"]))
        assert printed(result)[0]["judged_at"] == "2021-05-01T00:00:00+03:00"

    def test_a_language_there_is_none_in(self) -> None:
        result = run("check", "A123", "--feed", FEED, "--language", "xx")
        assert (result.exit_code, result.stdout) == (2, "")
        assert result.stderr.startswith("--language: there are no messages in 'xx'")

    @pytest.mark.parametrize("command", [("check", "A123"), ("summary",)], ids=["check", "summary"])
    @pytest.mark.parametrize("given", [(), ("--feed", "a", "--db", "b")], ids=["neither", "both"])
    def test_it_takes_a_feed_or_a_database(self, command: tuple[str, ...], given: tuple[str, ...]) -> None:
        result = run(*command, *given)
        assert result.exit_code == 2
        assert "give either a feed or a database" in result.stderr


class TestSummary:
    def test_it_is_what_a_replay_writes(self, tmp_path: Path) -> None:
        written = tmp_path / "summary.json"
        run("replay", EDGES, "--code-key", "k", "--summary", written)
        result = run("summary", "--feed", EDGES, "--code-key", "k")
        assert result.exit_code == 0
        assert result.stdout_bytes == written.read_bytes()

    def test_the_status_of_codes_is_as_at_a_moment(self) -> None:
        result = run("summary", "--feed", FEED, "--at", "2021-01-20")
        accounts = json.loads(result.stdout)["accounts"]
        assert (accounts["A"]["code"]["status"], accounts["B"]["code"]["status"]) == ("active", "pending")

    def test_balances_as_a_table(self) -> None:
        result = run("summary", "--feed", FEED, "--balances")
        assert result.stdout.splitlines()[2].split()[:2] == ["A", "customer-A"]

    def test_a_feed_that_is_not_there(self) -> None:
        assert run("summary", "--feed", "nowhere.jsonl").exit_code == 2


class TestProgramme:
    def written(self, tmp_path: Path, text: str) -> Path:
        path = tmp_path / "programme.toml"
        path.write_text(text, encoding="utf-8")
        return path

    def test_a_fine_one(self, tmp_path: Path) -> None:
        result = run("programme", "check", self.written(tmp_path, 'name = "Solar"\nlanguages = ["et"]\n'))
        said = "fine: Solar, 1 product, 1 segment, 3 channels, 3 groups, 1 language\n"
        assert (result.exit_code, result.stdout) == (0, said)

    @pytest.mark.rule("P1")
    def test_every_fault_on_a_line_of_its_own(self, tmp_path: Path) -> None:
        result = run("programme", "check", self.written(tmp_path, 'zone = "Nowhere"\ncolour = "red"\nproducts = []\n'))
        assert result.exit_code == 1
        assert {"colour", "zone", "products"} <= {line.split(":")[0] for line in result.stdout.splitlines()}

    def test_one_that_is_not_there(self) -> None:
        result = run("programme", "check", "nowhere.toml")
        assert (result.exit_code, result.stdout) == (2, "")
        assert result.stderr == "The programme nowhere.toml cannot be opened: No such file or directory.\n"

    def test_the_household_programme_is_shown_when_none_is_named(self) -> None:
        result = run("programme", "show")
        rows = dict(line.split(maxsplit=1) for line in result.stdout.splitlines() if line[:1].isalpha())
        assert result.exit_code == 0
        assert rows["zone"].strip() == "Europe/Tallinn"
        assert rows["products"].strip() == "electricity"
        assert rows["keeping_products"].strip() == "electricity, gas"
        assert rows["existing_customer_products"].strip() == "every product"
        assert rows["returning_after"].strip() == "never"
        assert rows["pay_ended_referrer"].strip() == "true"
        assert rows["referee_groups"].strip() == "channel self-service: referee-self-service"
        assert "*" not in result.stdout

    def test_what_was_changed_is_marked(self, tmp_path: Path) -> None:
        text = """
            returning_after = "P1Y6M"
            blocking_channels = []
            [[groups]]
            id = "referrer"
            side = "referrer"
            name = "Friends"
            [[groups]]
            id = "referee-manual"
            side = "referee"
            [[referee_groups]]
            group = "referee-manual"
        """
        result = run("programme", "show", self.written(tmp_path, text))
        changed = {
            line.split(" *")[0]: line.split(" *")[1].strip() for line in result.stdout.splitlines() if " *" in line
        }
        assert changed == {
            "groups": 'referrer: referrer, called "Friends"',
            "referee_groups": "everything else: referee-manual",
            "returning_after": "P1Y6M",
            "blocking_channels": "none",
        }
        assert result.stdout.endswith("* not as in the household programme\n")

    def test_one_with_faults_is_not_shown(self, tmp_path: Path) -> None:
        result = run("programme", "show", self.written(tmp_path, "products = 1\n"))
        assert (result.exit_code, result.stdout) == (2, "")


def paths_of(command: Any, *path: str) -> Iterator[tuple[str, ...]]:  # noqa: ANN401 - typer has no name for it
    """Yield the words by which a command is called, and those of every command in it."""
    yield path
    if isinstance(command, TyperGroup):
        context: Any = None
        for name in command.list_commands(context):
            yield from paths_of(command.get_command(context, name), *path, name)


class TestHelp:
    @pytest.mark.parametrize(
        "command",
        ["replay", "check", "summary", "explain", "pay", "programme check", "programme show"],
    )
    def test_every_command_has_two_examples_and_its_exit_statuses(self, command: str) -> None:
        result = run(*command.split(), "--help")
        assert result.exit_code == 0
        examples = result.stdout.partition("Examples:\n")[2].partition("\n\n")[0].splitlines()
        assert len([line for line in examples if f"referral {command}" in line]) == 2
        assert "Exit status:\n    0 " in result.stdout

    @pytest.mark.parametrize("path", [" ".join(path) for path in paths_of(get_command(app))])
    def test_no_help_is_wider_than_80_columns(self, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("COLUMNS", "80")
        assert [line for line in run(*path.split(), "--help").stdout.splitlines() if len(line) > 80] == []

    def test_replay_takes_what_the_feed_format_says(self) -> None:
        text = run("replay", "--help").stdout
        for option in (
            "--db URL",
            "--programme FILE",
            "--results FILE",
            "--summary FILE",
            "--code-key TEXT",
            "--strict",
        ):
            assert option in text

    def test_the_commands_are_listed_with_a_whole_sentence(self) -> None:
        commands = run("--help").stdout.partition("Commands:\n")[2].splitlines()
        listed = ["replay", "check", "summary", "explain", "issue-codes", "pay", "erase"]
        grouped = ["programme", "db", "import", "trace", "webhooks"]
        made = ["groups", "codes", "accounts", "sign-ups", "contracts", "cases", "grants", "act"]
        assert [line.split()[0] for line in commands] == [*listed, *grouped, *made]
        assert all(line.endswith(".") and not line.endswith("...") for line in commands)

    def test_the_version(self) -> None:
        result = run("--version")
        assert (result.exit_code, result.stdout[:8]) == (0, "referral")

    def test_a_wrong_option_is_status_2(self) -> None:
        assert run("replay", FEED, "--colour").exit_code == 2

    def test_no_feed_is_status_2(self) -> None:
        result = run("replay")
        assert result.exit_code == 2
        assert "FEED" in result.stderr
