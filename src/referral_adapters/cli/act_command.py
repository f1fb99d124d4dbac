"""Commands made from the declarations of acts: their options, their help, and what they do."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from inspect import Parameter, Signature, signature
from typing import Annotated, Any, Final

import attrs
import typer
from typer.core import TyperCommand

from referral_adapters.cli.answer_text import AnswerText
from referral_adapters.cli.arguments import option_of, parse_actor, parse_argument, parse_moment
from referral_adapters.cli.check_command import show_decision
from referral_adapters.cli.exit_status import WRONG, CommandFailed, run_to_exit
from referral_adapters.cli.explain_command import ExplanationText
from referral_adapters.cli.files import open_programme
from referral_adapters.cli.options import CodeKey, KeptDatabase, KnownAt, ProgrammeFile
from referral_adapters.cli.output import Screen, wants_json, write_json
from referral_adapters.cli.store import Use, existing_database
from referral_adapters.cli.text import say
from referral_adapters.cli.trace_command import show_trace, show_verification
from referral_core.acts import Act, Param
from referral_core.desk import ReferralDesk
from referral_core.entities.actor import Role
from referral_core.session import ACTS, Session
from referral_core.values.errors import Reason
from referral_core.values.moment import Calendar

_METAVARS: Final = {
    "amount": "AMOUNT",
    "channel": "CHANNEL",
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
"""The acts whose answer may be bad news, for which the exit status is 1; the function tells good news."""

_SHOWN: Final[Mapping[str, Callable[[Any, Calendar, Screen], None]]] = {
    "code.check": lambda answer, _, screen: show_decision(answer, "en", screen),
    "referral.explain": lambda answer, calendar, screen: ExplanationText(answer, calendar).show(screen),
    "trace.account": show_trace,
    "trace.contract": show_trace,
    "trace.show": show_trace,
    "trace.verify": lambda answer, _, screen: show_verification(answer, screen),
}
"""The acts whose answer another command shows too, in the same way."""

_WIDTH: Final = 70
"""The width of a line of an example."""

_AS: Final = Annotated[
    Role | None, typer.Option("--as", help="The role of the actor.  [default: system]", show_default=False)
]
_BY: Final = Annotated[
    str | None,
    typer.Option("--by", metavar="ID", help="The actor: a person's or a system's name.  [default: command]"),
]
_NOW: Final = Annotated[
    str | None,
    typer.Option("--now", metavar="MOMENT", help="The moment of the act, or a day.  [default: the clock's]"),
]
_JSON: Final = Annotated[bool, typer.Option("--json", help="Print JSON also at a terminal.")]


def is_carried(act: Act[Any]) -> bool:
    """Tell whether a command line can carry an act: every required parameter can be written as text."""
    return all(param.kind.on_wire or not param.required for param in act.params.values())


def act_command(act: Act[Any], path: str, *, positional: bool) -> TyperCommand:
    """Return the command of an act, called ``path`` after ``referral``.

    With ``positional`` parameters that the act's method takes by position are arguments, all others options.
    """

    def run(**given: Any) -> None:  # noqa: ANN401 - the values of options
        run_to_exit(lambda: _run(act, given))

    parameters = [*_fields(act, positional=positional), *_of_session(act)]
    # Typer reads a command's options off its signature, so an act's parameters become one.
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
    """Yield the options of every act: database, programme, actor and moments."""
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
    least = _ROLES.get(act.least, f"Every {act.least} may ask for it, and every role above.")
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
    """Return a call with every required parameter, on as many lines as it takes."""
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
    """Return the first word of a choice."""
    return param.kind.doc.removeprefix("One of ").partition(",")[0] if param.kind.name == "choice" else ""


# ── the run ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def _run(act: Act[Any], given: Mapping[str, Any]) -> int:
    programme = open_programme(given["_programme"])
    actor = parse_actor(given["_role"], given["_by"])
    now = parse_moment(given["_now"], programme.calendar, "--now") or datetime.now(UTC)
    known_at = parse_moment(given.get("_known_at"), programme.calendar, "--known-at")
    arguments = {
        param.name: parse_argument(param, given[param.name], programme)
        for param in act.fields
        if given[param.name] is not None
    }
    use = Use.READ if act.reads else Use.WRITE
    with existing_database(given["_db"], use, programme, given.get("_code_key")) as store:
        session = ReferralDesk(programme, store).session(actor=actor, now=now, known_at=known_at)
        answer = _answer(session, act, arguments)
        if answer is None:
            return _nothing(act)
        answers = AnswerText(programme.calendar, now)
        if wants_json(given["_as_json"]):
            write_json(map(answers.line, answer if isinstance(answer, tuple | Iterator) else (answer,)))
        elif act.name in _SHOWN:
            _SHOWN[act.name](answer, programme.calendar, Screen.output())
        else:
            answers.show(answer, Screen.output())
    return 0 if act.name not in _STATUSES or _STATUSES[act.name](answer) else WRONG


def _answer(session: Session, act: Act[Any], arguments: Mapping[str, Any]) -> Any:  # noqa: ANN401 - any answer
    try:
        return session.perform(act, arguments)
    except (KeyError, IndexError):
        raise
    except LookupError as unknown:  # a word of the programme's that the programme does not have, as a language
        raise CommandFailed(f"{str(unknown)[:1].upper()}{str(unknown)[1:]}.") from None


def _nothing(act: Act[Any]) -> int:
    """Say that there is no answer, which is bad news for a question and none for a deed."""
    say("There is none." if act.reads else "There was nothing to do.")
    return WRONG if act.reads else 0


def carried_acts() -> dict[str, Act[Any]]:
    """Return every act that a command line can carry, by name."""
    return {name: act for name, act in sorted(ACTS.items()) if is_carried(act)}


# ── words ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


_RULES: Final = re.compile(r" ?\((?:[A-Z]\d+(?:-[A-Z]?\d+)?(?:, )?)+\)")
_ROLE: Final = re.compile(r":(\w+):`~?([\w.]+)`")
_LITERAL: Final = re.compile(r"``([^`]+)``")
_CODE_REFUSED: Final = re.compile(r"CodeRefused: ([^;.]+)")
_QUESTION: Final = re.compile(r"^(Return|Yield) ")
_REASONS: Final = frozenset(Reason)

_EXAMPLES: Final = {
    "amount": "7.50",
    "code": "A123",
    "day": "2021-03-01",
    "ends": "2021-06-30",
    "fact": "2021-03-01T09:00:00+02:00",
    "honour": "2021-02-14",
    "moment": "2021-03-01T09:00:00+02:00",
    "starts": "2021-03-01",
}
"""Examples of the kinds of arguments whose declaration gives none."""

Literal = Callable[[Act[Any], str], str]
"""A function that writes a literal of a docstring, an argument's name in Python or a value, in a door's words."""


@attrs.frozen
class ActWords:
    """An act in words: a sentence, further paragraphs, and the reasons with which it is refused."""

    summary: str
    details: tuple[str, ...]
    reasons: tuple[str, ...]

    def sentence_with(self, word: str) -> str:
        """Return the first sentence with a word, or an empty text."""
        sentences = re.split(r"(?<=[.;]) ", " ".join((self.summary, *self.details)))
        return next((each for each in sentences if word in each.split()), "")


def words_of(act: Act[Any], literal: Literal) -> ActWords:
    """Return the docstring of an act in words without rule ids and Python; ``literal`` writes arguments and values."""
    text = "\n".join(line.strip() for line in (act.body.__doc__ or "").strip().splitlines())
    body, _, raised = text.partition(":raises ")
    summary, *details = (_plain(act, part, literal) for part in body.split("\n\n") if part.strip())
    if (refused := _CODE_REFUSED.search(raised)) is not None:
        details.append(f"It is refused with the code's own reasons when {refused[1]}.")
    reasons = dict.fromkeys(word for word in _LITERAL.findall(raised) if word in _REASONS)
    return ActWords(_QUESTION.sub("Show ", summary), tuple(details), tuple(reasons))


def example_of(param: Param) -> str | None:
    """Return an example of a parameter, if there is one."""
    return param.kind.example or _EXAMPLES.get(param.kind.name)


def default_of(param: Param) -> str | None:
    """Return the default of a parameter as it is written, or ``None`` without one."""
    if param.required or param.default in {None, "", False}:
        return None
    return str(param.default)


def _plain(act: Act[Any], text: str, literal: Literal) -> str:
    text = " ".join(_RULES.sub("", text).split())
    text = text.replace("when ``None``", "when left out").replace("``None``", "nothing")
    text = _ROLE.sub(lambda found: _referred(act, found[2]), text)
    return _LITERAL.sub(lambda found: literal(act, found[1]), text)


def _referred(act: Act[Any], name: str) -> str:
    """Return the name of the act to whose method a docstring refers."""
    last = name.rpartition(".")[2]
    for other in ACTS.values():
        if other.service == act.service and other.method == last:
            return other.name
    return last
