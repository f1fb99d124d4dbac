"""Asking changes nothing: every command that takes ``--db``, before a database that is not one for it.

``USES`` says of each command whether it asks, acts or makes; a command that is not in it fails the first test.
"""

from __future__ import annotations

import hashlib
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import attrs
import pytest
import typer
from sqlalchemy.engine import URL
from typer.testing import Result

from referral_adapters.cli.acts_app import ActGroup
from referral_adapters.cli.command import app
from referral_adapters.cli.store import Use, secret_of
from referral_adapters.feed import FeedRunner
from referral_adapters.sql import SqlStore, backup, schema, upgrade
from referral_core import Programme
from referral_core import programme as programme_package
from tests.adapters.cli.command_line import invoke
from tests.adapters.cli.test_database_failures import A123, dump, told, written
from tests.adapters.postgres_server import PostgresServer
from tests.adapters.sql import old_world
from tests.adapters.sql.test_upgrade import begun

PROGRAMME: Final = Programme.default()
HOUSEHOLD: Final = str(Path(programme_package.__file__).parent / "household.toml")
FEED: Final = str(A123 / "feed.jsonl")
CONTRACTS: Final = str(A123.parent / "launch" / "contracts.csv")
HOOKS: Final = f'[[webhooks]]\nname = "crm"\nurl = "http://127.0.0.1:1/"\nsecrets = ["whsec_{"A" * 32}"]\n'
LATE: Final = "2031-01-01"
pytestmark = pytest.mark.rule("P5")


@attrs.frozen
class Case:
    """A command as it may be called, what it does with its database, and its status when all is well there."""

    words: tuple[str, ...]
    use: Use
    fine: frozenset[int] = frozenset({0})
    sqlite_only: bool = False

    def run(self, url: str) -> Result:
        return invoke([*self.words, "--db", url])


def case(*words: str, use: Use, fine: frozenset[int] = frozenset({0}), sqlite_only: bool = False) -> Case:
    return Case(words, use, fine, sqlite_only)


EITHER: Final = frozenset({0, 1})
USES: Final[Mapping[str, tuple[Case, ...]]] = {
    "replay": (case("replay", FEED, use=Use.CREATE),),
    "check": (case("check", "A123", use=Use.READ, fine=EITHER),),
    "summary": (
        case("summary", use=Use.READ),
        case("summary", "--balances", "--known-at", "2021-03-01", use=Use.READ),
    ),
    "explain": (case("explain", "B-1", use=Use.READ),),
    "issue-codes": (
        case("issue-codes", "--at", LATE, use=Use.WRITE),
        case("issue-codes", "--dry-run", "--at", LATE, use=Use.READ),
    ),
    "pay": (
        case("pay", use=Use.WRITE),
        case("pay", "--all", use=Use.WRITE),
        case("pay", "--stuck", use=Use.READ),
        case("pay", "--retry", "referrer/B-1", "--by", "anu", "--reason", "why not", use=Use.WRITE),
    ),
    "erase": (
        case("erase", "nobody", "--by", "anu", "--reason", "asked", use=Use.WRITE, fine=EITHER),
        case("erase", "cus-noah", "--by", "anu", "--reason", "asked", "--dry-run", use=Use.READ, fine=EITHER),
    ),
    "db upgrade": (case("db", "upgrade", use=Use.CREATE),),
    "db check": (case("db", "check", use=Use.READ),),
    "db backup": (case("db", "backup", "copy.db", "--force", use=Use.READ, sqlite_only=True),),
    "import contracts": (
        case("import", "contracts", CONTRACTS, use=Use.CREATE, fine=EITHER),
        case("import", "contracts", CONTRACTS, "--dry-run", use=Use.READ, fine=EITHER),
    ),
    "programme diff": (case("programme", "diff", HOUSEHOLD, use=Use.READ),),
    "programme apply": (
        case("programme", "apply", HOUSEHOLD, use=Use.WRITE),
        case("programme", "apply", HOUSEHOLD, "--dry-run", use=Use.READ),
    ),
    "trace verify": (case("trace", "verify", use=Use.READ),),
    "trace show": (
        case("trace", "show", "programme", use=Use.READ),
        case("trace", "show", "--contract", "B-1", use=Use.READ),
    ),
    "trace seal": (case("trace", "seal", use=Use.WRITE),),
    "webhooks run": (case("webhooks", "run", "--config", "hooks.toml", "--once", use=Use.WRITE, fine=EITHER),),
    "webhooks list": (case("webhooks", "list", use=Use.READ),),
    "webhooks redeliver": (case("webhooks", "redeliver", "crm", "0", use=Use.WRITE, fine=EITHER),),
    "webhooks resume": (case("webhooks", "resume", "crm", use=Use.WRITE, fine=EITHER),),
}
MADE: Final[tuple[Case, ...]] = (
    case("groups", "list", use=Use.READ),
    case("groups", "set", "referrer", "10", "--from", LATE, use=Use.WRITE),
    case("codes", "issue", "acc-noah", "--replace", use=Use.WRITE, fine=EITHER),
    case("codes", "check", "A123", use=Use.READ, fine=EITHER),
    case("act", "trace.verify", use=Use.READ),
    case("act", "trace.seal", use=Use.WRITE),
)
"""Some of the commands that are made from acts."""
CASES: Final = (*(each for cases in USES.values() for each in cases), *MADE)


