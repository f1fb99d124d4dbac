"""What stands in the navigation, by role."""

from __future__ import annotations

from typing import Final

import attrs

from examples.portal.people import Person
from referral_core import Role


@attrs.frozen
class Section:
    """A part of the portal: its path, the key of its name, and the roles it is for; ``None`` is nobody in particular.

    A section is the present one on every page whose path begins with its own.
    """

    path: str
    name: str
    roles: frozenset[Role | None]


CUSTOMERS: Final[frozenset[Role | None]] = frozenset({Role.CUSTOMER})
STAFF: Final[frozenset[Role | None]] = frozenset({Role.AGENT, Role.SUPERVISOR, Role.ADMINISTRATOR})

SECTIONS: Final = (
    Section("/me", "navigation.self-service", CUSTOMERS),
    Section("/sales", "navigation.sales", STAFF),
    Section("/accounts", "navigation.accounts", STAFF),
    Section("/administration", "navigation.administration", frozenset({Role.ADMINISTRATOR})),
    Section("/sign-up", "navigation.sign-up", frozenset({None, Role.CUSTOMER})),
)


def sections(person: Person | None) -> tuple[Section, ...]:
    """Return the sections that somebody, or nobody in particular, may go to."""
    role = None if person is None else person.role
    return tuple(section for section in SECTIONS if role in section.roles)
