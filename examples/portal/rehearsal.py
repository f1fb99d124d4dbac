"""Acts that staff see before they are done: rehearsed and undone, then done only if they bring what was seen."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from functools import partial
from typing import Final, Generic, TypeVar

import attrs

from examples.portal.clock import STEP
from examples.portal.prospect import Prospect
from examples.portal.visit import Visit
from referral_core import Session

T = TypeVar("T")

DOING: Final = "do"
"""The value of the button that does what was shown."""


class _Undone(Exception):
    """Leaves a transaction, so that nothing of it is kept."""


def rehearse(visit: Visit, act: Callable[[Session], T]) -> T:
    """Return what an act would return if it were done now, and leave everything as it is.

    :raises Refusal: the act would be refused.
    """
    world, brought = visit.world, list[T]()

    def played(session: Session) -> None:
        brought[:] = [act(session)]
        raise _Undone

    with contextlib.suppress(_Undone):
        world.desk.run(played, actor=visit.someone().actor, now=world.clock.now + STEP)
    return brought[0]


@attrs.frozen
class Rehearsal(Generic[T]):
    """An act that a form asks for: shown at first, and done when the form is sent again with what was seen in it."""

    visit: Visit
    act: Callable[[Session], T]
    prospect_of: Callable[[T], Prospect]

    def show(self) -> Prospect:
        """Return what the act would bring.

        :raises Refusal: the act would be refused.
        """
        return self.prospect_of(rehearse(self.visit, self.act))

    def was_seen(self, prospect: Prospect) -> bool:
        """Tell whether somebody who was shown this wants it done."""
        fields = self.visit.fields
        return fields.get("step") == DOING and fields.get("seen") == prospect.digest

    def do(self) -> T | None:
        """Do the act and return what it brought; ``None``, and nothing done, while that is not what was seen.

        So nobody gets other amounts than were shown, whatever others changed meanwhile or whatever was typed since.

        :raises Refusal: the act was refused.
        """
        fields = self.visit.fields
        if fields.get("step") != DOING:
            return None
        try:
            watched = partial(self._watched, fields.get("seen", ""))
            return self.visit.world.run(watched, actor=self.visit.someone().actor)
        except _Undone:
            return None

    def _watched(self, seen: str, session: Session) -> T:
        brought = self.act(session)
        if self.prospect_of(brought).digest != seen:
            raise _Undone
        return brought