def cases(*uses: Use, on_server: bool = False) -> pytest.MarkDecorator:
    chosen = [each for each in CASES if each.use in uses and not (on_server and each.sqlite_only)]
    return pytest.mark.parametrize("case", chosen, ids=lambda each: "-".join(each.words[:3]))


def commands_with_a_database(group: typer.Typer) -> Iterator[str]:
    """Yield every command of the application that has an option ``--db``, but for those that are made from acts."""

    def walk(command: Any, name: str) -> Iterator[str]:  # noqa: ANN401 - typer has no name for it
        if isinstance(command, ActGroup):
            return  # what its commands do follows from their acts: see tests/adapters/cli/test_act_command.py
        for each, inner in getattr(command, "commands", {}).items():
            yield from walk(inner, f"{name} {each}".strip())
        if any("--db" in parameter.opts for parameter in command.params):
            yield name

    yield from walk(typer.main.get_command(group), "")


def test_of_every_command_with_a_database_it_is_said_what_it_does() -> None:
    assert set(commands_with_a_database(app)) == USES.keys()


def test_only_three_commands_make_a_database() -> None:
    assert {name for name, each in USES.items() if any(case.use is Use.CREATE for case in each)} == {
        "replay", "import contracts", "db upgrade",
    }  # fmt: skip


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Go to an empty folder, and return another one for the database: what lies there is looked at."""
    work, data = tmp_path / "work", tmp_path / "data"
    work.mkdir()
    data.mkdir()
    (work / "hooks.toml").write_text(HOOKS)
    monkeypatch.chdir(work)
    return data


def files(folder: Path) -> dict[str, bytes]:
    return {each.name: each.read_bytes() for each in folder.iterdir()}


# ── what is no database for it ────────────────────────────────────────────────────────────────────────────────────────


def foreign(path: Path) -> str:
    """Make a file of somebody else's, with a journal of the older kind."""
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(
            "CREATE TABLE customers (id INTEGER, name TEXT); INSERT INTO customers VALUES (1, 'x')"
        )
        connection.executescript("PRAGMA user_version = 7; CREATE VIEW names AS SELECT name FROM customers")
    return "is somebody else's: it has the tables customers, names, and none of this library's"


def foreign_with_a_log(path: Path) -> str:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
    foreign(path)
    return "customers"


def foreign_left_in_the_middle(path: Path) -> str:
    """Make what a program leaves that was killed: a log that was not copied into the file."""
    begun = path.with_name("begun")
    with closing(sqlite3.connect(begun)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.executescript("CREATE TABLE customers (id INTEGER)")
        for suffix in ("", "-wal", "-shm"):
            shutil.copy(f"{begun}{suffix}", f"{path}{suffix}")
    begun.unlink()
    return "customers"


def foreign_without_its_index(path: Path) -> str:
    """As before, but copied by hand, without the index of the log."""
    foreign_left_in_the_middle(path)
    path.with_name(f"{path.name}-shm").unlink()
    return "customers"


def foreign_half_written(path: Path) -> str:
    """Make what a program leaves that was killed: a journal that is to be rolled back."""
    begun = path.with_name("begun")
    with closing(sqlite3.connect(begun, isolation_level=None)) as connection:
        connection.executescript("CREATE TABLE customers (id TEXT); PRAGMA cache_size = 1; BEGIN")
        connection.executemany("INSERT INTO customers VALUES (?)", [("x" * 500,) for _ in range(500)])
        for suffix in ("", "-journal"):
            shutil.copy(f"{begun}{suffix}", f"{path}{suffix}")
    begun.unlink()
    return "customers"


def text(path: Path) -> str:
    path.write_text("This is a text, and a rather long one, so that it can be nothing else. " * 20)
    return "not a database"


def one_sign(path: Path) -> str:
    """Make a file that SQLite itself takes for an empty one."""
    path.write_text("x")
    return "not a database"


def older(path: Path) -> str:
    with begun(URL.create("sqlite", database=str(path))) as connection:
        old_world.make(connection)
    return "schema 0001"


def newer(path: Path) -> str:
    upgrade(f"sqlite:///{path}")
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(f"UPDATE {schema.VERSION_TABLE} SET version_num = '9999'")
    return "is newer"


def missing(_path: Path) -> str:
    return "There is no such database file."


def empty(path: Path) -> str:
    path.touch()
    return "has no tables yet"


def without_tables(path: Path) -> str:
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript("CREATE TABLE x (a); DROP TABLE x")
    return "has no tables yet"


Maker = Callable[[Path], str]
FOREIGN: Final[tuple[Maker, ...]] = (
    foreign, foreign_with_a_log, foreign_left_in_the_middle, foreign_without_its_index, foreign_half_written, text,
    one_sign, newer,
)  # fmt: skip
NOT_MADE: Final[tuple[Maker, ...]] = (missing, empty, without_tables)


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Maker, Path], str]:
    """Return what fills a folder as a maker does, which is asked once, and tells its words."""
    made: dict[Maker, tuple[Path, str]] = {}

    def copy(make: Maker, folder: Path) -> str:
        if make not in made:
            kept = tmp_path_factory.mktemp("made")
            made[make] = kept, make(kept / "some.db")
        kept, words = made[make]
        shutil.copytree(kept, folder, dirs_exist_ok=True)
        return words

    return copy


