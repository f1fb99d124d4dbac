"""``referral import contracts`` and ``referral issue-codes``: what they say, to whom, and with which exit status."""

from __future__ import annotations

import csv
import json
import re
import signal
import sys
import time
from pathlib import Path
from typing import Any, Final

import pytest
from sqlalchemy.engine import URL
from typer.testing import Result

from referral_adapters.cli.store import secret_of
from referral_adapters.memory import MemoryStore
from referral_adapters.sql import SqlStore, upgrade
from referral_adapters.sql.codes import SqlCodes
from referral_core import Programme, PromoCode
from referral_core.entities.trace import PROGRAMME_SUBJECT
from referral_core.services import code_texts as drawing
from tests.adapters.cli.command_line import invoke
from tests.adapters.cli.test_process import PATIENCE, at_terminal, pipe, started
from tests.phrases import at

HEAD: Final = "contract,account,customer,concluded_at,activated_at"
PROGRAMME: Final = Programme.default()
MOMENT: Final = ("--at", "2021-06-01")


def run(*args: str | Path) -> Result:
    return invoke(args)


def closing(result: Result) -> dict[str, Any]:
    """Return the closing line without how quick it was."""
    told: dict[str, Any] = json.loads(result.stdout)
    return {name: value for name, value in told.items() if not name.endswith("_per_second")}


def told(result: Result) -> str:
    """Return the one sentence of a command that failed."""
    assert (result.exit_code, result.stdout) == (2, "")
    assert "Traceback" not in result.stderr
    (sentence,) = result.stderr.splitlines()
    assert sentence.endswith(".")
    return sentence


def file_of(path: Path, *lines: str) -> Path:
    path.write_text("".join(f"{line}\n" for line in (HEAD, *lines)), encoding="utf-8")
    return path


def contracts(path: Path, count: int) -> Path:
    lines = [f"K{number:05},A{number:05},C{number:05},2021-01-05,2021-02-01" for number in range(count)]
    return file_of(path / "contracts.csv", *lines)


def codes_in(url: str) -> list[PromoCode]:
    with SqlStore(url) as store:
        return [code for account, _ in store.contracts.accounts() for code in store.promo_codes.of_account(account)]


@pytest.fixture
def db(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'referral.db'}"


# ── contracts ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("C2")
def test_a_file_is_imported_once_however_often_it_is_given(database: URL, tmp_path: Path) -> None:
    url = database.set(drivername=database.get_backend_name()).render_as_string(hide_password=False)
    path = contracts(tmp_path, 25)
    for imported, present in ((25, 0), (0, 25)):
        done = run("import", "contracts", path, "--db", url, "--page", "10")
        assert (done.exit_code, done.stderr) == (0, "")
        assert closing(done) == {
            "rows": 25, "imported": imported, "present": present, "rejected": 0, "dry_run": False
        }  # fmt: skip


@pytest.mark.rule("C2")
def test_rows_that_are_not_right_go_to_the_rejects_and_the_rest_comes_in(db: str, tmp_path: Path) -> None:
    path = file_of(tmp_path / "contracts.csv", "K1,A1,C1,2021-01-05,", "K2,A1,=2+3,2021-01-05,", "K3,A3,C3,soon,")
    rejects = tmp_path / "rejects.csv"
    done = run("import", "contracts", path, "--db", db, "--rejects", rejects)
    assert (done.exit_code, done.stderr) == (1, "")
    assert closing(done) == {"rows": 3, "imported": 1, "present": 0, "rejected": 2, "dry_run": False}
    with rejects.open(encoding="utf-8", newline="") as file:
        head, *rows = csv.reader(file)
    assert head == [*HEAD.split(","), "line", "field", "reason", "message"]
    assert [row[-4:-1] for row in rows] == [["3", "customer", "not-same-customer"], ["4", "concluded_at", "invalid"]]
    assert [row[:-4] for row in rows] == [
        ["K2", "A1", "'=2+3", "2021-01-05", ""],
        ["K3", "A3", "C3", "soon", ""],
    ]
    assert {each.name for each in tmp_path.iterdir()} == {"contracts.csv", "rejects.csv", "referral.db"}


