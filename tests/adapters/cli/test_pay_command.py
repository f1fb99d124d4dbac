"""``referral pay``: what is due is sent, what is stuck is shown, and killing it does no harm."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import attrs
import pytest
from sqlalchemy.engine import URL
from typer.testing import Result

from referral_adapters.cli.exit_status import StopSignals
from referral_adapters.cli.output import MOST_ROWS, Screen
from referral_adapters.cli.pay_command import Pay, show_stuck, stuck_line
from referral_adapters.cli.progress import NoSpinner, TerminalSpinner, spinner
from referral_adapters.conformance.samples import day, grant
from referral_adapters.memory import MemoryStore
from referral_adapters.sql import SqlStore
from referral_core import Calendar, Grant, GrantStatus, Money, Programme, Side
from referral_core.desk import ReferralDesk
from referral_core.entities.reversal import Reversal
from referral_core.entities.trace import referral_subject
from tests.adapters.cli.command_line import invoke
from tests.adapters.cli.terminal import Terminal
from tests.adapters.cli.test_process import PATIENCE, at_terminal, pipe, started

STUCK: Final = attrs.evolve(
    grant("K2", "7", on="A2", side=Side.REFEREE),
    wait_until=None,
    attempts=12,
    problem="account-unknown",
    failed_at=day(1),
)
MANY: Final = 6_000


def run(*args: str | Path) -> Result:
    return invoke(args)


def told(result: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def written(url: URL) -> str:
    return url.set(drivername=url.get_backend_name()).render_as_string(hide_password=False)


@pytest.fixture
def store(database: URL) -> Iterator[SqlStore]:
    with SqlStore(database, Programme.default()) as opened:
        yield opened


@pytest.fixture
def url(database: URL) -> str:
    return written(database)


def filled(store: SqlStore, *more: Grant) -> None:
    """Let three grants be due, and some more in whatever state they are in."""
    for each in (grant("K1"), grant("K1", "7", on="A2", side=Side.REFEREE), grant("K3", on="A3"), *more):
        store.grants.add(each)


# ── paying ────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("B1", "B2")
def test_what_is_due_is_paid_once(store: SqlStore, url: str) -> None:
    filled(store)
    done = run("pay", "--db", url)
    assert (done.exit_code, done.stderr) == (0, "")
    assert told(done) == [{"granted": 3, "taken_back": 0, "waiting": 0, "stuck": 0}]
    assert store.billing.balance("A2").granted == Money("7")
    first, second = store.trace.chain(referral_subject("K1"))
    assert first.after != second.after
    assert {(row.act, row.actor, row.role) for row in (first, second)} == {("grant.posted", "command", "system")}
    again = run("pay", "--db", url)
    assert (again.exit_code, told(again)) == (0, [{"granted": 0, "taken_back": 0, "waiting": 0, "stuck": 0}])


@pytest.mark.rule("B2")
def test_what_waits_or_is_stuck_is_counted_and_paid_when_everything_is_wanted(store: SqlStore, url: str) -> None:
    taken = grant("K4", on="A4").taken(day(99_999))
    filled(store, STUCK, taken, attrs.evolve(grant("K5", on="A5"), wait_until=day(99_999)))
    done = run("pay", "--db", url)
    assert (done.exit_code, told(done)) == (1, [{"granted": 3, "taken_back": 0, "waiting": 2, "stuck": 1}])
    done = run("pay", "--db", url, "--all")
    assert (done.exit_code, told(done)) == (0, [{"granted": 3, "taken_back": 0, "waiting": 0, "stuck": 0}])
    assert {each.status for each in store.grants.all()} == {GrantStatus.GRANTED}


def test_a_moment_may_be_given(store: SqlStore, url: str) -> None:
    filled(store)
    before = run("pay", "--db", url, "--at", "2021-03-01")
    assert (before.exit_code, told(before)) == (1, [{"granted": 0, "taken_back": 0, "waiting": 3, "stuck": 0}])
    assert run("pay", "--db", url, "--at", "2021-03-02").exit_code == 0
    (row,) = store.trace.chain(referral_subject("K3"))
    assert row.moment.isoformat() == "2021-03-01T22:00:00+00:00"
    assert run("pay", "--db", url, "--at", "2021-03-02T12:00:00").exit_code == 2


@pytest.mark.parametrize("everything", [[], ["--all"]])
def test_a_run_may_be_limited(store: SqlStore, url: str, everything: list[str]) -> None:
    filled(store)
    assert told(run("pay", "--db", url, "--limit", "2", *everything)) == [
        {"granted": 2, "taken_back": 0, "waiting": 1, "stuck": 0}
    ]
    assert told(run("pay", "--db", url, "--limit", "2", *everything)) == [
        {"granted": 1, "taken_back": 0, "waiting": 0, "stuck": 0}
    ]


def test_pauses_are_those_of_the_programme(store: SqlStore, url: str, tmp_path: Path) -> None:
    """A grant in another currency than the database's is refused by its billing."""
    store.grants.add(attrs.evolve(grant(), amount=Money("5", "SEK")))
    file = tmp_path / "programme.toml"
    file.write_text('[paying]\nattempts = 2\nfirst_pause = "PT2H"\n', encoding="utf-8")
    options = ("pay", "--db", url, "--programme", file)
    for hour, counts in ((12, (0, 1, 0)), (13, (0, 1, 0)), (14, (0, 0, 1)), (23, (0, 0, 1))):
        done = run(*options, "--at", f"2021-03-02T{hour}:00:00Z")
        assert done.exit_code == 1
        assert told(done) == [{**dict(zip(("granted", "waiting", "stuck"), counts, strict=True)), "taken_back": 0}]
    (line,) = told(run(*options, "--stuck"))
    assert (line["problem"], line["attempts"]) == ("currency-mismatch", 2)


