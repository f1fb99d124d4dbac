"""The file that says which webhooks there are, in TOML."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from referral_adapters.cli.errors import CommandFailed, why

try:
    from referral_adapters.http.webhooks import Webhook, secret_of
except ImportError:
    raise CommandFailed("Webhooks need the extra `client`: pip install 'referral-core[client]'.") from None

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
    """Return the source under which events are published, and the webhooks, as a file says them.

    :raises CommandFailed: the file cannot be read, or has faults, each of which is said on a line of its own. No secret
        is repeated.
    """
    try:
        given = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise CommandFailed(f"The webhooks {path} cannot be opened: {why(error)}.") from None
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