def test_without_a_file_for_them_the_first_rejects_are_said(db: str, tmp_path: Path) -> None:
    path = file_of(tmp_path / "contracts.csv", *["K1,A1,C1,soon,"] * 12, "broken")
    done = run("import", "contracts", path, "--db", db)
    assert done.exit_code == 1
    *said, rest = done.stderr.splitlines()
    assert len(said) == 10
    assert said[0].startswith("line 2: concluded_at: invalid: ")
    assert rest == "3 more rows were rejected; --rejects FILE keeps them all."


def test_what_a_row_holds_cannot_steer_the_terminal(db: str, tmp_path: Path) -> None:
    done = run("import", "contracts", file_of(tmp_path / "contracts.csv", "K1,A1,C1,\x1b[31m,"), "--db", db)
    assert "\x1b" not in done.stderr


@pytest.mark.rule("C2")
def test_a_dry_run_says_what_would_happen_and_writes_nothing(db: str, tmp_path: Path) -> None:
    lines = ["K1,A1,C1,2021-01-05,", "K1,A1,C1,2021-01-05,", "K1,A2,C2,2021-01-05,", "K2,A1,C2,2021-01-05,"]
    path = file_of(tmp_path / "contracts.csv", *lines)
    rejects = [tmp_path / "rehearsed.csv", tmp_path / "rejects.csv"]
    upgrade(db)
    rehearsed = run("import", "contracts", path, "--db", db, "--dry-run", "--page", "1", "--rejects", rejects[0])
    with SqlStore(db) as store:
        assert store.contracts.count_accounts() == 0
    done = run("import", "contracts", path, "--db", db, "--rejects", rejects[1])
    assert rehearsed.exit_code == done.exit_code == 1
    assert closing(rehearsed) == {**closing(done), "dry_run": True}
    assert rejects[0].read_text() == rejects[1].read_text()


def test_a_parquet_file_is_imported(db: str, tmp_path: Path) -> None:
    import pyarrow as pa  # noqa: PLC0415
    from pyarrow import parquet  # noqa: PLC0415

    path = tmp_path / "contracts"
    rest = {"customer": ["C1", "C2"], "concluded_at": ["2021-01-05", "soon"]}
    parquet.write_table(pa.table({"contract": ["K1", "K2"], "account": ["A1", "A2"], **rest}), path)
    done = run("import", "contracts", path, "--db", db, "--format", "parquet")
    assert (closing(done)["imported"], closing(done)["rejected"]) == (1, 1)
    assert done.stderr.startswith("line 2: concluded_at: invalid: ")


# ── what keeps a file out ─────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "The file contracts.csv is empty: its first line names the columns."),
        (b"konto\n", "there is no column 'konto' to import"),
        (HEAD.encode() + b"\nK1,A1,\xd6,2021-01-05,\n", "is not UTF-8: line 2, column customer."),
    ],
)
def test_a_file_that_is_not_fit_is_refused_before_anything_is_written(
    db: str, tmp_path: Path, content: bytes, sentence: str
) -> None:
    path = tmp_path / "contracts.csv"
    path.write_bytes(content)
    rejects = tmp_path / "rejects.csv"
    assert sentence in told(run("import", "contracts", path, "--db", db, "--rejects", rejects))
    assert not rejects.exists()


def test_what_cannot_be_opened_is_said(db: str, tmp_path: Path) -> None:
    path = contracts(tmp_path, 1)
    command = ("import", "contracts", path, "--db")
    assert "No such file" in told(run("import", "contracts", tmp_path / "none.csv", "--db", db))
    assert "no regular file" in told(run("import", "contracts", tmp_path, "--db", db, "--format", "csv"))
    assert told(run(*command, "nowhere")).startswith("--db: ")
    assert "cannot be the file to import and --rejects" in told(run(*command, db, "--rejects", path))
    assert "cannot be written" in told(run(*command, db, "--rejects", tmp_path / "no" / "such"))
    assert "moment-naive" in told(run(*command, db, "--at", "2021-06-01T10:00:00"))
    assert "cannot be opened" in told(run(*command, db, "--programme", tmp_path / "none.toml"))
    assert "cannot be opened" in told(run("issue-codes", "--db", db, "--programme", tmp_path / "none.toml"))
    assert told(run("issue-codes", "--db", "nowhere")).startswith("--db: ")


