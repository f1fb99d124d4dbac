"""Every command that takes ``--db``, and whatever can be wrong outside: a sentence, status 2, and nothing half done.

A new command is one more line in ``COMMANDS``; a new failure is one more function that returns a URL.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from typing import Final

import attrs
import pytest
from sqlalchemy import inspect, text
from sqlalchemy.engine import URL
from typer.testing import Result

from referral_adapters.feed import FeedRunner
from referral_adapters.sql import SqlStore, StoreFailed, connections, schema, upgrade
from referral_core import ConcurrentChange, Programme
from tests.adapters.cli.command_line import invoke
from tests.adapters.postgres_server import NOBODY, PostgresServer
from tests.adapters.sql import old_world
from tests.adapters.sql.slow_line import SlowLine, slow_line
from tests.adapters.sql.test_upgrade import begun

A123: Final = Path(__file__).parents[3] / "examples" / "a123"
PROGRAMME: Final = Programme.default()
CANNOT_OPEN: Final = 2
AS_ROOT: Final = hasattr(os, "geteuid") and os.geteuid() == 0
TMPFS: Final = AS_ROOT and sys.platform == "linux" and shutil.which("mount") is not None


@attrs.frozen
class Command:
    """A command, what it is given beside ``--db``, and what it does to a database."""

    words: tuple[str, ...]
    writes: bool = False
    makes_tables: bool = False
    is_for_sqlite_only: bool = False

    def run(self, url: str) -> Result:
        """Run it in this process."""
        return invoke([*self.words, "--db", url])


COMMANDS: Final = (
    Command(("replay", str(A123 / "edges.jsonl")), writes=True, makes_tables=True),
    Command(("check", "A123")),
    Command(("summary",)),
    Command(("db", "upgrade"), writes=True, makes_tables=True),
    Command(("db", "check")),
    Command(("db", "backup", "copy-of-the-tests.db", "--force"), is_for_sqlite_only=True),
)
EVERY: Final = pytest.mark.parametrize("command", COMMANDS, ids=lambda each: "-".join(each.words[:2]))
WRITING: Final = pytest.mark.parametrize(
    "command", [each for each in COMMANDS if each.writes], ids=lambda each: "-".join(each.words[:2])
)
ON_SERVER: Final = pytest.mark.parametrize(
    "command", [each for each in COMMANDS if not each.is_for_sqlite_only], ids=lambda each: "-".join(each.words[:2])
)


def told(result: Result) -> str:
    """Return the one sentence of a command that failed."""
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert result.exit_code == CANNOT_OPEN, result.output
    assert "Traceback" not in result.stderr
    (sentence,) = result.stderr.splitlines()
    assert sentence.endswith((".", "pip install 'referral-core[sql]'."))
    return sentence


def written(url: URL) -> str:
    return url.set(drivername=url.get_backend_name()).render_as_string(hide_password=False)


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the path of an SQLite database with something in it, to be copied."""
    path = tmp_path_factory.mktemp("model") / "referral.db"
    filled(sqlite(path))
    return path


@pytest.fixture
def path(model: Path, tmp_path: Path) -> Path:
    """Return the path of an SQLite database with something in it."""
    return Path(shutil.copy(model, tmp_path))


def sqlite(path: Path) -> URL:
    return URL.create("sqlite", database=str(path))


def filled(url: URL) -> None:
    with SqlStore(url, PROGRAMME) as store:
        list(FeedRunner(PROGRAMME, store).run((A123 / "feed.jsonl").read_bytes().splitlines()))


def ready_for(command: Command, url: URL) -> None:
    """Fill a database so that a command that writes has something to do there."""
    if command.words == ("db", "upgrade"):
        with begun(url) as connection:
            old_world.make(connection)
    else:
        filled(url)


def dump(url: URL) -> dict[str, list[str]]:
    """Return every row of every table, as text."""
    with begun(url) as connection:
        names = sorted(inspect(connection).get_table_names())
        rows = {name: connection.exec_driver_sql(f'SELECT * FROM "{name}"').fetchall() for name in names}
    return {name: sorted(map(str, found)) for name, found in rows.items()}


@contextmanager
def untouched(url: URL) -> Iterator[None]:
    """Hold that a block leaves every row of a database as it was."""
    before = dump(url)
    yield
    assert dump(url) == before


# ── what is not a database, or not to be opened ───────────────────────────────────────────────────────────────────────


