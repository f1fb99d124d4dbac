"""``referral trace``: what it prints, and one sentence and a status for what is wrong."""

from __future__ import annotations

import json
import sqlite3
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pytest
from sqlalchemy.engine import URL

from referral_adapters.cli import trace_command
from referral_adapters.cli.exit_status import CommandFailed
from referral_adapters.cli.output import Screen
from referral_adapters.cli.progress import row_count
from referral_adapters.cli.store import Use, existing_database
from referral_adapters.cli.trace_command import changes, show_verification
from referral_adapters.conformance.samples import day
from referral_adapters.sql import SqlStore, upgrade
from referral_core import Actor, Programme, ReferralDesk
from referral_core.entities.seal import Verification
from referral_core.entities.trace import TraceFault
from referral_core.services.state_comparison import StateFault
from referral_core.services.state_verification import StateVerification
from tests.adapters.cli.command_line import EDGES, only_printed, run, said
from tests.adapters.cli.terminal import Terminal, at_terminal
from tests.adapters.sql.test_cli import written
from tests.phrases import contract

WHY: Final = ("--by", "anu", "--reason", "request 2021-44")


def spoiled(db: str, statement: str) -> None:
    """Change a database by hand, past its triggers."""
    with sqlite3.connect(db.removeprefix("sqlite:///")) as connection:
        for (trigger,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f"DROP TRIGGER {trigger}")
        connection.execute(statement)
    connection.close()