@pytest.mark.skipif(sys.platform != "linux", reason="a device of Linux")
def test_a_full_disk_for_the_rejects_ends_the_import_with_a_sentence(db: str, tmp_path: Path) -> None:
    path = file_of(tmp_path / "contracts.csv", "K1,A1,C1,2021-01-05,", "K2,A2,C2,soon,")
    assert "No space left" in told(run("import", "contracts", path, "--db", db, "--rejects", "/dev/full"))
    again = run("import", "contracts", path, "--db", db)
    assert (closing(again)["present"], closing(again)["rejected"]) == (1, 1)


def test_a_file_whose_rest_cannot_be_read_keeps_what_came_in(db: str, tmp_path: Path) -> None:
    import pyarrow as pa  # noqa: PLC0415
    from pyarrow import parquet  # noqa: PLC0415

    from referral_adapters.launch.contract_file import ParquetFile  # noqa: PLC0415

    names = [f"{number:06}" for number in range(25_000)]
    columns = {"contract": names, "account": names, "customer": names, "concluded_at": ["2021-01-05"] * 25_000}
    path = tmp_path / "contracts.parquet"
    parquet.write_table(pa.table(columns), path, row_group_size=10_000, compression="none", use_dictionary=False)
    whole = ParquetFile._check_encoding
    content = bytearray(path.read_bytes())

    def spoilt_after_the_check(file: ParquetFile) -> None:
        whole(file)
        content[len(content) * 3 // 4 : len(content) * 7 // 8] = b"\xff" * len(
            content[len(content) * 3 // 4 : len(content) * 7 // 8]
        )
        path.write_bytes(content)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ParquetFile, "_check_encoding", spoilt_after_the_check)
        done = run("import", "contracts", path, "--db", db)
    assert done.exit_code == 2
    assert "cannot be read to its end" in done.stderr
    assert closing(done)["imported"] > 0


# ── codes ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def town(db: str, tmp_path: Path) -> str:
    """Return the URL of a database with 45 accounts that are due a code."""
    assert run("import", "contracts", contracts(tmp_path, 45), "--db", db, *MOMENT).exit_code == 0
    return db


@pytest.mark.rule("C2")
def test_codes_are_issued_once_however_often_it_is_run(town: str) -> None:
    for issued in (45, 0):
        done = run("issue-codes", "--db", town, "--code-key", "demo", "--page", "10", *MOMENT)
        assert (done.exit_code, done.stderr) == (0, "")
        assert closing(done) == {"accounts": 45, "issued": issued, "dry_run": False}
    codes = codes_in(town)
    assert len({code.account for code in codes}) == len({code.text for code in codes}) == len(codes) == 45
    assert {(code.issued_at, code.starts_at, code.issued_by) for code in codes} == {
        (at("2021-06-01"), at("2021-06-01"), "launch")
    }


@pytest.mark.rule("C2", "C10")
def test_the_same_key_gives_the_same_codes(town: str) -> None:
    run("issue-codes", "--db", town, "--code-key", "demo", "--limit", "20", *MOMENT)
    run("issue-codes", "--db", town, "--code-key", "demo", "--page", "7", *MOMENT)
    from referral_core.formats.offensive_words import OffensiveWords  # noqa: PLC0415
    from referral_core.formats.random_codes import RandomCodes  # noqa: PLC0415

    store = MemoryStore(PROGRAMME, secret=secret_of("demo"))
    codes = RandomCodes(store.code_key, offensive=OffensiveWords(PROGRAMME.offensive_words))
    issued = codes_in(town)
    assert len(issued) == 45
    assert [code.text for code in issued] == [codes.text(code.account, 0) for code in issued]


