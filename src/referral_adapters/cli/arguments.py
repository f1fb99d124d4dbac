"""The values of options and arguments, written as in a feed."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Final

from referral_adapters.cli.exit_status import CommandFailed
from referral_adapters.feed.fields import Fields, LineInvalid, is_date, read_date, read_moment
from referral_core.acts import Param
from referral_core.entities.actor import Actor, Role
from referral_core.programme.programme import Programme
from referral_core.values.effective_period import EffectivePeriod
from referral_core.values.errors import ArgumentInvalid, Reason, Refusal
from referral_core.values.moment import EARLIEST, Calendar
from referral_core.values.money import Money
from referral_core.values.name import name

MOMENT_ACCEPTED: Final = "Write a day, as 2021-03-01, or a moment with an offset, as 2021-03-01T09:00:00+02:00."
"""What is told to whoever has written a moment in another way."""
COMMAND: Final = Actor.system("command")
"""The actor of a command that names nobody."""


def parse_moment(text: str | None, calendar: Calendar, option: str = "--at") -> datetime | None:
    """Return the moment that ``text`` writes: RFC 3339 with an offset, or a day, which means its local midnight (M1).

    ``option`` is named in messages.

    :raises CommandFailed: it is neither, or has no offset (``moment-naive``).
    """
    if text is None:
        return None
    try:
        return calendar.start_of(read_date(text, option), option) if is_date(text) else read_moment(text, option)
    except (Refusal, LineInvalid) as error:
        is_meant = isinstance(error, Refusal) and Reason.MOMENT_INVALID in error.reasons
        raise CommandFailed(f"{error}." if is_meant else f"{error}. {MOMENT_ACCEPTED}") from None


def parse_period(since: str | None, until: str | None, calendar: Calendar) -> EffectivePeriod | None:
    """Return the period that ``--from`` and ``--until`` write, each a moment or a day; a last day is inclusive (M2).

    :raises CommandFailed: one of them is neither, or they leave nothing between them.
    """
    if since is None and until is None:
        return None
    start = parse_moment(since, calendar, "--from") or EARLIEST
    end = parse_moment(until, calendar, "--until")
    try:
        if until is not None and is_date(until):
            end = calendar.end_of(read_date(until, "--until"), "--until")
        return EffectivePeriod.between(start, end)
    except Refusal as error:
        raise CommandFailed(f"{error}.") from None


def parse_actor(role: Role | None, by: str | None) -> Actor:
    """Return the actor that ``--as`` and ``--by`` name; without both it is the command, a system.

    :raises CommandFailed: a person has a name without a role, a role without a name, or a name that is none.
    """
    if by is not None and role is None:
        raise CommandFailed(f"Say with --as as what {by} asks.")
    if by is None and role not in {None, Role.SYSTEM}:
        raise CommandFailed(f"Say with --by which {role} asks.")
    return COMMAND if by is None else Actor(parse_id(by, "--by"), role or Role.SYSTEM)


def parse_id(text: str, option: str) -> str:
    """Return an id in the form in which ids are kept (D2); ``option`` is named in messages.

    :raises CommandFailed: it is no id.
    """
    try:
        return name(text, option)
    except Refusal as refusal:
        raise CommandFailed(f"{refusal}.") from None


def parse_argument(param: Param, given: Any, programme: Programme) -> Any:  # noqa: ANN401 - what options hold, what acts take
    """Return the argument of an act that its option holds.

    :raises CommandFailed: it is not written as arguments of its kind are.
    """
    option = option_of(param)
    try:
        return param.check(_parsed(param, given, option, programme))
    except LineInvalid as invalid:
        accepted = f" {MOMENT_ACCEPTED}" if param.kind.name in {"starts", "ends"} else ""
        raise CommandFailed(f"{invalid}.{accepted}") from None
    except Refusal as refusal:
        codes = ", ".join(refusal.reasons)
        raise CommandFailed(f"{codes}: --{option}: {refusal.message}.") from None
    except ArgumentInvalid as invalid:
        raise CommandFailed(f"--{option}: {invalid.message}.") from None


def _parsed(param: Param, given: Any, option: str, programme: Programme) -> Any:  # noqa: ANN401 - as above
    fields = Fields({option: given}, at="--")
    match param.kind.name:
        case "flag" | "count" | "choice" | "id" | "channel" | "name":
            return given
        case "amount":
            return Money(given, programme.currency)
        case "day":
            return fields.date(option)
        case "starts" | "ends":  # a day stays a day: the act knows whether its beginning or its end is meant
            return _day_or_moment(given, f"--{option}")
        case "moment" | "fact" | "honour":
            return parse_moment(given, programme.calendar, f"--{option}")
        case _:
            return fields.text(option)


def _day_or_moment(given: str, field: str) -> date | datetime:
    return read_date(given, field) if is_date(given) else read_moment(given, field)


def option_of(param: Param) -> str:
    """Return the name of a parameter's option, without the hyphens in front."""
    return param.wire.replace("_", "-")