# ── what is stuck ─────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("B2")
def test_what_is_stuck_is_listed(store: SqlStore, url: str) -> None:
    filled(store)
    nothing = run("pay", "--db", url, "--stuck")
    assert (nothing.exit_code, nothing.stdout) == (0, "")
    store.grants.add(STUCK)
    listed = run("pay", "--db", url, "--stuck")
    assert listed.exit_code == 1
    assert told(listed) == [
        {
            "key": "referee/K2",
            "account": "A2",
            "amount": "7.00",
            "attempts": 12,
            "problem": "account-unknown",
            "since": "2021-03-02T14:30:15.123456+02:00",
        }
    ]
    assert run("pay", "--db", url, "--stuck", "--at", "2021-03-02").stdout == ""
    assert store.grants.find(STUCK.key) == STUCK


@pytest.mark.rule("B2", "A2")
def test_what_is_stuck_is_tried_again(store: SqlStore, url: str) -> None:
    store.grants.add(STUCK)
    options = ("pay", "--db", url, "--retry", STUCK.key, "--by", "mari")
    asked = run(*options, "--reason", "the account is open", "--at", "2021-03-05")
    assert (asked.exit_code, told(asked)) == (0, [{"key": "referee/K2", "status": "due", "attempts": 0}])
    (row,) = store.trace.chain(referral_subject("K2"))
    assert (row.act, row.actor, row.role, row.reason) == ("grant.retry", "mari", "supervisor", "the account is open")
    assert told(run("pay", "--db", url)) == [{"granted": 1, "taken_back": 0, "waiting": 0, "stuck": 0}]
    assert told(run(*options, "--reason", "to be sure"))[0]["status"] == "granted"


@pytest.mark.rule("B11")
def test_what_is_to_be_taken_back_is_listed_tried_again_and_taken(store: SqlStore, url: str) -> None:
    reversal = attrs.evolve(
        Reversal(referral="K2", side=Side.REFEREE, account="A 2", recorded_at=STUCK.effective_from),
        problem="cannot-reverse",
        attempts=1,
    )
    store.reversals.add(reversal)
    listed = run("pay", "--db", url, "--stuck")
    assert (listed.exit_code, [(line["key"], line["amount"], line["problem"]) for line in told(listed)]) == (
        1,
        [(reversal.key, None, "cannot-reverse")],
    )
    retried = run("pay", "--db", url, "--retry", reversal.key, "--by", "mari", "--reason", "billing can by now")
    assert told(retried) == [{"key": reversal.key, "status": "due", "attempts": 0}]
    paid = run("pay", "--db", url, "--all")
    assert (paid.exit_code, told(paid)) == (0, [{"granted": 0, "taken_back": 1, "waiting": 0, "stuck": 0}])


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--retry", "referee/K9", "--by", "mari", "--reason", "x"], "referral-unknown: key: no referral has a grant"),
        (["--retry", "referee/K2", "--by", "mari", "--reason", " "], "reason-missing: reason: "),
        (["--retry", "referee/K2", "--by", "mari"], "reason-missing: reason: "),
    ],
)
def test_what_a_rule_says_no_to_is_said_in_a_sentence(store: SqlStore, url: str, options: list[str], said: str) -> None:
    store.grants.add(STUCK)
    refused = run("pay", "--db", url, *options)
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert refused.stderr.startswith(said)
    assert refused.stderr.endswith(".\n")
    assert store.grants.find(STUCK.key) == STUCK