class TestSeal:
    def test_a_seal_is_set_when_something_has_changed(self, db: str) -> None:
        (first,) = only_printed(run("trace", "seal", "--db", db))
        assert (first["set"], first["seal"]["number"]) == (True, 1)
        assert first["seal"]["heads"] > 50
        (again,) = only_printed(run("trace", "seal", "--db", db))
        assert again == {"set": False, "seal": first["seal"]}
        with SqlStore(db) as store:
            assert [seal.hash for seal in store.trace.seals()] == [first["seal"]["hash"]]

    def test_an_empty_trace_has_nothing_to_seal(self, tmp_path: Path) -> None:
        url = f"sqlite:///{tmp_path / 'new.db'}"
        upgrade(url)
        assert only_printed(run("trace", "seal", "--db", url)) == [{"set": False, "seal": None}]

    def test_a_person_is_told_in_words(self, db: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        terminal = at_terminal(monkeypatch)
        for _ in range(2):
            trace_command.seal(db=db, programme=None, as_json=False)
        empty = f"sqlite:///{tmp_path / 'new.db'}"
        upgrade(empty)
        trace_command.seal(db=empty, programme=None, as_json=False)
        told = terminal.getvalue().replace("\n", " ")
        assert "Seal 1 is set over " in told
        assert "Nothing has changed since seal 1, whose hash is " in told
        assert "There is nothing to seal." in told


class TestVerify:
    def test_a_trace_that_is_whole(self, db: str) -> None:
        hash_ = only_printed(run("trace", "seal", "--db", db))[0]["seal"]["hash"]
        result = run("trace", "verify", "--db", db, "--expect", hash_)
        (told,) = only_printed(result)
        assert (result.exit_code, told["whole"], told["faults"], told["more"]) == (0, True, [], 0)
        assert (told["seals"], told["unsealed"], told["last_seal"]["hash"]) == (1, 0, hash_)
        assert told["rows"] > told["chains"] > 0

    def test_a_feed_can_be_verified_too(self) -> None:
        (told,) = only_printed(run("trace", "verify", "--feed", EDGES))
        assert (told["whole"], told["seals"], told["last_seal"], told["unsealed"]) == (True, 0, None, told["rows"])

    def test_every_fault_is_named_and_is_status_1(self, db: str) -> None:
        run("trace", "seal", "--db", db)
        spoiled(db, "UPDATE trace_entries SET actor = 'nobody' WHERE subject = 'programme' AND number < 3")
        result = run("trace", "verify", "--db", db)
        (told,) = only_printed(result)
        assert (result.exit_code, told["whole"]) == (1, False)
        fault = "its actor or reason was changed"
        assert told["faults"] == [{"subject": "programme", "number": number, "fault": fault} for number in (1, 2)]

    def test_a_hash_that_no_seal_has_is_a_fault(self, db: str) -> None:
        result = run("trace", "verify", "--db", db, "--expect", "f" * 64)
        assert (result.exit_code, only_printed(result)[0]["faults"][0]["subject"]) == (1, "seal")

    def test_a_person_sees_faults_line_by_line(self, db: str, monkeypatch: pytest.MonkeyPatch) -> None:
        run("trace", "seal", "--db", db)
        erased = "UPDATE trace_entries SET actor = NULL, reason = NULL, salt = NULL WHERE subject = 'programme'"
        spoiled(db, erased)
        spoiled(db, "UPDATE trace_entries SET after = '{}' WHERE subject = 'programme' AND number IN (2, 3)")
        with SqlStore(db) as store:
            store.trace.append(trace_note())
        terminal = at_terminal(monkeypatch)
        assert (
            trace_command.verify(feed=None, db=db, programme=None, expected=None, with_state=False, as_json=False) == 1
        )
        told = terminal.getvalue()
        assert told.startswith("programme row 2: its content was changed\nprogramme row 3: its content was changed\n")
        assert "The trace has 2 faults: " in told
        assert "The hash of seal 1 is " in told
        assert "1 row under no seal yet." in told
        assert "rows whose persons were erased." in told

    def test_a_person_is_told_how_many_faults_are_not_named(self, monkeypatch: pytest.MonkeyPatch) -> None:
        terminal = at_terminal(monkeypatch)
        verified = Verification(
            at=day(0), rows=1, chains=1, erased=0, unsealed=0, seals=0, last=None, more=1200,
            faults=(TraceFault("account:\x1b[31m", 1, "was changed"),),
        )  # fmt: skip
        show_verification(verified, Screen.output())
        assert terminal.getvalue().splitlines() == [
            r"account:\x1b[31m row 1: was changed",
            "… and 1,200 more",
            "The trace has 1,201 faults: 1 row in 1 chain, 0 seals.",
        ]

    def test_a_person_is_told_that_it_is_whole(self, db: str, monkeypatch: pytest.MonkeyPatch) -> None:
        terminal = at_terminal(monkeypatch)
        assert (
            trace_command.verify(feed=None, db=db, programme=None, expected=None, with_state=False, as_json=False) == 0
        )
        assert terminal.getvalue().startswith("The trace is whole: ")

    def test_whoever_waits_sees_how_far_it_is(self, monkeypatch: pytest.MonkeyPatch) -> None:
        errors = Terminal()
        monkeypatch.setattr("sys.stderr", errors)
        monkeypatch.setenv("TERM", "xterm")
        with row_count() as tell:
            assert tell is not None
            tell(2000)
        assert "2,000 rows, " in errors.getvalue()

    @pytest.mark.parametrize("sources", [[], ["--feed", str(EDGES), "--db", "sqlite:///x.db"]])
    @pytest.mark.parametrize("command", ["verify", "show"])
    def test_one_source_is_given(self, command: str, sources: list[str]) -> None:
        result = run("trace", command, *sources)
        assert result.exit_code == 2
        assert "give either a feed or a database" in result.stderr


def trace_note() -> Any:  # noqa: ANN401
    from referral_adapters.conformance.samples import note  # noqa: PLC0415

    return note("A1")


@pytest.mark.rule("A2")
class TestVerifyState:
    def test_a_store_that_is_as_its_trace_says(self, db: str, monkeypatch: pytest.MonkeyPatch) -> None:
        result = run("trace", "verify", "--state", "--db", db)
        (told,) = only_printed(result)
        assert (result.exit_code, told["whole"], told["state"]["whole"]) == (0, True, True)
        assert told["state"]["compared"] > 50
        assert told["state"]["not_covered"] == {"contracts": 0, "bills": 0}
        assert (told["state"]["in_words"], told["state"]["faults"], told["state"]["more"]) == (0, [], 0)
        terminal = at_terminal(monkeypatch)
        assert self.verified(db) == 0
        said_of_it = f"What is stored is what the trace says: {told['state']['compared']} states compared.\n"
        assert said_of_it in terminal.getvalue()

    def test_every_difference_is_a_line_and_is_status_1(self, db: str, monkeypatch: pytest.MonkeyPatch) -> None:
        spoiled(db, "UPDATE discount_groups SET side = 'referrer' WHERE id = 'referee-manual'")
        result = run("trace", "verify", "--state", "--db", db)
        (told,) = only_printed(result)
        assert (result.exit_code, told["whole"], told["state"]["whole"]) == (1, True, False)
        (fault, *_) = told["state"]["faults"]
        assert (fault["subject"], fault["stored"]) == ("group:referee-manual", "group referee-manual")
        assert fault["fault"] == "side is referrer, and the trace says referee"
        terminal = at_terminal(monkeypatch)
        assert self.verified(db) == 1
        line = "group:referee-manual: group referee-manual: side is referrer, and the trace says referee\n"
        assert line in terminal.getvalue()
        assert "What is stored has 1 fault: " in terminal.getvalue()

    def test_what_is_not_covered_is_said_in_words(self, monkeypatch: pytest.MonkeyPatch) -> None:
        terminal = at_terminal(monkeypatch)
        fault = StateFault("account:A", "contract K", "is gone, and the trace tells of it")
        found = StateVerification(
            at=datetime(2021, 6, 1, tzinfo=UTC), compared=1, in_words=2, contracts=3, bills=1, faults=(fault,), more=4
        )
        trace_command.show_state(found, Screen.output())
        assert terminal.getvalue().splitlines() == [
            "account:A: contract K: is gone, and the trace tells of it",
            "… and 4 more",
            "What is stored has 5 faults: 1 state compared.",
            "2 states of an earlier version compared in part, as its rows say it.",
            "3 contracts not covered: an earlier version left no row of them.",
            "1 bill not covered: an earlier version left no row of it.",
        ]

    def verified(self, db: str) -> int:
        return trace_command.verify(feed=None, db=db, programme=None, expected=None, with_state=True, as_json=False)


class TestShow:
    def test_a_pipe_gets_a_row_a_line(self, db: str) -> None:
        rows = only_printed(run("trace", "show", "programme", "--db", db))
        assert [row["number"] for row in rows] == list(range(1, len(rows) + 1))
        assert [*rows[0]] == [
            "subject", "number", "moment", "actor", "role", "act", "before", "after", "reason", "hash",
        ]  # fmt: skip
        assert (rows[0]["subject"], rows[0]["act"], rows[0]["moment"]) == (
            "programme",
            "case.open",
            "2022-03-15T10:00:00+02:00",
        )

    def test_an_account_a_group_and_a_contract_can_be_named(self, db: str) -> None:
        by_account = only_printed(run("trace", "show", "--account", "bert", "--db", db))
        assert [*dict.fromkeys(row["subject"] for row in by_account)] == ["account:bert", "referral:bert-1"]
        chains = [only_printed(run("trace", "show", each, "--db", db)) for each in ("account:bert", "referral:bert-1")]
        assert by_account == [
            row for row in [*chains[0], *chains[1]] if not row["after"].get("grant", "").startswith("referrer/")
        ]
        assert only_printed(run("trace", "show", "referral:bert-1", "--act", "code.end", "--db", db)) == []
        by_group = only_printed(run("trace", "show", "--group", "referrer", "--db", db))
        assert {row["act"] for row in by_group} >= {"amount.set", "group.disable"}
        by_contract = only_printed(run("trace", "show", "--contract", "bert-1", "--db", db))
        assert {row["subject"] for row in by_contract} == {"referral:bert-1"}
        assert by_contract == only_printed(run("trace", "show", "--contract", "bert-1", "--db", db))
        named = [row["after"].get("contract") or row["after"].get("grant", "") for row in by_contract]
        assert all("bert-1" in each for each in named)

    def test_moments_and_acts_narrow_it(self, db: str) -> None:
        every = only_printed(run("trace", "show", "programme", "--db", db))
        days = [row["moment"][:10] for row in every]
        some = run("trace", "show", "programme", "--db", db, "--from", days[1], "--until", days[2])
        assert only_printed(some) == [row for row in every if days[1] <= row["moment"][:10] <= days[2]]
        upto = run("trace", "show", "programme", "--db", db, "--until", every[1]["moment"])
        assert only_printed(upto) == every[:1]
        acts = run("trace", "show", "programme", "--db", db, "--act", "case.abandon")
        assert only_printed(acts) == [row for row in every if row["act"] == "case.abandon"]

    def test_nothing_is_no_fault(self, db: str) -> None:
        assert only_printed(run("trace", "show", "programme", "--act", "group.rename", "--db", db)) == []

    @pytest.mark.parametrize("asked", [["NOPE"], ["--account", "NOPE"], ["--group", "NOPE"], ["group:NOPE"]])
    def test_a_subject_that_is_nobodys_is_status_1(self, asked: list[str], db: str) -> None:
        result = run("trace", "show", *asked, "--db", db)
        assert (result.exit_code, result.stdout) == (1, "")
        assert "NOPE: there is no such subject." in result.stderr

    def test_an_account_that_nothing_was_done_about_is_there(self, tmp_path: Path) -> None:
        url = f"sqlite:///{tmp_path / 'quiet.db'}"
        with SqlStore(url, Programme.default()) as store:
            session = ReferralDesk(Programme.default(), store).session(
                actor=Actor.system(), now=datetime(2021, 6, 1, tzinfo=UTC)
            )
            told = contract("K", on="A", of="ann", product="gas", activated="2021-02-01")
            session.launch.import_contracts([told])
            assert not [*store.trace.chain("account:A")]
        assert only_printed(run("trace", "show", "--account", "A", "--db", url)) == []

    def test_a_person_sees_who_did_what(self, db: str, monkeypatch: pytest.MonkeyPatch) -> None:
        terminal = at_terminal(monkeypatch)
        asked = trace_command.TraceSelection.one_of(subject="programme", account=None, group=None, contract=None)
        options: dict[str, Any] = {"feed": None, "programme": None, "since": None, "until": None, "act": None}
        assert trace_command.show(asked, db=db, as_json=False, **options) == 0
        lines = terminal.getvalue().splitlines()
        assert lines[:2] == ["programme", "    1  2022-03-15 10:00+02:00  case.open               feed (system)"]
        assert "       case: CASE-2" in lines
        assert "       status: open → abandoned" in lines
        spoiled(db, "UPDATE trace_entries SET actor = NULL, reason = NULL, salt = NULL WHERE subject = 'programme'")
        assert trace_command.show(asked, db=db, as_json=False, **options) == 0
        assert terminal.getvalue().splitlines()[len(lines) + 1].endswith("erased (system)")

    def test_reasons_are_shown_below(self, db: str, monkeypatch: pytest.MonkeyPatch) -> None:
        terminal = at_terminal(monkeypatch)
        with SqlStore(db) as store:
            (row, *_) = [row for row in store.trace.chain() if row.reason]
        asked = trace_command.TraceSelection.one_of(subject=row.subject, account=None, group=None, contract=None)
        trace_command.show(asked, feed=None, db=db, programme=None, since=None, until=None, act=None, as_json=False)
        assert f"       {row.reason}\n" in terminal.getvalue()

    def test_what_comes_before_a_row_that_cannot_be_read_is_shown(self, db: str) -> None:
        spoiled(db, "UPDATE trace_entries SET role = 'dancer' WHERE subject = 'programme' AND number = 3")
        result = run("trace", "show", "programme", "--db", db)
        assert result.exit_code == 1
        assert [json.loads(line)["number"] for line in result.stdout.splitlines()] == [1, 2]
        assert result.stderr == "The trace cannot be read at programme 3.\n"

    @pytest.mark.parametrize(
        ("options", "status", "sentence"),
        [
            (("--contract", "NONE"), 1, "contract-unknown"),
            ((), 2, "Name one of"),
            (("programme", "--group", "referrer"), 2, "Name one of"),
            (("programme", "--act", "dance"), 2, "--act: There is no act dance"),
            (("programme", "--from", "yesterday"), 2, "--from"),
            (("programme", "--until", "2021-01-01T10:00:00"), 2, "moment-naive: --until"),
            (("programme", "--from", "2021-02-01", "--until", "2021-01-01"), 2, "period-empty"),
            (("programme", "--until", "9999-12-31"), 2, "moment-invalid"),
        ],
    )
    def test_what_cannot_be_shown(self, db: str, options: tuple[str, ...], status: int, sentence: str) -> None:
        assert sentence in said(run("trace", "show", *options, "--db", db), status)

    @pytest.mark.parametrize(
        ("before", "after", "expected"),
        [
            (None, None, []),
            (None, {"b": "1", "code": "A", "a": None}, ["code: A", "b: 1"]),
            ({"code": "A", "x": "1", "y": "2"}, {"code": "A", "x": "2", "y": "2"}, ["code: A", "x: 1 → 2"]),
            ({"x": "1", "case": "S"}, {"x": None}, ["case: S → –", "x: 1 → –"]),
        ],
    )
    def test_what_changed_is_said_in_a_few_words(self, before: Any, after: Any, expected: list[str]) -> None:  # noqa: ANN401
        assert list(changes(before, after)) == expected


class TestWhatCannotBeOpened:
    COMMANDS: Final = {
        "verify": ("trace", "verify"),
        "show": ("trace", "show", "programme"),
        "seal": ("trace", "seal"),
        "erase": ("erase", "C-1", *WHY),
    }

    @pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
    def test_a_file_that_is_not_there_is_not_made(self, tmp_path: Path, command: tuple[str, ...]) -> None:
        path = tmp_path / "nowhere.db"
        assert said(run(*command, "--db", f"sqlite:///{path}"), 2) == "--db: There is no such database file."
        assert not path.exists()

    @pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
    def test_a_database_without_tables_gets_none(self, tmp_path: Path, command: tuple[str, ...]) -> None:
        path = tmp_path / "empty.db"
        sqlite3.connect(path).close()
        path.touch()
        assert "has no tables yet" in said(run(*command, "--db", f"sqlite:///{path}"), 2)

    @pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
    @pytest.mark.parametrize("url", ["", "mysql://me:secret@host/db", "postgresql://me:secret@127.0.0.1:1/db"])
    def test_a_url_of_nothing(self, url: str, command: tuple[str, ...]) -> None:
        assert "secret" not in said(run(*command, "--db", url), 2)

    def test_a_feed_and_a_programme(self) -> None:
        assert "cannot be opened" in said(run("trace", "verify", "--feed", "nowhere.jsonl"), 2)
        assert "cannot be opened" in said(run("trace", "verify", "--feed", EDGES, "--programme", "nowhere.toml"), 2)

    def test_what_is_stopped_says_so(self, db: str) -> None:
        with pytest.raises(CommandFailed, match="Interrupted") as caught, existing_database(db, Use.READ):
            raise KeyboardInterrupt
        assert caught.value.status == 130


@pytest.mark.rule("A2")
def test_postgresql_is_sealed_and_verified_too(database: URL) -> None:
    run("replay", EDGES, "--db", written(database), "--code-key", "demo")
    assert only_printed(run("trace", "seal", "--db", written(database)))[0]["set"]
    result = run("trace", "verify", "--db", written(database))
    assert (result.exit_code, only_printed(result)[0]["unsealed"]) == (0, 0)
