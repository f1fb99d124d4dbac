"""``referral db upgrade``, ``referral db check`` and ``referral db backup``."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Final

import attrs
import typer

from referral_adapters.cli.atomic_file import is_same_file
from referral_adapters.cli.errors import CommandFailed, why
from referral_adapters.cli.findings import Findings
from referral_adapters.cli.json_text import json_line
from referral_adapters.cli.printable import printable
from referral_adapters.cli.programme_file import open_programme
from referral_adapters.cli.spinner import spinner
from referral_adapters.cli.store import Use, database_told, open_database
from referral_core.programme.programme import Programme

_FOUND: Final = 1


def upgrade(db: str, *, distributed: bool, beside_others: bool, programme: Path | None, as_json: bool) -> int:
    """Bring a database up to date, say from where to where, and return the exit status.

    With a programme, a database that never had one's groups gets those of this one.

    :raises CommandFailed: it cannot be opened or upgraded, or the programme cannot be read.
    """
    chosen = None if programme is None else open_programme(programme)
    with interruptible("the database is as it was"), database_told(), spinner() as shown:
        from referral_adapters.sql import upgrade as upgraded  # noqa: PLC0415

        shown.tell("upgrading")
        done = upgraded(db, distributed=distributed, beside_others=beside_others)
    groups = None if chosen is None else _groups(db, chosen)
    if as_json:
        told = attrs.asdict(done) | ({} if groups is None else {"groups": groups})
        typer.echo(json_line(told).decode(), nl=False)
        return 0
    if done.before == done.after:
        typer.echo(f"up to date: schema {done.after}")
    else:
        typer.echo(f"upgraded: from {f'schema {done.before}' if done.before else 'nothing'} to schema {done.after}")
    if done.distributed:
        typer.echo(f"distributed: {', '.join(done.distributed)}")
    if groups is not None:
        typer.echo(f"groups: {', '.join(map(printable, groups)) or 'none'}")
    return 0


def _groups(db: str, programme: Programme) -> list[str]:
    """Return the groups of a database, which are the programme's if it is the first that it is opened with."""
    with open_database(db, Use.ACT, programme) as store:
        return [group.id for group in store.groups.all()]


def check(db: str, *, as_json: bool) -> int:
    """Tell everything that is wrong with a database, and return the exit status.

    :raises CommandFailed: it cannot be opened, or not be read to the end.
    """
    findings = Findings(as_table=sys.stdout.isatty() and not as_json)
    with interruptible("not everything was looked at"), database_told(), spinner() as shown:
        from referral_adapters.sql import check as checked  # noqa: PLC0415

        for finding in checked(db, lambda part: shown.tell(f"checking: {part}")):
            shown.hide()
            findings.take(finding)
    findings.close()
    return _FOUND if findings.count else 0


def backup(file: Path, db: str, *, force: bool) -> int:
    """Copy a database and return the exit status.

    :raises CommandFailed: there is such a file already, the database cannot be read, or the copy not be written.
    """
    with interruptible("no copy was made"), database_told(), spinner() as shown:
        from referral_adapters.sql import backup as copied  # noqa: PLC0415
        from referral_adapters.sql.connections import parsed_url  # noqa: PLC0415
        from referral_adapters.sql.untouched_file import file_of  # noqa: PLC0415

        source = parsed_url(db)
        if source.get_backend_name() == "sqlite":
            _refuse_place(file, file_of(source), force)
        copied(db, file, lambda done, whole: shown.tell(f"copied {done:,} of {whole:,} pages"))
    return 0


def _refuse_place(file: Path, database: Path, force: bool) -> None:
    try:
        is_itself, is_there, is_file = is_same_file(file, database), file.exists(), file.is_file()
    except OSError as error:
        raise CommandFailed(f"The copy cannot be written to {file}: {why(error)}.") from None
    if is_itself:
        raise CommandFailed(f"{file} is the database itself.")
    if is_there and not (force and is_file):
        raise CommandFailed(f"{file} is there already{': --force replaces it' if is_file else ''}.")


class _Terminated(BaseException):
    """Somebody asked the process to end."""


@contextmanager
def interruptible(left: str) -> Iterator[None]:
    """Undo what was begun when asked to stop, and say what that left."""
    before = signal.getsignal(signal.SIGTERM)
    is_main = threading.current_thread() is threading.main_thread()  # elsewhere Python lets nobody listen
    try:
        if is_main:
            signal.signal(signal.SIGTERM, _terminate)
        yield
    except KeyboardInterrupt:
        raise CommandFailed(f"Interrupted: {left}.", 128 + signal.SIGINT) from None
    except _Terminated:
        raise CommandFailed(f"Terminated: {left}.", 128 + signal.SIGTERM) from None
    finally:
        if is_main:
            signal.signal(signal.SIGTERM, before)


def _terminate(_number: int, _frame: FrameType | None) -> None:
    raise _Terminated
