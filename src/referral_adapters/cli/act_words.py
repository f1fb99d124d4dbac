"""What the declarations of acts say, in words for who uses them: no rule ids, no Python."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

import attrs

from referral_core.acts import Act, Param
from referral_core.session import ACTS
from referral_core.values.errors import Reason

_RULES: Final = re.compile(r" ?\((?:[A-Z]\d+(?:-[A-Z]?\d+)?(?:, )?)+\)")
_ROLE: Final = re.compile(r":(\w+):`~?([\w.]+)`")
_LITERAL: Final = re.compile(r"``([^`]+)``")
_CODE_REFUSED: Final = re.compile(r"CodeRefused: ([^;.]+)")
_ASKED: Final = re.compile(r"^(Return|Yield) ")
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
"""How a kind of argument is written, where its declaration gives no example."""

Literal = Callable[[Act[Any], str], str]
"""Says how something is written that a docstring sets apart: an argument by its name in Python, or a value."""


@attrs.frozen
class ActWords:
    """An act in words: one sentence, what there is to know besides, and the reasons with which it is refused."""

    summary: str
    details: tuple[str, ...]
    reasons: tuple[str, ...]

    def sentence_with(self, word: str) -> str:
        """Return the sentence that says something of a word, if one does."""
        sentences = re.split(r"(?<=[.;]) ", " ".join((self.summary, *self.details)))
        return next((each for each in sentences if word in each.split()), "")


def words_of(act: Act[Any], literal: Literal) -> ActWords:
    """Return what the docstring of an act says; ``literal`` says how arguments and values are written."""
    text = "\n".join(line.strip() for line in (act.body.__doc__ or "").strip().splitlines())
    told, _, raised = text.partition(":raises ")
    summary, *details = (_plain(act, part, literal) for part in told.split("\n\n") if part.strip())
    if (refused := _CODE_REFUSED.search(raised)) is not None:
        details.append(f"It is refused with the code's own reasons when {refused[1]}.")
    reasons = dict.fromkeys(word for word in _LITERAL.findall(raised) if word in _REASONS)
    return ActWords(_ASKED.sub("Show ", summary), tuple(details), tuple(reasons))


def example_of(param: Param) -> str | None:
    """Return how the values of a parameter are written, if an example says so."""
    return param.kind.example or _EXAMPLES.get(param.kind.name)


def default_of(param: Param) -> str | None:
    """Return what stands for a parameter that is left out, as it is written; ``None`` where nothing does."""
    if param.required or param.default in {None, "", False}:
        return None
    return str(param.default)


def _plain(act: Act[Any], text: str, literal: Literal) -> str:
    text = " ".join(_RULES.sub("", text).split())
    text = text.replace("when ``None``", "when left out").replace("``None``", "nothing")
    text = _ROLE.sub(lambda found: _referred(act, found[2]), text)
    return _LITERAL.sub(lambda found: literal(act, found[1]), text)


def _referred(act: Act[Any], name: str) -> str:
    """Return the name of the act that a docstring refers to by its method."""
    last = name.rpartition(".")[2]
    for other in ACTS.values():
        if other.service == act.service and other.method == last:
            return other.name
    return last
