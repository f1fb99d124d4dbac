"""``referral db upgrade``, ``referral db check`` and ``referral db backup``."""

from __future__ import annotations

from pathlib import Path
from typing import Final, Protocol

import attrs
import typer
from rich.text import Text

from referral_adapters.cli.exit_status import WRONG, CommandFailed, cause, interruptible
from referral_adapters.cli.files import is_same_file, open_programme
from referral_adapters.cli.output import Screen, json_line, standard_output, wants_json
from referral_adapters.cli.progress import spinner
from referral_adapters.cli.store import Use, database_failures, open_database
from referral_adapters.cli.text import printable, quantity
from referral_core.programme.programme import Programme


def upgrade(db: str, *, distributed: bool, beside_others: bool, programme: Path | None, as_json: bool) -> int:
    """Bring a database up to date, say from where to where, and return the exit status.

    With a programme, a database that never had one's groups gets those of this one.

    :raises CommandFailed: it cannot be opened or upgraded, or the programme cannot be read.
    """
    chosen = None if programme is None else open_programme(programme)
    with interruptible("the database is as it was"), database_failures(), spinner() as shown:
        from referral_adapters.sql import upgrade as upgraded  # noqa: PLC0415

        shown.tell("upgrading")
        done = upgraded(db, distributed=distributed, beside_others=beside_others)
    groups = None if chosen is None else _groups(db, chosen)
    if as_json:
        written = attrs.asdict(done) | ({} if groups is None else {"groups": groups})
        typer.echo(json_line(written).decode(), nl=False)
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
    """Return the groups of a database: those of the first programme that it was opened with."""
    with open_database(db, Use.WRITE, programme) as store:
        return [group.id for group in store.groups.all()]


def check(db: str, *, as_json: bool) -> int:
    """Tell everything that is wrong with a database, and return the exit status.

    :raises CommandFailed: it cannot be opened, or not be read to the end.
    """
    findings = Findings(as_table=not wants_json(as_json))
    with interruptible("not everything was looked at"), database_failures(), spinner() as shown:
        from referral_adapters.sql import check as checked  # noqa: PLC0415

        for finding in checked(db, lambda part: shown.tell(f"checking: {part}")):
            shown.hide()
            findings.take(finding)
    findings.close()
    return WRONG if findings.count else 0


def backup(file: Path, db: str, *, force: bool) -> int:
    """Copy a database and return the exit status.

    :raises CommandFailed: there is such a file already, the database cannot be read, or the copy not be written.
    """
    with interruptible("no copy was made"), database_failures(), spinner() as shown:
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
        raise CommandFailed(f"The copy cannot be written to {file}: {cause(error)}.") from None
    if is_itself:
        raise CommandFailed(f"{file} is the database itself.")
    if is_there and not (force and is_file):
        raise CommandFailed(f"{file} is there already{': --force replaces it' if is_file else ''}.")


_LAW: Final = 14
"""The width of the first column: the longest name of a law, and a gap."""


class Finding(Protocol):
    """One thing in a database that is not as it must be."""

    @property
    def law(self) -> str:
        """The law that it breaks."""
        ...

    @property
    def subject(self) -> str:
        """The row, table or file that breaks it."""
        ...

    @property
    def message(self) -> str:
        """What is wrong, in a sentence."""
        ...


class Findings:
    """Shows findings one after another and counts them; none is kept, however many there are."""

    def __init__(self, *, as_table: bool) -> None:
        self._screen = Screen.output() if as_table else None
        self._output = standard_output()
        self.count = 0

    def take(self, finding: Finding) -> None:
        """Show one finding."""
        self.count += 1
        if self._screen is None:
            shown = {"law": finding.law, "subject": finding.subject, "message": finding.message}
            self._output.write(json_line(shown))
            return
        law = Text(finding.law.ljust(_LAW), style="yellow", end="")
        self._screen.print(law, end="")
        self._screen.print(Text(printable(finding.message)), soft_wrap=True)

    def close(self) -> None:
        """Flush what is left; at a terminal, show how many findings there were."""
        if self._screen is None:
            self._output.flush()
        else:
            self._screen.print(quantity(self.count, "finding") if self.count else "fine: nothing is wrong")
