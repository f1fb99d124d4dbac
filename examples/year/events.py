"""The acts of the feed, as the systems and people of a retailer would send them.

An act becomes a CloudEvent when its turn comes; only then does it get its id and its time.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from examples.year.seasons import written

Event: TypeAlias = dict[str, object]
Result: TypeAlias = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Sender:
    """The sender of an act: a system of the retailer, and the person behind it if there is one."""

    source: str
    actor: str | None = None
    role: str | None = None


PORTAL = Sender("/portal")
BILLING = Sender("/billing")


def customer(name: str) -> Sender:
    """Return a customer at the portal."""
    return Sender("/portal", name, "customer")


def agent(number: int, source: str = "/sales-portal") -> Sender:
    """Return one of the agents, at the sales portal or at a distributor's."""
    return Sender(source, f"AGT-{number:02}", "agent")


SUPERVISOR = Sender("/sales-portal", "SUP-01", "supervisor")
ADMINISTRATOR = Sender("/back-office", "ADM-01", "administrator")


@dataclass(frozen=True, slots=True)
class Act:
    """A type of event with its data and its sender."""

    type: str
    sender: Sender
    data: Event

    def event(self, number: int, at: int) -> Event:
        """Return the act as a CloudEvent."""
        sender = self.sender
        event: Event = {
            "specversion": "1.0",
            "id": f"EVT-{number:09}",
            "source": sender.source,
            "type": self.type,
            "time": written(at),
        }
        if sender.actor is not None:
            event["actor"] = sender.actor
            event["actorrole"] = sender.role
        event["data"] = self.data
        return event


Step: TypeAlias = tuple[int, Act | None]
"""The moment and the act of a story's next step; without an act the story waits until then."""

Story: TypeAlias = Generator[Step, Result, None]
"""A thread of the year: yields its next step and receives the result of the act."""


def act(type_: str, sender: Sender, /, **data: object) -> Act:
    """Return an act, without the fields that are ``None``; ``from_`` writes the field ``from``."""
    return Act(type_, sender, {name.rstrip("_"): value for name, value in data.items() if value is not None})


def took_effect(result: Result) -> bool:
    """Tell whether an act was done, perhaps with a warning."""
    return result.get("outcome") in ("done", "warned")


def cents(amount: object) -> int:
    """Return an amount of a result line, such as ``"7.50"``, in cents."""
    euros, _, rest = str(amount).partition(".")
    return int(euros) * 100 + int(rest.ljust(2, "0")[:2])


def euros(amount: int) -> str:
    """Return an amount in cents as the feed writes it."""
    return f"{amount // 100}.{amount % 100:02}"
