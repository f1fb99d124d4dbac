"""``referral replay`` and ``referral summary``: what they print, and tables on a terminal of a given width."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from referral_adapters.cli import check_command, replay_command
from referral_adapters.cli.output import MOST_ROWS, Screen
from referral_adapters.cli.progress import NoFeedProgress
from referral_adapters.cli.replay_command import ALL_ROWS, BalancesTable, ResultTable
from tests.adapters.cli.command_line import EDGES, EXAMPLES, FEED, LINES, printed, read, run
from tests.adapters.cli.terminal import Terminal, a_result
from tests.feed.test_detection import OTHERS

EMPTY = "The feed is empty: there is no line in it.\n"


class TestReplay:
    def test_a_pipe_gets_a_result_for_every_line(self) -> None:
        result = run("replay", FEED)
        assert result.exit_code == 0
        assert [(line["line"], line["outcome"]) for line in printed(result)] == [(n, "done") for n in range(1, 19)]
        assert result.stderr == ""

    def test_standard_input_is_a_feed_too(self) -> None:
        assert run("replay", "-", feed=FEED.read_bytes()).exit_code == 0

    @pytest.mark.parametrize("kind", ["a picture", "a packed feed", "UTF-16 with a mark", "CSV", "a list of events"])
    @pytest.mark.parametrize("door", ["a file", "standard input"])
    def test_a_file_that_is_no_feed_is_one_error_and_nothing_is_done(
        self, tmp_path: Path, kind: str, door: str
    ) -> None:
        path, db = tmp_path / "other", tmp_path / "referral.db"
        path.write_bytes(OTHERS[kind])
        results, summary = tmp_path / "results", tmp_path / "summary"
        written = ("--results", results, "--summary", summary)
        feed = (path, b"") if door == "a file" else ("-", OTHERS[kind])
        result = run("replay", feed[0], "--db", f"sqlite:///{db}", *written, feed=feed[1])
        assert (result.exit_code, result.stdout) == (2, "")
        assert len(result.stderr.splitlines()) == 1
        assert "is no feed: it " in result.stderr
        assert [each.name for each in tmp_path.iterdir()] == ["other"]

    @pytest.mark.parametrize(
        "command", [["check", "A123"], ["summary"], ["explain", "K-1"], ["trace", "verify"]], ids=" ".join
    )
    def test_no_other_command_takes_it_for_a_feed(self, tmp_path: Path, command: list[str]) -> None:
        path = tmp_path / "picture.png"
        path.write_bytes(OTHERS["a picture"])
        result = run(*command, "--feed", path)
        assert (result.exit_code, result.stdout) == (2, "")
        assert (
            result.stderr
            == f"The feed {path} is no feed: it is binary; a feed has one JSON object on each line, in UTF-8.\n"
        )

    @pytest.mark.parametrize(
        "nothing", [b"", b"\n\r\n  \n", b"\xef\xbb\xbf"], ids=["no bytes", "blank lines", "a mark"]
    )
    def test_an_empty_feed_says_so(self, nothing: bytes) -> None:
        result = run("replay", "-", feed=nothing)
        assert (result.exit_code, result.stdout, result.stderr) == (0, "", EMPTY)
        result = run("summary", "--feed", "-", feed=nothing)
        assert (result.exit_code, result.stderr) == (0, EMPTY)

    @pytest.mark.parametrize("door", ["a file", "standard input"])
    def test_a_mark_before_the_first_line_costs_nothing(self, tmp_path: Path, door: str) -> None:
        path = tmp_path / "feed.jsonl"
        path.write_bytes(b"\xef\xbb\xbf" + FEED.read_bytes())
        feed = (path, b"") if door == "a file" else ("-", path.read_bytes())
        result = run("replay", feed[0], "--code-key", "x", feed=feed[1])
        assert (result.exit_code, result.stdout) == (0, run("replay", FEED, "--code-key", "x").stdout)

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


class TestResultTable:
    def shown(self, terminal: Terminal, *results: dict[str, Any]) -> list[str]:
        table = ResultTable(Screen(terminal), NoFeedProgress())
        for result in results:
            table.take(result)
        table.close()
        return terminal.shown

    def test_a_narrow_terminal_has_reasons_before_the_message(self, terminal: Terminal) -> None:
        shown = self.shown(terminal, a_result(), a_result(2, "refused", "code-ended", "no-amount"))
        assert shown == [
            "  line  id                outcome   message",
            "     1  event-1           done      It is so.",
            "     2  event-2           refused   code-ended, no-amount",
            "                                    It is so.",
            "",
        ]

    def test_a_wide_one_has_a_column_for_them(self, terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("COLUMNS", "120")
        shown = self.shown(terminal, a_result(2, "refused", "code-ended", "no-amount"))
        assert shown == [
            "  line  id                outcome   reasons                message",
            "     2  event-2           refused   code-ended             It is so.",
            "                                    no-amount",
            "",
        ]

    def test_outcomes_are_coloured(self, terminal: Terminal) -> None:
        self.shown(terminal, a_result(), a_result(2, "refused", "code-ended"))
        assert "\x1b[32mdone" in terminal.getvalue()
        assert "\x1b[31mrefused" in terminal.getvalue()

    def test_rows_stand_below_each_other_however_long_anything_is(self, terminal: Terminal) -> None:
        long = {**a_result(12_345_678, message="word " * 30), "id": "x" * 300}
        shown = self.shown(terminal, long, a_result())
        assert all(len(line) <= 80 for line in shown)
        assert "12345678" in shown[1]
        assert "xxx…" in shown[1]

    def test_nothing_in_a_feed_can_steer_the_terminal(self, terminal: Terminal) -> None:
        self.shown(terminal, {**a_result(message="\x1b[2J and \u202e [red]"), "id": "\x07\ud800"})
        assert "\x1b[2J" not in terminal.getvalue()
        assert r"\x07\ud800" in terminal.getvalue()
        assert r"\x1b[2J and \u202e [red]" in " ".join(terminal.shown)

    def test_a_line_without_an_id(self, terminal: Terminal) -> None:
        assert self.shown(terminal, {**a_result(outcome="invalid"), "id": None})[1].split()[:3] == ["1", "–", "invalid"]

    def test_of_many_lines_only_the_first_and_the_faulty_ones_are_shown(self, terminal: Terminal) -> None:
        results = [a_result(line, "refused" if line % 2 else "done") for line in range(1, 1001)]
        shown = self.shown(terminal, *results)
        rows = [line for line in shown if "event-" in line]
        assert len(rows) == MOST_ROWS
        assert [line.split()[0] for line in rows[ALL_ROWS : ALL_ROWS + 2]] == ["51", "53"]
        assert shown[ALL_ROWS + 1] == "… from here on only what is warned, refused or invalid"
        assert shown[-2:] == [f"… {1000 - MOST_ROWS} more; --results FILE keeps them all", ""]

    def test_an_empty_feed_shows_nothing(self, terminal: Terminal) -> None:
        assert self.shown(terminal) == []


class TestBalancesTable:
    def summary(self, **accounts: dict[str, Any]) -> dict[str, Any]:
        lines = {"done": 1234, "warned": 0, "repeated": 0, "refused": 1, "invalid": 0}
        return {"accounts": accounts, "liability": {"locked": "1.00", "granted_unused": "2.00"}, "lines": lines}

    def account(self, **amounts: str) -> dict[str, Any]:
        names = ("granted", "taken_back", "transferred_in", "transferred_out", "consumed", "unused", "pending")
        code = {"text": "A123", "status": "active"}
        return {"customer": "somebody-with-a-long-id", "code": code, **dict.fromkeys(names, "0.00"), **amounts}

    def test_it_fits_80_columns_and_says_what_there_is_in_all(self, terminal: Terminal) -> None:
        BalancesTable(Screen(terminal), "EUR").show(self.summary(A={**self.account(unused="7.00"), "code": None}))
        assert terminal.shown == [
            "account  code  status  granted  consumed  unused  pending",
            "─" * 57,
            "A        –     –          0.00      0.00    7.00     0.00",
            "",
            "liability: 1.00 EUR locked, 2.00 EUR granted and unused",
            "lines: 1,234 done, 1 refused",
        ]

    def test_a_long_account_is_cut_and_amounts_never(self, terminal: Terminal) -> None:
        account = self.account(transferred_out="123456789.00", unused="999999999999.99")
        BalancesTable(Screen(terminal), "EUR").show(self.summary(**{"account-" * 9: account}))
        row = next(line for line in terminal.shown if "…" in line)
        assert row.split()[0].endswith("…")
        assert row.split()[4:7] == ["-123456789.00", "0.00", "999999999999.99"]

    def test_a_glimpse_of_many(self, terminal: Terminal) -> None:
        accounts = {f"A{number}": self.account() for number in range(7)}
        BalancesTable(Screen(terminal), "EUR", most=5).show(self.summary(**accounts))
        assert [line.split()[0] for line in terminal.shown[2:7]] == ["A0", "A1", "A2", "A3", "A4"]
        assert terminal.shown[7] == "… 2 more accounts; --balances shows all"

    def test_more_than_a_page_stands_in_one_table(self) -> None:
        stream = io.StringIO()
        accounts = {f"A{number}": self.account() for number in range(1001)}
        BalancesTable(Screen(stream), "EUR").show(self.summary(**accounts))
        lines = stream.getvalue().splitlines()
        assert len([line for line in lines if line.startswith("account")]) == 1
        assert len([line for line in lines if line.startswith("A")]) == 1001

    def test_no_accounts(self, terminal: Terminal) -> None:
        BalancesTable(Screen(terminal), "EUR").show(self.summary())
        assert terminal.shown[0].startswith("liability")


class TestAtATerminal:
    """What the commands choose to show a person; the processes' own tests look at a real terminal."""

    def test_a_replay_shows_results_and_balances(self, terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("sys.stdout", terminal)
        options: dict[str, Any] = dict.fromkeys(("db", "programme", "results", "summary", "code_key"))
        assert replay_command.replay(str(FEED), **options, strict=False, balances=False, as_json=False) == 0
        assert terminal.shown[0].split() == ["line", "id", "outcome", "message"]
        assert terminal.shown[-1] == "lines: 18 done"

    @pytest.mark.parametrize(("as_json", "begin"), [(False, "A123 can be used"), (True, '{"code":"A123"')])
    def test_a_decision_is_told_in_words_unless_json_is_wanted(
        self, as_json: bool, begin: str, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        class Both(Terminal):
            buffer = io.BytesIO()

        monkeypatch.setattr("sys.stdout", both := Both())
        asked = check_command.CodeRequest(
            code="A123", customer=None, channel="self-service", product=None, segment=None
        )
        options: dict[str, Any] = dict.fromkeys(("db", "programme", "code_key", "at"))
        assert check_command.check(asked, feed=str(FEED), **options, language="en", as_json=as_json) == 0
        assert (both.buffer.getvalue().decode() + "".join(both.shown)).startswith(begin)


class TestSummaryAtAMoment:
    def test_it_says_what_is_not_of_that_moment(self) -> None:
        result = run("summary", "--feed", FEED, "--at", "2021-02-01")
        assert (result.exit_code, json.loads(result.stdout)["accounts"]["A"]["unused"]) == (0, "50.00")
        assert result.stderr.startswith(
            "Statuses of codes are those at 2021-02-01; balances, referrals and cases are by"
        )

    def test_nothing_has_to_be_said_of_what_was_known(self) -> None:
        result = run("summary", "--feed", FEED, "--at", "2021-02-01", "--known-at", "2021-02-02")
        assert (result.exit_code, result.stderr) == (0, "")
