"""``referral db``: upgrading, checking and copying a database from the command line."""

from __future__ import annotations

import io
import json
import signal
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy.engine import URL
from typer.testing import Result

from referral_adapters.cli.db_command import Findings
from referral_adapters.cli.exit_status import CommandFailed, interruptible
from referral_adapters.cli.output import Screen
from referral_adapters.cli.progress import TerminalSpinner
from referral_adapters.conformance.samples import case
from referral_adapters.sql import Finding, SqlStore, StoreFailed, backup, check, file_copy, schema, upgrade
from tests.adapters.cli.command_line import invoke
from tests.adapters.cli.test_process import at_terminal
from tests.adapters.sql.old_world import make
from tests.adapters.sql.test_upgrade import begun

NOTHING = "nothing was done"


def run(*args: str | Path) -> Result:
    return invoke(args)


@pytest.fixture
def url(tmp_path: Path) -> URL:
    return URL.create("sqlite", database=str(tmp_path / "referral.db"))


def names(url: URL) -> list[str]:
    return sorted(each.name for each in Path(str(url.database)).parent.iterdir())


# ── upgrade ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_upgrade_says_from_where_to_where(url: URL, tmp_path: Path) -> None:
    new = tmp_path / "new.db"
    assert (
        run("db", "upgrade", "--db", f"sqlite:///{new}").stdout == f"upgraded: from nothing to schema {schema.HEAD}\n"
    )
    assert run("db", "upgrade", "--db", f"sqlite:///{new}").stdout == f"up to date: schema {schema.HEAD}\n"
    with begun(url) as connection:
        make(connection)
    done = run("db", "upgrade", "--db", str(url))
    assert (done.exit_code, done.stdout) == (0, f"upgraded: from schema 0001 to schema {schema.HEAD}\n")


def test_distributing_needs_citus(url: URL) -> None:
    done = run("db", "upgrade", "--db", str(url), "--distributed")
    assert (done.exit_code, done.stdout) == (2, "")
    assert "`citus`" in done.stderr


# ── check ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def broken(url: URL) -> URL:
    upgrade(url)
    with begun(url) as connection:
        connection.exec_driver_sql("DROP TRIGGER seals_stay_delete")
        connection.exec_driver_sql("INSERT INTO code_texts (text, account) VALUES ('LOST', 'A1')")
    return url


def test_a_pipe_gets_every_finding_as_a_line(broken: URL) -> None:
    done = run("db", "check", "--db", str(broken))
    assert done.exit_code == 1
    assert [json.loads(line) for line in done.stdout.splitlines()] == [
        {"law": "trigger", "subject": "seals_stay_delete",
         "message": "The trigger seals_stay_delete of seals is missing."},
        {"law": "code", "subject": "LOST", "message": "The text LOST is listed for an account that never held it."},
    ]  # fmt: skip


def test_a_pipe_gets_nothing_when_nothing_is_wrong(url: URL) -> None:
    upgrade(url)
    done = run("db", "check", "--db", str(url))
    assert (done.exit_code, done.stdout, done.stderr) == (0, "", "")


def test_a_person_sees_a_table(broken: URL) -> None:
    status, shown = at_terminal(80, "db", "check", "--db", str(broken))
    assert status == 1
    assert [line for line in shown.lines if line and "0:00:0" not in line][-3:] == [
        "trigger       The trigger seals_stay_delete of seals is missing.",
        "code          The text LOST is listed for an account that never held it.",
        "2 findings",
    ]


def test_a_person_is_told_that_nothing_is_wrong(url: URL) -> None:
    upgrade(url)
    status, shown = at_terminal(80, "db", "check", "--db", str(url))
    assert (status, shown.lines[-1]) == (0, "fine: nothing is wrong")
    status, shown = at_terminal(80, "db", "check", "--json", "--db", str(url))
    assert (status, [line for line in shown.lines if line and "0:00:0" not in line]) == (0, [])


def test_findings_for_a_person(capsys: pytest.CaptureFixture[str]) -> None:
    findings = Findings(as_table=True)
    findings.take(Finding("code", "LOST", "The text LOST\x1b is\nlost."))
    findings.close()
    assert findings.count == 1
    shown = capsys.readouterr().out.splitlines()
    assert shown[0].startswith("code          The text LOST")
    assert "\x1b" not in shown[0]
    assert shown[1:] == ["1 finding"]
    Findings(as_table=True).close()
    assert capsys.readouterr().out == "fine: nothing is wrong\n"


def test_a_spinner_says_what_is_done_and_leaves_the_terminal_free() -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    terminal = Terminal()
    turning = TerminalSpinner(Screen(terminal))
    turning.hide()
    for words in ("upgrading", "checking"):
        turning.tell(words)
        turning.hide()
        assert words in terminal.getvalue()


