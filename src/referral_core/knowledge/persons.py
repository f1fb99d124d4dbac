"""Persons, whom no history holds."""

from __future__ import annotations

from datetime import datetime

import attrs

from referral_core.entities.personal_data import PersonalData
from referral_core.knowledge.unwritable import unwritable
from referral_core.ports.persons import Persons


@attrs.frozen
class KnownPersons:
    """The port ``Persons``: what is held about somebody is what is held now, so that who was erased stays so (A5)."""

    persons: Persons
    by: datetime

    def find(self, customer: str) -> PersonalData:
        """Return what the store holds about a customer now."""
        return self.persons.find(customer)

    def erase(self, customer: str) -> str:
        """Raise :class:`TypeError`."""
        unwritable(self.by, f"customer {customer}")
