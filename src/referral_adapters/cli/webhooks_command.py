"""``referral webhooks``, and the file of webhooks."""

from __future__ import annotations

import logging
import tomllib
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from threading import Event
from typing import Any, Final

import attrs

from referral_adapters.cli.exit_status import WRONG, CommandFailed, StopSignals, cause
from referral_adapters.cli.output import Screen, table_of, wants_json, write_json
from referral_adapters.cli.store import Use, existing_database
from referral_adapters.cli.text import say
from referral_core.ports.trace import TraceRepository
from referral_core.programme.files import content_of

try:
    from referral_adapters.http.webhooks import Deliverer, Standing, Webhook, secret_of, standings
    from referral_adapters.http.webhooks import redeliver as set_back
    from referral_adapters.http.webhooks import resume as set_going
except ImportError:
    raise CommandFailed("Webhooks need the extra `client`: pip install 'referral-core[client]'.") from None

_LOGGER: Final = "referral_adapters.http.webhooks"
_LOOK: Final = 0.1
"""Seconds between two looks at whether a signal has come."""


class _SpokenLog(logging.Handler):
    """A handler that says what happens to webhooks on standard error, a sentence for each record."""

    def emit(self, record: logging.LogRecord) -> None:
        """Say one record."""
        name, why = getattr(record, "webhook", None), getattr(record, "why", None)
        about = "" if name is None else f"{name} "
        say(f"{about}{record.getMessage()}{'' if why is None else f' ({why})'}.")

    def close(self) -> None:
        """Take the handler from the logger."""
        logging.getLogger(_LOGGER).removeHandler(self)
        super().close()


def run(db: str, config: Path, *, once: bool) -> int:
    """Send what is published to the webhooks of a file and return the exit status.

    :raises CommandFailed: the database or the file cannot be opened.
    """
    source, webhooks = open_webhooks(config)
    with existing_database(db, Use.WRITE) as store, closing(_SpokenLog()) as spoken:
        logging.getLogger(_LOGGER).addHandler(spoken)
        deliverer = Deliverer(store, webhooks, source=source)
        return _once(deliverer) if once else _until_stopped(deliverer)


def _once(deliverer: Deliverer) -> int:
    done = deliverer.run_once()
    write_json([attrs.asdict(each) for each in done])
    return WRONG if any(each.failure is not None for each in done) else 0


def _until_stopped(deliverer: Deliverer) -> int:
    stop = Event()
    # The deliverer has a thread of its own: only the main thread hears signals, and it must not wait for a webhook.
    with StopSignals() as stopped, ThreadPoolExecutor(1) as pool:
        running = pool.submit(deliverer.run, stop)
        while not running.done() and not stopped.is_asked():
            stop.wait(_LOOK)
        stop.set()
        running.result()  # raises what ended the deliverer, if anything but the signal did
    say("Stopped after the events in hand; the next run goes on from there.")
    return 128 + (stopped.caught or 0)


def list_(db: str, *, as_json: bool) -> int:
    """List how webhooks stand and return the exit status.

    :raises CommandFailed: the database cannot be opened.
    """
    with existing_database(db, Use.READ) as store:
        found = standings(store.trace)
    lines = [_line(standing) for standing in found]
    if wants_json(as_json):
        write_json(lines)
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
    with existing_database(db, Use.WRITE) as store:
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
    screen.print(table_of(lines, right={"position", "failures"}))


_KINDS: Final[Mapping[str, tuple[type, ...]]] = {
    "name": (str,),
    "url": (str,),
    "secrets": (list,),
    "after": (int,),
    "timeout": (int, float),
    "insecure": (bool,),
}
_NEEDED: Final = ("name", "url", "secrets")


def open_webhooks(path: Path) -> tuple[str, tuple[Webhook, ...]]:
    """Return the source under which events are published, and the webhooks, from a file in TOML.

    :raises CommandFailed: the file cannot be read, or has faults, each of which is named on a line of its own. No
        secret is repeated.
    """
    try:
        given = tomllib.loads(content_of(path))
    except OSError as error:
        raise CommandFailed(f"The webhooks {path} cannot be opened: {cause(error)}.") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError):
        raise CommandFailed(f"The webhooks {path} are no TOML.") from None
    faults, webhooks = [*_faults(given)], list[Webhook]()
    if not faults:
        for entry in given["webhooks"]:
            try:
                webhooks.append(_webhook(entry))
            except ValueError as error:
                faults.append(str(error))
        names = [webhook.name for webhook in webhooks]
        faults += [f"webhook {name!r}: there are two of it" for name in sorted({*names}) if names.count(name) > 1]
    if faults:
        raise CommandFailed("\n".join([f"The webhooks {path} have faults:", *(f"  {fault}" for fault in faults)]))
    return given.get("source", "/referral"), tuple(webhooks)


def _faults(given: Mapping[str, Any]) -> Iterator[str]:
    yield from (f"{name}: there is no such setting" for name in given if name not in {"source", "webhooks"})
    if not isinstance(given.get("source", ""), str):
        yield "source: is text"
    entries = given.get("webhooks")
    if not isinstance(entries, list) or not entries:
        yield "webhooks: there are none"
        return
    for place, entry in enumerate(entries, 1):
        yield from (f"webhooks {place}: {fault}" for fault in _entry_faults(entry))


def _entry_faults(entry: object) -> Iterator[str]:
    if not isinstance(entry, dict):
        yield "is no table"
        return
    yield from (f"{name} is missing" for name in _NEEDED if name not in entry)
    for name, value in entry.items():
        kinds = _KINDS.get(name)
        if kinds is None:
            yield f"{name} is no such setting"
        elif not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
            yield f"{name} is of another kind"
        elif isinstance(value, list) and not all(isinstance(secret, str) for secret in value):
            yield "secrets are text"


def _webhook(entry: Mapping[str, Any]) -> Webhook:
    try:
        secrets = tuple(map(secret_of, entry["secrets"]))
    except ValueError as error:
        raise ValueError(f"webhook {entry['name']!r}: {error}") from None
    rest = {name: value for name, value in entry.items() if name not in _NEEDED}
    return Webhook(entry["name"], entry["url"], secrets, **rest)