@pytest.mark.parametrize(("asked", "words"), [(signal.SIGINT, "Interrupted"), (signal.SIGTERM, "Terminated")])
def test_whoever_is_asked_to_stop_undoes_what_was_begun(asked: signal.Signals, words: str) -> None:
    terminating, interrupting = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(CommandFailed, match=rf"^{words}: nothing was done\.$") as failed, interruptible(NOTHING):
            signal.raise_signal(asked)
    finally:
        signal.signal(signal.SIGINT, interrupting)
    assert failed.value.status == 128 + asked
    assert signal.getsignal(signal.SIGTERM) == terminating


# ── backup ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_copy_is_the_database_of_one_moment_whatever_others_write(
    url: URL, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file_copy, "_PAGES", 1)
    copy = tmp_path / "copy.db"
    told: list[tuple[int, int]] = []
    upgrade(url)
    with SqlStore(url) as store:
        store.cases.open(case("S0"))

        def write(done: int, whole: int) -> None:
            told.append((done, whole))
            store.cases.open(case(f"S{len(told)}"))

        backup(url, copy, write)
        assert len(list(store.cases.all())) == len(told) + 1 > 20
    assert told[-1][0] == told[-1][1] == len(told)
    assert names(url) == ["copy.db", "referral.db"]
    assert list(check(f"sqlite:///{copy}")) == []
    with SqlStore(f"sqlite:///{copy}") as copied:
        assert [each.id for each in copied.cases.all()] == ["S0"]


def test_a_copy_replaces_nothing_unless_told_to(url: URL, tmp_path: Path) -> None:
    upgrade(url)
    copy = tmp_path / "copy.db"
    copy.write_text("precious")
    refused = run("db", "backup", copy, "--db", str(url))
    assert (refused.exit_code, refused.stderr) == (2, f"{copy} is there already: --force replaces it.\n")
    assert copy.read_text() == "precious"
    done = run("db", "backup", copy, "--db", str(url), "--force")
    assert (done.exit_code, done.stdout, done.stderr) == (0, "", "")
    assert run("db", "check", "--db", f"sqlite:///{copy}").exit_code == 0
    for place, said in ((url.database, "is the database itself"), (tmp_path, "is there already.")):
        refused = run("db", "backup", str(place), "--db", str(url), "--force")
        assert refused.exit_code == 2
        assert said in refused.stderr


@pytest.mark.parametrize("stopped", [KeyboardInterrupt, StoreFailed])
def test_a_copy_that_is_stopped_leaves_what_was_there(url: URL, tmp_path: Path, stopped: type[BaseException]) -> None:
    upgrade(url)
    copy = tmp_path / "copy.db"
    copy.write_text("precious")

    def stop(_done: int, _whole: int) -> None:
        raise stopped

    with pytest.raises(stopped):
        backup(url, copy, stop)
    assert copy.read_text() == "precious"
    assert names(url) == ["copy.db", "referral.db"]


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE sqlite_master SET rootpage = 4 WHERE name = 'grants_key'",
        "UPDATE sqlite_master SET sql = replace(sql, 'activated_at INTEGER', 'activated_at INTEGER NOT NULL')",
    ],
)
def test_a_damaged_database_is_not_copied(url: URL, tmp_path: Path, damage: str) -> None:
    with begun(url) as connection:
        make(connection)
    upgrade(url)
    with closing(sqlite3.connect(str(url.database))) as driver:
        driver.execute("PRAGMA writable_schema=ON")
        driver.execute(damage)
        driver.commit()
    done = run("db", "backup", tmp_path / "copy.db", "--db", str(url))
    assert done.exit_code == 2
    assert "damaged" in done.stderr
    assert names(url) == ["referral.db"]


# ── the secret behind random codes ────────────────────────────────────────────────────────────────────────────────────


def replayed(accounts: range, folder: Path, *options: str) -> list[str]:
    """Conclude a contract on each of some accounts and return the codes that were issued."""
    feed = folder / "feed.jsonl"
    events = [
        {"specversion": "1.0", "id": f"{number}", "source": "/test", "type": "contract.concluded",
         "time": "2021-01-01T12:00:00+02:00",
         "data": {"contract": f"K{number}", "account": f"A{number}", "customer": f"C{number}"}}
        for number in accounts
    ]  # fmt: skip
    feed.write_text("".join(f"{json.dumps(each)}\n" for each in events), encoding="utf-8")
    done = run("replay", feed, *options)
    assert done.exit_code == 0, done.output
    return [json.loads(line)["issued"] for line in done.stdout.splitlines()]


@pytest.mark.rule("C10")
def test_a_code_key_is_kept_nowhere_and_no_text_comes_twice(url: URL, tmp_path: Path) -> None:
    """A run without the key goes on with a secret of the database's own, and the next with the key where it was."""
    database, key = ("--db", str(url)), ("--code-key", "demo")
    of_the_key = replayed(range(150), tmp_path, *key)
    first = replayed(range(20), tmp_path, *database, *key)
    without = replayed(range(20, 40), tmp_path, *database)
    again = replayed(range(40, 60), tmp_path, *database, *key)
    assert first == of_the_key[:20]
    assert set(again) < set(of_the_key)
    assert set(without).isdisjoint(of_the_key)
    assert len({*first, *without, *again}) == 60
    assert run("db", "check", "--db", str(url)).exit_code == 0
