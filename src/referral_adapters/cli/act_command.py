"""Commands made from the declarations of acts: their options, their help, and what they do."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime
from inspect import Parameter, Signature, signature
from typing import Annotated, Any, Final

import typer
from typer.core import TyperCommand

from referral_adapters.cli.act_words import ActWords, default_of, example_of, words_of
from referral_adapters.cli.answer_text import Answers
from referral_adapters.cli.decision_text import show_decision
from referral_adapters.cli.edge import run_to_exit, say
from referral_adapters.cli.errors import CommandFailed
from referral_adapters.cli.explanation_text import ExplanationText
from referral_adapters.cli.given_moment import given_moment
from referral_adapters.cli.json_text import json_line
from referral_adapters.cli.kept_store import WRONG, kept_database
from referral_adapters.cli.options import CodeKey, KeptDatabase, KnownAt, ProgrammeFile
from referral_adapters.cli.programme_file import open_programme
from referral_adapters.cli.screen import Screen
from referral_adapters.cli.standard_output import standard_output
from referral_adapters.cli.store import Use
from referral_adapters.cli.trace_text import show_trace, show_verification
from referral_adapters.feed.errors import LineInvalid
from referral_adapters.feed.fields import Fields
from referral_adapters.feed.moments import is_date, read_date, read_moment
from referral_core.acts import Act, Param
from referral_core.desk import ReferralDesk
from referral_core.entities.actor import Actor, Role
from referral_core.programme.programme import Programme
from referral_core.session import ACTS, Session
from referral_core.values.errors import ArgumentInvalid, Refusal
from referral_core.values.moment import Calendar
from referral_core.values.money import Money
from referral_core.values.name import name

_METAVARS: Final = {
    "amount": "AMOUNT",
    "choice": "WORD",
    "code": "CODE",
    "count": "N",
    "day": "DAY",
    "ends": "MOMENT",
    "fact": "MOMENT",
    "honour": "MOMENT",
    "id": "ID",
    "moment": "MOMENT",
    "starts": "MOMENT",
}
_STATUSES: Final[Mapping[str, Callable[[Any], bool]]] = {
    "code.check": lambda decision: decision.usable,
    "referral.explain": lambda explanation: explanation.is_verified,
    "trace.verify": lambda verified: verified.holds,
}
"""Which answers are good news, where some are not: the exit status is 1 for the others."""

_SHOWN: Final[Mapping[str, Callable[[Any, Calendar, Screen], None]]] = {
    "code.check": lambda answer, _, screen: show_decision(answer, "en", screen),
    "referral.explain": lambda answer, calendar, screen: ExplanationText(answer, calendar).show(screen),
    "trace.account": show_trace,
    "trace.contract": show_trace,
    "trace.show": show_trace,
    "trace.verify": lambda answer, _, screen: show_verification(answer, screen),
}
"""Answers that another command shows too, and in the same way."""

_WIDTH: Final = 70
"""How long a line of an example may be."""

_AS: Final = Annotated[
    Role | None, typer.Option("--as", help="The role of who asks.  [default: system]", show_default=False)
]
_BY: Final = Annotated[
    str | None,
    typer.Option("--by", metavar="ID", help="Who asks: a person's or a system's name.  [default: command]"),
]
_NOW: Final = Annotated[
    str | None,
    typer.Option("--now", metavar="MOMENT", help="The moment at which it is asked, or a day.  [default: the clock's]"),
]
_JSON: Final = Annotated[bool, typer.Option("--json", help="Print JSON also at a terminal.")]


def is_carried(act: Act[Any]) -> bool:
    """Tell whether a command line can carry an act: whether everything that it needs can be written."""
    return all(param.kind.on_wire or not param.required for param in act.params.values())


def option_of(param: Param) -> str:
    """Return the name of a parameter's option, without the hyphens in front."""
    return param.wire.replace("_", "-")


def act_command(act: Act[Any], path: str, *, positional: bool) -> TyperCommand:
    """Return the command of an act, called ``path`` after ``referral``.

    With ``positional`` what the act's method takes by position is an argument, all the rest an option.
    """

    def run(**given: Any) -> None:  # noqa: ANN401 - the values of options
        run_to_exit(lambda: _run(act, given))

    parameters = [*_fields(act, positional=positional), *_of_session(act)]
    run.__signature__ = Signature(sorted(parameters, key=_is_option))  # type: ignore[attr-defined]
    run.__annotations__ = {}
    app = typer.Typer(add_completion=False, rich_markup_mode=None)
    summary, help_ = _help(act, path, positional=positional)
    app.command(path.rpartition(" ")[2], help=help_, short_help=summary)(run)
    command = typer.main.get_command(app)
    if not isinstance(command, TyperCommand):
        raise TypeError(f"{path} is no command")
    return command


