"""``referral webhooks``."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from threading import Event
from typing import Any, Final

import attrs
from rich.box import SIMPLE_HEAD
from rich.table import Table

from referral_adapters.cli.edge import say
from referral_adapters.cli.errors import CommandFailed
from referral_adapters.cli.json_text import json_line
from referral_adapters.cli.kept_store import WRONG, kept_database
from referral_adapters.cli.printable import printable
from referral_adapters.cli.screen import Screen
from referral_adapters.cli.standard_output import standard_output
from referral_adapters.cli.stop_signals import StopSignals
from referral_adapters.cli.store import Use
from referral_adapters.cli.webhooks_file import open_webhooks
from referral_adapters.http.webhooks import Deliverer, Standing, standings
from referral_adapters.http.webhooks import redeliver as set_back
from referral_adapters.http.webhooks import resume as set_going
from referral_core.ports.trace import TraceRepository

_LOGGER: Final = "referral_adapters.http.webhooks"
_LOOK: Final = 0.1
_RIGHT: Final = frozenset({"position", "failures"})


class _Saying(logging.Handler):
    """Says what happens to webhooks on standard error, a sentence each."""

    def emit(self, record: logging.LogRecord) -> None:
        """Say it."""
        name, why = getattr(record, "webhook", None), getattr(record, "why", None)
        about = "" if name is None else f"{name} "
        say(f"{about}{record.getMessage()}{'' if why is None else f' ({why})'}.")

    def close(self) -> None:
        """Say nothing more."""
        logging.getLogger(_LOGGER).removeHandler(self)
        super().close()


def run(db: str, config: Path, *, once: bool) -> int:
    """Send what is published to the webhooks of a file and return the exit status.

    :raises CommandFailed: the database or the file cannot be opened.
    """
    source, webhooks = open_webhooks(config)
    with kept_database(db, Use.ACT) as store, closing(_Saying()) as saying:
        logging.getLogger(_LOGGER).addHandler(saying)
        deliverer = Deliverer(store, webhooks, source=source)
        return _once(deliverer) if once else _until_stopped(deliverer)


def _once(deliverer: Deliverer) -> int:
    done = deliverer.run_once()
    _write([attrs.asdict(each) for each in done])
    return WRONG if any(each.failure is not None for each in done) else 0


def _until_stopped(deliverer: Deliverer) -> int:
    stop = Event()
    with StopSignals() as asked, ThreadPoolExecutor(1) as pool:
        running = pool.submit(deliverer.run, stop)
        while not running.done() and not asked.is_asked():
            stop.wait(_LOOK)
        stop.set()
        running.result()
    say("Stopped after the events in hand; the next run goes on from there.")
    return 128 + (asked.caught or 0)


def list_(db: str, *, as_json: bool) -> int:
    """List how webhooks stand and return the exit status.

    :raises CommandFailed: the database cannot be opened.
    """
    with kept_database(db, Use.ASK) as store:
        found = standings(store.trace)
    lines = [_line(standing) for standing in found]
    if as_json or not sys.stdout.isatty():
        _write(lines)
    else:
        show(lines, Screen.output())
    return WRONG if any(each.is_stuck or each.is_stopped for each in found) else 0


def redeliver(db: str, name: str, position: int) -> int:
    """Set a webhook back and return the exit status.

    :raises CommandFailed: the database cannot be opened, there is no such webhook, or it has not got that far.
    """
    return _changed(db, lambda trace: set_back(trace, name, position))


def resume(db: str, name: str) -> int:
    """Have a webhook tried again and return the exit status.

    :raises CommandFailed: the database cannot be opened, or there is no such webhook.
    """
    return _changed(db, lambda trace: set_going(trace, name))


def _changed(db: str, change: Callable[[TraceRepository], None]) -> int:
    with kept_database(db, Use.ACT) as store:
        try:
            change(store.trace)
        except (LookupError, ValueError) as error:
            raise CommandFailed(f"{str(error).capitalize()}.", WRONG) from None
    return 0


def _line(standing: Standing) -> dict[str, Any]:
    return {
        "name": standing.name,
        "position": standing.position,
        "failures": standing.failures,
        "next_at": None if standing.next_at is None else standing.next_at.isoformat().replace("+00:00", "Z"),
        "status": "stopped" if standing.is_stopped else "stuck" if standing.is_stuck else "fine",
    }


def show(lines: list[dict[str, Any]], screen: Screen) -> None:
    """Show how webhooks stand as a table."""
    if not lines:
        screen.print("Nothing was ever sent to a webhook.")
        return
    table = Table(box=SIMPLE_HEAD, header_style="bold", show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    for name in lines[0]:
        table.add_column(name, justify="right" if name in _RIGHT else "left", overflow="fold")
    for line in lines:
        table.add_row(*("–" if value is None else printable(str(value)) for value in line.values()))
    screen.print(table)


def _write(lines: list[dict[str, Any]]) -> None:
    output = standard_output()
    for line in lines:
        output.write(json_line(line))
    output.flush()