def test_a_limit_and_a_dry_run(town: str) -> None:
    rehearsed = run("issue-codes", "--db", town, "--dry-run", *MOMENT)
    assert (rehearsed.exit_code, closing(rehearsed)) == (0, {"accounts": 45, "issued": 45, "dry_run": True})
    assert closing(run("issue-codes", "--db", town, "--dry-run", "--limit", "7", *MOMENT))["issued"] == 7
    assert codes_in(town) == []
    limited = run("issue-codes", "--db", town, "--limit", "12", "--page", "5", *MOMENT)
    assert closing(limited)["issued"] == len(codes_in(town)) == 12
    assert closing(run("issue-codes", "--db", town, "--dry-run", *MOMENT))["issued"] == 33


def test_a_moment_before_the_contracts_were_in_force_gives_nobody_a_code(town: str) -> None:
    assert closing(run("issue-codes", "--db", town, "--at", "2021-01-31"))["issued"] == 0
    assert closing(run("issue-codes", "--db", town, "--at", "2021-02-01"))["issued"] == 45


def test_when_too_many_codes_are_given_out_it_is_said(town: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SqlCodes, "taken", lambda _, texts: frozenset(texts))
    monkeypatch.setattr(drawing, "ATTEMPTS", 0)
    done = run("issue-codes", "--db", town)
    assert done.exit_code == 1
    assert done.stderr.startswith("No more codes can be issued: ")
    assert codes_in(town) == []


# ── at a terminal, and stopped ────────────────────────────────────────────────────────────────────────────────────────


def test_at_a_terminal_there_is_a_bar_and_then_a_sentence(db: str, tmp_path: Path) -> None:
    path = contracts(tmp_path, 400)
    status, shown = at_terminal(100, "import", "contracts", path, "--db", db, "--page", "40")
    assert status == 0
    assert re.search(r"\d+ rows, [\d,]+/s", shown.raw)
    assert re.search(r"^400 rows: 400 imported, 0 present, 0 rejected; [\d,]+ rows a second\.$", shown.lines[-1])
    status, shown = at_terminal(100, "issue-codes", "--db", db, "--page", "40")
    assert status == 0
    assert re.search(r"accounts .*%.* codes, [\d,]+/s", shown.raw)
    assert re.search(r"^400 accounts: 400 codes issued; [\d,]+ codes a second\.$", shown.lines[-1])
    status, shown = at_terminal(100, "issue-codes", "--db", db, "--dry-run")
    assert "0 codes would be issued" in shown.lines[-1]


@pytest.mark.parametrize(
    ("number", "status", "said"), [(signal.SIGINT, 130, "Interrupted"), (signal.SIGTERM, 143, "Terminated")]
)
def test_whoever_stops_it_keeps_whole_pages(
    db: str, tmp_path: Path, number: signal.Signals, status: int, said: str
) -> None:
    path = contracts(tmp_path, 3_000)
    rejects = tmp_path / "rejects.csv"
    with SqlStore(db, Programme.default()) as watched:
        command = ("import", "contracts", path, "--db", db, "--page", "20", "--rejects", rejects)
        err, out = stopped(number, status, command, watched.contracts.count_accounts)
        line = 1 + watched.contracts.count_accounts()
        assert err == f"{said} after line {line}; run it again to go on.\n"
        assert json.loads(out)["imported"] == line - 1
        assert (line - 1) % 20 == 0
        assert rejects.read_text().startswith("contract,")
        assert run("import", "contracts", path, "--db", db).exit_code == 0

        def count_issued() -> int:
            return sum(subject != PROGRAMME_SUBJECT for subject, _, _ in watched.trace.heads())

        err, out = stopped(number, status, ("issue-codes", "--db", db, "--page", "20"), count_issued)
        issued = count_issued()
        assert err == f"{said} after {issued:,} accounts; run it again to go on.\n"
        assert json.loads(out)["issued"] == issued
        assert issued % 20 == 0
        assert closing(run("issue-codes", "--db", db))["issued"] == 3_000 - issued


def stopped(number: signal.Signals, status: int, command: tuple[str | Path, ...], count: Any) -> tuple[str, str]:  # noqa: ANN401
    """Send a signal to a command once it has done something, and return what it said."""
    with started(*command) as process:
        while not count():
            assert process.poll() is None, pipe(process.stderr).read()
            time.sleep(0.01)
        process.send_signal(number)
        out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == status, err
    return err, out