@pytest.mark.parametrize(
    "options",
    [
        ["--stuck", "--all"],
        ["--stuck", "--limit", "3"],
        ["--stuck", "--retry", "x", "--by", "y"],
        ["--retry", "x"],
        ["--retry", "x", "--by", " "],
        ["--by", "y"],
        ["--reason", "y"],
        ["--limit", "0"],
    ],
)
def test_options_that_do_not_go_together(options: list[str], tmp_path: Path) -> None:
    path = tmp_path / "new.db"
    refused = run("pay", "--db", f"sqlite:///{path}", *options)
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert not path.exists()


def test_what_cannot_be_opened() -> None:
    assert run("pay").exit_code == 2
    for options in ([], ["--stuck"], ["--retry", "x", "--by", "y"]):
        failed = run("pay", "--db", "sqlite:////no/such/folder/referral.db", *options)
        assert (failed.exit_code, failed.stderr) == (2, "--db: There is no such database file.\n")


# ── at a terminal ─────────────────────────────────────────────────────────────────────────────────────────────────────


def stuck_lines(count: int) -> Iterator[dict[str, Any]]:
    calendar = Calendar("Europe/Tallinn")
    return (stuck_line(attrs.evolve(STUCK, referral=f"K{number}"), calendar) for number in range(count))


def test_people_see_a_table_of_what_is_stuck(terminal: Terminal) -> None:
    assert show_stuck(stuck_lines(2), Screen(terminal)) == 2
    assert terminal.shown[0].split() == ["key", "account", "amount", "attempts", "problem", "since"]
    assert terminal.shown[2].split()[:5] == ["referee/K0", "A2", "7.00", "12", "account-unknown"]
    assert len([line for line in terminal.shown if line.startswith("referee")]) == 2
    assert max(map(len, terminal.shown)) <= 80


def test_people_see_the_first_of_many_and_how_many_more_there_are(terminal: Terminal) -> None:
    assert show_stuck(stuck_lines(MOST_ROWS + 1_234), Screen(terminal)) == MOST_ROWS + 1_234
    assert terminal.shown[-1] == "… 1,234 more; a pipe gets them all"
    assert len([line for line in terminal.shown if line.startswith("referee")]) == MOST_ROWS


def test_people_are_told_when_nothing_is_stuck(terminal: Terminal) -> None:
    assert show_stuck([], Screen(terminal)) == 0
    assert terminal.shown == ["Nothing is stuck."]


def test_what_failed_nobody_knows_when_is_shown_all_the_same(terminal: Terminal) -> None:
    unknown = attrs.evolve(STUCK, failed_at=None, problem=None, account="\x1b[31m")
    show_stuck([stuck_line(unknown, Calendar("Europe/Tallinn"))], Screen(terminal))
    assert terminal.shown[2].split() == ["referee/K2", r"\x1b[31m", "7.00", "12", "–", "–"]


def paying(count: int) -> Pay:
    programme = Programme.default()
    store = MemoryStore(programme)
    for number in range(count):
        store.grants.add(grant(f"K{number}", "1", on=f"A{number}"))
    store.grants.add(attrs.evolve(grant("K9999"), amount=Money("5", "SEK")))  # which billing refuses
    return Pay(desk=ReferralDesk(programme, store), at=None, everything=False, limit=None)