@EVERY
@pytest.mark.parametrize(
    "url",
    ["", "referral.db", "mysql://me:secret@host/db", "sqlite://", "http://x", "sqlite:///x.db?timeout=secret",
     "postgresql://me:secret@host:port/db", "postgresql://me:secret@127.0.0.1:1/db?such=no",
     "postgresql://me:secret@127.0.0.1:1/db?timeout=long"],
)  # fmt: skip
def test_a_url_of_nothing_known(command: Command, url: str) -> None:
    assert "secret" not in told(command.run(url))


@EVERY
def test_a_folder_that_is_not_there(command: Command, tmp_path: Path) -> None:
    sentence = told(command.run(f"sqlite:///{tmp_path / 'no' / 'such.db'}"))
    assert sentence in {"--db: The database file cannot be opened.", "--db: There is no such database file."}
    assert list(tmp_path.iterdir()) == []


@EVERY
def test_a_folder_in_place_of_a_file(command: Command, tmp_path: Path) -> None:
    assert told(command.run(f"sqlite:///{tmp_path}")) == "--db: The database file cannot be opened."


@EVERY
def test_a_file_that_is_no_database(command: Command, tmp_path: Path) -> None:
    path = tmp_path / "some.txt"
    path.write_text("This is a text, and a rather long one, so that it can be nothing else. " * 20)
    before = path.read_bytes()
    assert told(command.run(f"sqlite:///{path}")) == "--db: The file is not a database, or it is damaged."
    assert path.read_bytes() == before


