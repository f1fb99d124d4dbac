"""Actors: the system, the customer or the member of staff who asks for an act (A1)."""

from __future__ import annotations

from collections.abc import Iterable

import attrs

from referral_core.values.channel import is_within_any
from referral_core.values.name import name, names
from referral_core.values.word import Word


class Role(Word):
    """The roles. Each includes the permissions of the one before it; ``system`` has all of them."""

    CUSTOMER = "customer"
    AGENT = "agent"
    SUPERVISOR = "supervisor"
    ADMINISTRATOR = "administrator"
    SYSTEM = "system"


def _id(value: str) -> str:
    return name(value, "actor")


def _segments(values: Iterable[str] | None) -> frozenset[str] | None:
    return None if values is None else names(values, "segments")


def _channels(values: Iterable[str] | None) -> frozenset[str] | None:
    return None if values is None else names(values, "channels")


@attrs.frozen
class Actor:
    """A person or a system that asks for an act.

    ``id`` is the name in the trace; for a customer it is the customer's own id, which decides which accounts are their
    own. ``segments`` limits staff to accounts all of whose contracts lie in these segments (A1). ``channels`` limits an
    external distributor to signing up in these channels and their members, and to seeing the amounts and those sign-ups
    (P2, D6). ``None`` means no limit. All of them are ids, in the normal form NFC, as those that they are compared with
    (D2).

    :raises Refusal: ``name-invalid``: one of them is no id.
    """

    id: str = attrs.field(converter=_id)
    role: Role = Role.SYSTEM
    segments: frozenset[str] | None = attrs.field(default=None, converter=_segments)
    channels: frozenset[str] | None = attrs.field(default=None, converter=_channels)

    @property
    def is_person(self) -> bool:
        """Tell whether the actor is a person, whose manual acts need a reason and are traced (A2)."""
        return self.role is not Role.SYSTEM

    def serves(self, channel: str) -> bool:
        """Tell whether the actor may act in a channel."""
        return self.channels is None or is_within_any(channel, self.channels)

    @classmethod
    def system(cls, id: str = "system") -> Actor:  # noqa: A002 - the field's own name
        """Return a system, which has every permission."""
        return cls(id)


@attrs.frozen
class Asker:
    """Whoever gives the codes of a session, for the limit on guessing them (A4).

    This is the actor of the session, or the visitor in whose place a host's system asks: a customer or a stranger, who
    is no ``actor``. ``address`` is the network address they ask from, ``None`` where there is none.
    """

    actor: Actor | None = None
    address: str | None = None