def test_a_spinner_tells_how_much_is_paid(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", terminal)
    with StopSignals() as stop, spinner() as progress:
        assert isinstance(progress, TerminalSpinner)
        paying(1_234).run(stop, progress)
    assert any("paying: 0 granted, 0 failed" in line for line in terminal.shown)
    assert any("paying: 1,234 granted, 1 failed" in line for line in terminal.shown)


def test_nothing_turns_where_nobody_looks(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    with StopSignals() as stop, spinner() as progress:
        assert isinstance(progress, NoSpinner)
        paying(1).run(stop, progress)
    assert capsys.readouterr() == ("", "")


def test_a_listener_knows_whether_it_was_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    with StopSignals() as stop:
        assert not stop.is_asked()
        stop._hear(signal.SIGTERM, None)
        assert stop.is_asked()
        assert stop.caught is signal.SIGTERM


@pytest.mark.skipif(sys.platform == "win32", reason="terminals of POSIX")
class TestProcess:
    @pytest.fixture
    def path(self, tmp_path: Path) -> Path:
        return tmp_path / "referral.db"

    def filled(self, path: Path, count: int, *more: Grant) -> str:
        url = f"sqlite:///{path}"
        with SqlStore(url, Programme.default()) as store, store.transaction():
            for number in range(count):
                store.grants.add(grant(f"K{number:05}", "1", on=f"A{number % 50}"))
            for each in more:
                store.grants.add(each)
        return url

    def test_people_see_counts_and_words(self, path: Path) -> None:
        url = self.filled(path, 3, STUCK)
        status, terminal = at_terminal(80, "pay", "--db", url)
        assert status == 1
        assert terminal.lines[-3:] == ["taken back 0", "waiting    0", "stuck      1"]
        status, terminal = at_terminal(100, "pay", "--db", url, "--stuck")
        assert (status, terminal.lines[-1].split()[:2]) == (1, ["referee/K2", "A2"])
        status, terminal = at_terminal(80, "pay", "--db", url, "--retry", STUCK.key, "--by", "mari", "--reason", "x")
        assert (status, terminal.lines[-1]) == (0, "referee/K2 is tried again by the next run.")
        status, terminal = at_terminal(
            80, "pay", "--db", url, "--retry", "referrer/K00001", "--by", "m", "--reason", "x"
        )
        assert (status, terminal.lines[-1]) == (0, "referrer/K00001 is granted.")

    @pytest.mark.rule("B2")
    @pytest.mark.parametrize(("asking", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
    def test_who_is_interrupted_leaves_the_rest_to_the_next_run(
        self, path: Path, asking: signal.Signals, status: int
    ) -> None:
        url = self.filled(path, MANY)
        with started("pay", "--db", url) as process:
            self.wait_until_some_are_paid(path)
            process.send_signal(asking)
            out, err = process.communicate(timeout=PATIENCE)
        counts = json.loads(out)
        assert process.returncode == status
        assert "Stopped after the grant in progress" in err
        assert 0 < counts["granted"] < MANY
        assert counts["waiting"] == MANY - counts["granted"]
        with SqlStore(url) as store:
            assert {each.status for each in store.grants.all(unsettled=True)} == {GrantStatus.DUE}
        assert told(run("pay", "--db", url)) == [
            {"granted": counts["waiting"], "taken_back": 0, "waiting": 0, "stuck": 0}
        ]

    @pytest.mark.rule("B2")
    def test_who_is_killed_has_paid_nothing_twice(self, path: Path) -> None:
        url = self.filled(path, MANY)
        with started("pay", "--db", url) as process:
            self.wait_until_some_are_paid(path)
            process.kill()
            process.wait(PATIENCE)
            assert pipe(process.stdout).read() == ""
        later = run("pay", "--db", url, "--all")
        assert later.exit_code == 0
        with SqlStore(url) as store:
            granted = [store.billing.balance(f"A{number}").granted for number in range(50)]
            assert granted == [Money(MANY // 50)] * 50
            rows = list(store.trace.chain())
            assert len(rows) == len({str(row.after) for row in rows}) == MANY

    def wait_until_some_are_paid(self, path: Path) -> None:
        with SqlStore(f"sqlite:///{path}") as store:
            while not store.billing.has_grant(grant("K00000").key):
                pass