@EVERY
def test_a_file_that_is_damaged(command: Command, path: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(data[:1024] + b"\xff" * (len(data) - 2048) + data[-1024:])
    assert "damaged" in told(command.run(f"sqlite:///{path}"))


@EVERY
@pytest.mark.skipif(not AS_ROOT, reason="another user's files")
def test_a_file_that_others_may_not_read(command: Command, path: Path) -> None:
    with somebody_else(command):
        assert told(command.run(f"sqlite:///{path}")) in {
            "--db: The database file cannot be opened.", "--db: There is no such database file.",
            "The copy cannot be written to copy-of-the-tests.db: Permission denied.",
        }  # fmt: skip


@WRITING
@pytest.mark.skipif(not AS_ROOT, reason="another user's files")
def test_a_file_that_others_may_only_read(command: Command) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder, path = Path(name), Path(name) / "referral.db"
        ready_for(command, sqlite(path))
        folder.chmod(0o755)
        path.chmod(0o644)
        with untouched(sqlite(path)), somebody_else(command):
            assert told(command.run(f"sqlite:///{path}")) in {
                "--db: The database file cannot be opened.", "--db: The database is read-only.",
            }  # fmt: skip


@contextmanager
def somebody_else(command: Command) -> Iterator[None]:
    """Be nobody in particular for a while, who could not even import the command."""
    with tempfile.TemporaryDirectory() as folder:
        upgrade(f"sqlite:///{folder}/other.db")
        command.run(f"sqlite:///{folder}/other.db")
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


@WRITING
def test_a_file_that_is_opened_for_reading_only(command: Command, tmp_path: Path) -> None:
    path = tmp_path / "referral.db"
    ready_for(command, sqlite(path))
    with untouched(sqlite(path)):
        assert "The database is read-only." in told(command.run(f"sqlite:///file:{path}?mode=ro&uri=true"))


@WRITING
def test_a_file_that_somebody_else_writes_to(command: Command, path: Path) -> None:
    with untouched(sqlite(path)), closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        sentence = told(command.run(f"sqlite:///{path}?timeout=0.05"))
    assert "The database is locked by somebody else." in sentence


# ── no space ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Yield a folder on a disk of eight megabytes."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounting = ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(folder)]
    if not TMPFS or subprocess.run(mounting, check=False).returncode:
        pytest.skip("no disk can be mounted here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)  # what has just ended may still hold it


@WRITING
@pytest.mark.parametrize("left", [0, 36_864])
def test_a_full_disk(command: Command, left: int, small_disk: Path) -> None:
    """There is no space for the log into which SQLite writes first, or not even for the index of that."""
    path = small_disk / "referral.db"
    ready_for(command, sqlite(path))
    before = dump(sqlite(path))
    fill(small_disk, left)
    sentence = told(command.run(f"sqlite:///{path}"))
    assert ("The database's disk is full." if left else "its disk may be full.") in sentence
    (small_disk / "filler").unlink()
    assert dump(sqlite(path)) == before


def test_no_space_for_a_copy(path: Path, small_disk: Path) -> None:
    fill(small_disk)
    result = invoke(["db", "backup", str(small_disk / "copy.db"), "--db", f"sqlite:///{path}"])
    assert told(result) == "--db: The database's disk is full."
    assert [each.name for each in small_disk.iterdir()] == ["filler"]


def fill(folder: Path, left: int = 0) -> None:
    """Fill a disk up to so many bytes."""
    with (folder / "filler").open("wb", buffering=0) as filler, suppress(OSError):
        while True:
            filler.write(b"x" * 4096)
    os.truncate(folder / "filler", (folder / "filler").stat().st_size - left)


# ── versions ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@EVERY
@pytest.mark.parametrize(("version", "words"), [("9999", "is newer"), ("0001", "`referral db upgrade`")])
@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_another_schema(
    command: Command, version: str, words: str, engine: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    if command.words == ("db", "upgrade") and version == "0001":
        return  # that is what it is for
    server = request.getfixturevalue("postgres") if engine == "postgresql" else None
    if server and command.is_for_sqlite_only:
        return
    with ExitStack() as opened:
        file = URL.create("sqlite", database=str(tmp_path / "old.db"))
        url = opened.enter_context(server.database()) if server else file
        upgrade(url)
        with begun(url) as connection:
            connection.exec_driver_sql(f"UPDATE {schema.VERSION_TABLE} SET version_num = '{version}'")
        assert words in told(command.run(written(url)))


@EVERY
def test_an_empty_file_is_made_a_database_or_named(command: Command, tmp_path: Path) -> None:
    path = tmp_path / "empty.db"
    path.touch()
    result = command.run(f"sqlite:///{path}")
    if command.makes_tables:
        assert result.exit_code in {0, 1}
    else:
        assert "`referral db upgrade`" in told(result)


# ── servers ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def served(postgres: PostgresServer) -> Iterator[URL]:
    """Yield the URL of a PostgreSQL database with something in it."""
    with postgres.database() as url:
        filled(url)
        yield url


@pytest.fixture
def line(served: URL) -> Iterator[SlowLine]:
    """Yield a line to the server."""
    with slow_line(str(served.host), int(served.port or 5432)) as line:
        yield line


@ON_SERVER
def test_a_wrong_password(command: Command, served: URL) -> None:
    sentence = told(command.run(written(served.set(password="wrong-one"))))
    assert sentence == "--db: The database refused the user or the password."


@ON_SERVER
def test_a_database_that_is_not_there(command: Command, served: URL) -> None:
    sentence = told(command.run(written(served.set(database="nowhere"))))
    assert sentence == "--db: There is no database of this name on the server."


@ON_SERVER
def test_a_server_that_is_away(command: Command, served: URL) -> None:
    assert told(command.run(written(served.set(port=1)))) == "--db: The database server does not answer."


@pytest.mark.parametrize("command", COMMANDS[:2], ids=lambda each: each.words[0])  # each has to wait for two seconds
def test_a_server_that_says_nothing(command: Command) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"postgresql://me:secret@127.0.0.1:{silent.getsockname()[1]}/db?connect_timeout=2"
        assert told(command.run(url)) == "--db: The database server does not answer."


@ON_SERVER
def test_a_user_who_may_nothing(command: Command, served: URL, postgres: PostgresServer) -> None:
    with postgres.connected() as connection:
        connection.execute("CREATE ROLE referral_stranger LOGIN PASSWORD 'stranger'")
    try:
        with untouched(served):
            sentence = told(command.run(written(served.set(username="referral_stranger", password="stranger"))))
    finally:
        with postgres.connected() as connection:
            connection.execute("DROP ROLE referral_stranger")
    assert sentence == "--db: The database does not let this user do that."


@WRITING
def test_a_server_that_is_read_only(command: Command, postgres: PostgresServer) -> None:
    with postgres.database() as url:
        ready_for(command, url)
        before = dump(url)
        with postgres.connected() as connection:
            connection.execute(f'ALTER DATABASE "{url.database}" SET default_transaction_read_only = on')
        assert "The database is read-only." in told(command.run(written(url)))
        assert dump(url) == before


@pytest.mark.parametrize(
    "command",
    [each for each in COMMANDS if not each.is_for_sqlite_only],
    ids=lambda each: "-".join(each.words[:2]),
)
@pytest.mark.parametrize("count", [3_000, 5_000])
def test_a_line_that_is_cut(command: Command, count: int, served: URL, line: SlowLine) -> None:
    """After so many bytes; where a command needs fewer it ends well."""
    line.cut_after(count)
    with untouched(served):
        result = command.run(written(served.set(port=line.port)))
    if result.exit_code == CANNOT_OPEN:
        assert "The database server does not answer." in told(result)
    else:
        assert (command.words[0], result.exit_code) != ("replay", 0)


@ON_SERVER
def test_a_line_that_goes_dead(command: Command, served: URL, line: SlowLine, monkeypatch: pytest.MonkeyPatch) -> None:
    """It looks alive to the system; only the answer does not come. Long work, which waits for ever, notices nothing."""
    if command.words[0] == "db":
        return
    monkeypatch.setattr(connections, "_GRACE", 0.1)
    line.dead_after(2_500)
    with untouched(served):
        sentence = told(command.run(written(served.set(port=line.port)) + "?timeout=0.5&connect_timeout=2"))
    assert "The database server does not answer." in sentence


def test_a_statement_that_takes_too_long(served: URL) -> None:
    sleep = text("SELECT pg_sleep(0.5)")
    hurried, patient = (served.update_query_dict({"timeout": seconds}) for seconds in ("0.2", "0"))
    with SqlStore(hurried) as store, pytest.raises(StoreFailed, match="did not answer in time"):
        store._work.rows(sleep)
    with SqlStore(patient) as store:
        assert len(store._work.rows(sleep)) == 1


def test_who_waits_for_a_lock_in_postgresql_is_told_before_the_end(
    served: URL, postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "PATIENCE", 0.1)
    with postgres.connected(served) as other, other.transaction(), SqlStore(served) as store:
        other.execute("LOCK TABLE cases")
        with pytest.raises(ConcurrentChange, match="locked by somebody else"), store.transaction():
            store.cases.find("S1")


MANY_LINES: Final = 100


@pytest.mark.rule("B2")
def test_a_replay_that_was_cut_is_completed_by_the_next_run(postgres: PostgresServer, tmp_path: Path) -> None:
    """As when the server is stopped in the middle and started again."""
    memory, feed = tmp_path / "memory.json", tmp_path / "feed.jsonl"
    lines = (A123 / "edges.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
    feed.write_text("".join(lines[:MANY_LINES]), encoding="utf-8")
    invoke(["replay", feed, "--code-key", "demo", "--summary", str(memory)])
    with postgres.database() as url, slow_line(str(url.host), int(url.port or 5432)) as line:
        upgrade(url)
        options = ["--code-key", "demo", "--db", written(url.set(port=line.port))]
        for count in (30_000, 90_000, 150_000):
            line.cut_after(count)
            result = invoke(["replay", feed, *options])
            assert "and the feed ends there: The database server does not answer." in told(result)
            line.mend()
        again = invoke(["replay", feed, *options, "--summary", str(tmp_path / "again.json")])
        assert again.exit_code == 1, again.stderr
        assert {json.loads(each)["outcome"] for each in again.stdout.splitlines()} >= {"repeated", "done"}
    expected, found = (json.loads(each.read_bytes()) for each in (memory, tmp_path / "again.json"))
    del expected["lines"], found["lines"]
    assert found == expected


def test_a_store_works_again_as_soon_as_the_server_does(served: URL, line: SlowLine) -> None:
    with SqlStore(served.set(port=line.port)) as store:
        line.cut_after(0)
        for _ in range(2):
            with pytest.raises(StoreFailed, match="does not answer"):
                store.cases.find("S1")
        line.mend()
        assert store.cases.find("S1") is None


@WRITING
def test_a_full_disk_of_a_server(command: Command, postgres: PostgresServer) -> None:
    """The server is made to say so by a trigger."""
    with postgres.database() as url:
        ready_for(command, url)
        with postgres.connected(url) as connection:
            connection.execute(
                "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS"
                " $$ BEGIN RAISE EXCEPTION 'no space' USING ERRCODE = 'disk_full'; END $$"
            )
            for table in ("events", schema.VERSION_TABLE):
                connection.execute(
                    f"CREATE TRIGGER full_disk BEFORE INSERT OR UPDATE ON {table} EXECUTE FUNCTION full_disk()".encode()
                )
        with untouched(url):
            assert "The database's disk is full." in told(command.run(written(url)))


# ── what is not installed ─────────────────────────────────────────────────────────────────────────────────────────────


@EVERY
def test_a_missing_extra(command: Command, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("referral_adapters.sql")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "sqlalchemy", None)
    sentence = told(command.run(f"sqlite:///{path}"))
    assert sentence == "--db: A database needs the extra `sql`: pip install 'referral-core[sql]'."


@ON_SERVER
def test_a_missing_driver(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "referral_adapters.sql.patient_connection", raising=False)
    monkeypatch.setitem(sys.modules, "psycopg", None)
    assert told(command.run("postgresql://me:secret@127.0.0.1:1/db")).startswith(
        "--db: The driver of the database is missing: "
    )


def test_postgresql_is_copied_by_its_own_tools(served: URL, tmp_path: Path) -> None:
    result = invoke(["db", "backup", "copy.db", "--db", written(served)])
    assert "pg_dump" in told(result)
    assert list(tmp_path.iterdir()) == []