# ── options ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def _is_argument(act: Act[Any], param: Param) -> bool:
    by_position = signature(act.body).parameters[param.name].kind is Parameter.POSITIONAL_OR_KEYWORD
    return by_position and param.required


def _is_option(parameter: Parameter) -> bool:
    return isinstance(parameter.annotation.__metadata__[0], typer.models.OptionInfo)


def _fields(act: Act[Any], *, positional: bool) -> Iterator[Parameter]:
    words = _words(act, positional=positional)
    for param in act.fields:
        about = _about(param) or words.sentence_with(f"--{option_of(param)}")
        kind: Any = {"flag": bool, "count": int}.get(param.kind.name, str)
        metavar = _METAVARS.get(param.kind.name, "TEXT")
        info: object
        if positional and _is_argument(act, param):
            info = typer.Argument(metavar=option_of(param).upper(), help=about, show_default=False)
        elif kind is bool:
            info = typer.Option(f"--{option_of(param)}", help=about, show_default=False)
        else:
            info = typer.Option(f"--{option_of(param)}", metavar=metavar, help=about, show_default=False)
        hint = kind if param.required else kind | None
        yield _parameter(param.name, Annotated[hint, info], Parameter.empty if param.required else None)


def _of_session(act: Act[Any]) -> Iterator[Parameter]:
    """Yield what every act is asked with."""
    yield _parameter("_db", KeptDatabase)
    yield _parameter("_programme", ProgrammeFile, None)
    if not act.reads:
        yield _parameter("_code_key", CodeKey, None)
    yield _parameter("_role", _AS, None)
    yield _parameter("_by", _BY, None)
    yield _parameter("_now", _NOW, None)
    if act.reads:
        yield _parameter("_known_at", KnownAt, None)
    yield _parameter("_as_json", _JSON, default=False)


def _parameter(name: str, hint: object, default: object = Parameter.empty) -> Parameter:
    return Parameter(name, Parameter.KEYWORD_ONLY, annotation=hint, default=default)


def _about(param: Param) -> str:
    example, default = example_of(param), default_of(param)
    parts = [param.kind.doc, f"As {example}." if example else "", f" [default: {default}]" if default else ""]
    return " ".join(part for part in parts if part)


# ── help ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


_ROLES: Final = {
    Role.CUSTOMER: "Customers may ask for it too, about what is theirs.",
    Role.ADMINISTRATOR: "Only administrators and systems may ask for it.",
    Role.SYSTEM: "Only systems may ask for it.",
}


def _words(act: Act[Any], *, positional: bool) -> ActWords:
    def literal(act: Act[Any], name: str) -> str:
        param = act.params.get(name)
        if param is None:
            return name
        option = option_of(param)
        return option.upper() if positional and _is_argument(act, param) else f"--{option}"

    return words_of(act, literal)


def _help(act: Act[Any], path: str, *, positional: bool) -> tuple[str, str]:
    words = _words(act, positional=positional)
    least = _ROLES.get(act.least, f"Every {act.least} may ask for it, and whoever may do more.")
    parts = [words.summary, *words.details, least]
    parts.append(f"\b\nExamples:\n  {_example(act, path, positional=positional)}")
    parts.append(
        "\b\nExit status:\n"
        f"  0  {'here is the answer' if act.reads else 'it is done'}\n"
        f"  1  a rule says no, or there is no such thing{'; a bad answer' if act.name in _STATUSES else ''}\n"
        "  2  the database or the programme could not be opened, or the call is wrong"
    )
    return words.summary, "\n\n".join(parts)


def _example(act: Act[Any], path: str, *, positional: bool) -> str:
    """Return a call with all that the act needs, on as many lines as it takes."""
    parts = [f"referral {path}"]
    for param in act.fields:
        if param.required:
            value = shlex.quote(example_of(param) or _first_word(param) or "…")
            parts.append(value if positional and _is_argument(act, param) else f"--{option_of(param)} {value}")
    lines = [""]
    for part in [*parts, "--db sqlite:///referral.db"]:
        if len(lines[-1]) + len(part) > _WIDTH:
            lines.append("")
        lines[-1] += f"{part} "
    return "\\\n    ".join(lines).rstrip()