@cases(Use.READ, Use.WRITE)
@pytest.mark.parametrize("make", [*FOREIGN, older, *NOT_MADE], ids=lambda make: make.__name__)
def test_what_is_no_database_for_it_stays_as_it_was_to_the_byte(
    case: Case, make: Maker, copied: Callable[[Maker, Path], str], folder: Path
) -> None:
    words = copied(make, folder)
    before = files(folder)
    assert words in told(case.run(f"sqlite:///{folder / 'some.db'}"))
    assert files(folder) == before
    assert not Path("copy.db").exists()


@cases(Use.CREATE)
@pytest.mark.parametrize("make", FOREIGN, ids=lambda make: make.__name__)
def test_who_makes_a_database_makes_none_of_somebody_elses(case: Case, make: Maker, folder: Path) -> None:
    words = make(folder / "some.db")
    before = files(folder)
    assert words in told(case.run(f"sqlite:///{folder / 'some.db'}"))
    assert files(folder) == before


@cases(Use.CREATE)
@pytest.mark.parametrize("make", NOT_MADE, ids=lambda make: make.__name__)
def test_who_makes_a_database_makes_one_where_there_is_none(case: Case, make: Maker, folder: Path) -> None:
    make(folder / "some.db")
    assert case.run(f"sqlite:///{folder / 'some.db'}").exit_code in case.fine
    with SqlStore(f"sqlite:///{folder / 'some.db'}") as store:
        assert len(store.code_key) >= 16


@cases(Use.READ, Use.WRITE)
def test_a_folder_that_is_not_there_is_not_made(case: Case, folder: Path) -> None:
    assert told(case.run(f"sqlite:///{folder}/no/such.db")) == "--db: There is no such database file."
    assert files(folder) == {}


@cases(Use.READ, Use.WRITE, Use.CREATE)
def test_a_uri_is_looked_at_like_any_other_name(case: Case, folder: Path) -> None:
    """Also one with signs that stand for others."""
    foreign(folder / "some one's.db")
    before = files(folder)
    assert "somebody else's" in told(case.run(f"sqlite:///file:{folder}/some%20one's.db?uri=true"))
    assert files(folder) == before


# ── on PostgreSQL ─────────────────────────────────────────────────────────────────────────────────────────────────────


def tables_in(server: PostgresServer, url: URL) -> list[str]:
    """Return all tables, and with them all schemas that have any."""
    with server.connected(url) as connection:
        rows = connection.execute(
            "SELECT schemaname || '.' || tablename FROM pg_tables WHERE schemaname NOT IN ('pg_catalog',"
            " 'information_schema') ORDER BY 1"
        )
        return [name for (name,) in rows]


@pytest.fixture(scope="module")
def nobodys(postgres: PostgresServer) -> Iterator[URL]:
    """Yield a PostgreSQL database without tables."""
    with postgres.database() as url:
        yield url


@pytest.fixture(scope="module")
def somebodys(postgres: PostgresServer) -> Iterator[URL]:
    """Yield a PostgreSQL database of somebody else's."""
    with postgres.database() as url:
        with postgres.connected(url) as connection:
            connection.execute("CREATE TABLE customers (id int)")
        yield url


@pytest.fixture(scope="module")
def olders(postgres: PostgresServer) -> Iterator[URL]:
    """Yield a PostgreSQL database of an older version."""
    with postgres.database() as url:
        with begun(url) as connection:
            old_world.make(connection)
        yield url


