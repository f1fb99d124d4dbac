"""What tests of the command share: a terminal, signals that are heard, feeds and a database to begin with."""

from __future__ import annotations

import signal
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.adapters.cli.command_line import EDGES, LINES, run
from tests.adapters.cli.terminal import Terminal

NO_SUCH_CODE: Final = (
    '{"specversion": "1.0", "id": "gone", "source": "/portal", "type": "code.shared", '
    '"time": "2021-05-02T00:00:00+03:00", "data": {"code": "NOSUCH22", "means": "link"}}\n'
)


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """Return a terminal of 80 columns."""
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_INTERACTIVE", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "80")
    return Terminal()


@pytest.fixture
def python_hears_signals() -> Iterator[None]:
    """Have SIGINT and SIGTERM heard as in a process at a terminal, whatever started the tests."""
    before = {number: signal.signal(number, signal.default_int_handler) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture
def edges_before(tmp_path: Path) -> Path:
    """Return a feed whose second line is refused and whose third would be done."""
    feed = tmp_path / "feed.jsonl"
    feed.write_text(LINES[0] + NO_SUCH_CODE + LINES[1], encoding="utf-8")
    return feed


@pytest.fixture(scope="module")
def replayed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an SQLite file in which a feed was replayed."""
    path = tmp_path_factory.mktemp("replayed") / "referral.db"
    run("replay", EDGES, "--db", f"sqlite:///{path}", "--code-key", "demo")
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return path


@pytest.fixture
def db(replayed: Path, tmp_path: Path) -> str:
    """Return the URL of a copy of the file in which a feed was replayed."""
    copy = tmp_path / "referral.db"
    copy.write_bytes(replayed.read_bytes())
    return f"sqlite:///{copy}"