def _first_word(param: Param) -> str:
    """Return the first of the words that an argument may be."""
    return param.kind.doc.removeprefix("One of ").partition(",")[0] if param.kind.name == "choice" else ""


# ── doing it ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _run(act: Act[Any], given: Mapping[str, Any]) -> int:
    programme = open_programme(given["_programme"])
    actor = _actor(given["_role"], given["_by"])
    now = given_moment(given["_now"], programme.calendar, "--now") or datetime.now(UTC)
    known_at = given_moment(given.get("_known_at"), programme.calendar, "--known-at")
    arguments = {
        param.name: read_argument(param, given[param.name], programme)
        for param in act.fields
        if given[param.name] is not None
    }
    use = Use.ASK if act.reads else Use.ACT
    with kept_database(given["_db"], use, programme, given.get("_code_key")) as store:
        session = ReferralDesk(programme, store).session(actor=actor, now=now, known_at=known_at)
        answer = _answer(session, act, arguments)
        if answer is None:
            return _nothing(act)
        told = Answers(programme.calendar, now)
        if given["_as_json"] or not sys.stdout.isatty():
            _write(told, answer)
        elif act.name in _SHOWN:
            _SHOWN[act.name](answer, programme.calendar, Screen.output())
        else:
            told.show(answer, Screen.output())
    return 0 if act.name not in _STATUSES or _STATUSES[act.name](answer) else WRONG


def _answer(session: Session, act: Act[Any], arguments: Mapping[str, Any]) -> Any:  # noqa: ANN401 - any answer
    try:
        return session.perform(act, arguments)
    except (KeyError, IndexError):
        raise
    except LookupError as unknown:  # a word of the programme's that the programme does not have, as a language
        raise CommandFailed(f"{str(unknown)[:1].upper()}{str(unknown)[1:]}.") from None


def _actor(role: Role | None, by: str | None) -> Actor:
    """Return who asks.

    :raises CommandFailed: it is half of a person: a name without a role, or a role without a name.
    """
    if by is not None and role is None:
        raise CommandFailed(f"Say with --as as what {by} asks.")
    if by is None and role not in {None, Role.SYSTEM}:
        raise CommandFailed(f"Say with --by which {role} asks.")
    try:
        return Actor("command" if by is None else name(by, "--by"), role or Role.SYSTEM)
    except Refusal as refusal:
        raise CommandFailed(f"{refusal}.") from None


def read_argument(param: Param, given: Any, programme: Programme) -> Any:  # noqa: ANN401 - what options hold, what acts take
    """Return an argument as an act takes it.

    :raises CommandFailed: it is not written as arguments of its kind are.
    """
    option = option_of(param)
    try:
        return param.check(_read(param, given, option, programme))
    except LineInvalid as invalid:
        raise CommandFailed(f"{invalid}.") from None
    except Refusal as refusal:
        codes = ", ".join(refusal.reasons)
        raise CommandFailed(f"{codes}: --{option}: {refusal.message}.") from None
    except ArgumentInvalid as invalid:
        raise CommandFailed(f"--{option}: {invalid.message}.") from None


def _read(param: Param, given: Any, option: str, programme: Programme) -> Any:  # noqa: ANN401 - as above
    fields = Fields({option: given}, at="--")
    match param.kind.name:
        case "flag" | "count" | "choice" | "id" | "name":
            return given
        case "amount":
            return Money(given, programme.currency)
        case "day":
            return fields.date(option)
        case "starts" | "ends":
            return _day_or_moment(given, f"--{option}")
        case "moment" | "fact" | "honour":
            return given_moment(given, programme.calendar, f"--{option}")
        case _:
            return fields.text(option)


def _day_or_moment(given: str, field: str) -> date | datetime:
    return read_date(given, field) if is_date(given) else read_moment(given, field)


def _nothing(act: Act[Any]) -> int:
    """Say that there is no answer, which is bad news for who asked and none for who had something done."""
    say("There is none." if act.reads else "There was nothing to do.")
    return WRONG if act.reads else 0


def _write(told: Answers, answer: Any) -> None:  # noqa: ANN401 - any answer
    output = standard_output()
    try:
        for each in answer if isinstance(answer, tuple | Iterator) else (answer,):
            output.write(json_line(told.line(each)))
    finally:
        output.flush()


def carried_acts() -> dict[str, Act[Any]]:
    """Return every act that a command line can carry, by name."""
    return {name: act for name, act in sorted(ACTS.items()) if is_carried(act)}