@cases(Use.READ, Use.WRITE, on_server=True)
def test_a_database_on_a_server_without_tables_gets_none(case: Case, nobodys: URL, postgres: PostgresServer) -> None:
    assert "has no tables yet" in told(case.run(written(nobodys)))
    assert tables_in(postgres, nobodys) == []


@cases(Use.READ, Use.WRITE, Use.CREATE, on_server=True)
def test_a_database_on_a_server_of_somebody_elses(case: Case, somebodys: URL, postgres: PostgresServer) -> None:
    assert "is somebody else's: it has the tables customers" in told(case.run(written(somebodys)))
    assert tables_in(postgres, somebodys) == ["public.customers"]


@cases(Use.READ, Use.WRITE, on_server=True)
def test_a_database_on_a_server_of_an_older_version(case: Case, olders: URL) -> None:
    before = dump(olders)
    assert "schema 0001" in told(case.run(written(olders)))
    assert dump(olders) == before


# ── a database as it should be ────────────────────────────────────────────────────────────────────────────────────────


def fill(url: str | URL) -> None:
    """Make a store that knows a programme and has drawn no secret, with something of everything in it."""
    with SqlStore(url, PROGRAMME, secret=b"s" * 32) as store:
        list(FeedRunner(PROGRAMME, store).run(Path(FEED).read_bytes().splitlines()))


def content(path: Path) -> str:
    with closing(sqlite3.connect(f"{path.as_uri()}?immutable=1", uri=True)) as connection:
        return hashlib.sha256("\n".join(connection.iterdump()).encode()).hexdigest()


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("model") / "referral.db"
    fill(f"sqlite:///{path}")
    return path


@cases(Use.READ)
def test_asking_leaves_a_database_as_it_was_to_the_byte(case: Case, model: Path, folder: Path) -> None:
    path = folder / "referral.db"
    shutil.copy(model, path)
    before, held = files(folder), content(path)
    result = case.run(f"sqlite:///{path}")
    assert result.exit_code in case.fine, result.stderr
    assert content(path) == held
    assert files(folder) == before


@cases(Use.READ)
def test_asking_leaves_a_copy_a_copy(case: Case, model: Path, folder: Path) -> None:
    """It is one file, with a journal of the other kind, until somebody works on it."""
    path = folder / "copy.db"
    backup(f"sqlite:///{model}", path)
    before = files(folder)
    result = case.run(f"sqlite:///{path}")
    assert result.exit_code in case.fine, result.stderr
    assert files(folder) == before


@cases(Use.READ)
def test_asking_gives_no_groups_to_a_database_that_has_none(case: Case, folder: Path) -> None:
    path = folder / "referral.db"
    upgrade(f"sqlite:///{path}")
    before = files(folder)
    result = case.run(f"sqlite:///{path}")
    assert result.exit_code in {0, 1}, result.stderr
    assert files(folder) == before


@pytest.fixture(scope="module")
def served(postgres: PostgresServer) -> Iterator[URL]:
    """Yield a PostgreSQL database with something in it."""
    with postgres.database() as url:
        fill(url)
        yield url


@cases(Use.READ, on_server=True)
def test_asking_leaves_a_database_on_a_server_as_it_was(case: Case, served: URL, postgres: PostgresServer) -> None:
    before, tables = dump(served), tables_in(postgres, served)
    result = case.run(written(served))
    assert result.exit_code in case.fine, result.stderr
    assert dump(served) == before
    assert tables_in(postgres, served) == tables


@cases(Use.WRITE)
def test_acting_works_in_a_database_that_was_set_up(case: Case, model: Path, folder: Path) -> None:
    path = folder / "referral.db"
    shutil.copy(model, path)
    result = case.run(f"sqlite:///{path}")
    assert result.exit_code in case.fine, result.stderr


# ── tables beside those of others ─────────────────────────────────────────────────────────────────────────────────────


def test_tables_beside_others_are_made_by_who_says_so(folder: Path) -> None:
    path = folder / "shared.db"
    foreign(path)
    url = f"sqlite:///{path}"
    done = invoke(["db", "upgrade", "--db", url, "--beside-others"])
    assert (done.exit_code, done.stdout) == (0, f"upgraded: from nothing to schema {schema.HEAD}\n")
    assert invoke(["db", "upgrade", "--db", url]).exit_code == 0  # from now on it is ours too
    assert invoke(["replay", FEED, "--db", url]).exit_code == 0


def test_a_code_key_is_one_secret_for_ever() -> None:
    assert secret_of("Õnn") == hashlib.sha256(b"referral-core code key\0" + "Õnn".encode()).digest()
