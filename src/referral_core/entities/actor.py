"""Who asks: a system, a customer, or somebody of the staff (A1)."""

from __future__ import annotations

import attrs

from referral_core.values.word import Word


class Role(Word):
    """The roles, each of which may do what the one before it may; ``system`` may do everything."""

    CUSTOMER = "customer"
    AGENT = "agent"
    SUPERVISOR = "supervisor"
    ADMINISTRATOR = "administrator"
    SYSTEM = "system"


@attrs.frozen
class Actor:
    """Somebody or something that asks for an act.

    ``id`` names it in the trace; for a customer it is the customer's own id, which decides whose accounts are theirs.
    ``segments`` limits staff to some segments: to accounts all of whose contracts are in them (A1). ``channels`` limits
    an external distributor to some channels: to signing up in them, and to seeing the amounts and those sign-ups (P2).
    ``None`` means no limit.
    """

    id: str
    role: Role = Role.SYSTEM
    segments: frozenset[str] | None = None
    channels: frozenset[str] | None = None

    @property
    def is_person(self) -> bool:
        """Tell whether this is a person, whose manual acts need a reason and leave a trace (A2)."""
        return self.role is not Role.SYSTEM

    def serves(self, channel: str) -> bool:
        """Tell whether the actor is not limited to other channels."""
        return self.channels is None or channel in self.channels

    @classmethod
    def system(cls, id: str = "system") -> Actor:  # noqa: A002 - the field's own name
        """Return a system, which may do everything the rules allow."""
        return cls(id)
