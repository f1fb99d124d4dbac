"""What a database keeps about itself."""

from __future__ import annotations

from typing import Final

import attrs
from sqlalchemy import bindparam, select

from referral_adapters.sql.atomic import joined
from referral_adapters.sql.statements import Insertion
from referral_adapters.sql.tables import SETTINGS
from referral_adapters.sql.work import Work
from referral_core.programme.owner import Owner

_NEW: Final = Insertion(SETTINGS)
_VALUE: Final = select(SETTINGS.c.value).where(SETTINGS.c.name == bindparam("of"))


@attrs.frozen
class Settings:
    """Names and values that are written once."""

    work: Work

    @joined
    def claim(self, name: str, value: str) -> bool:
        """Keep a value under a name that has none, and tell whether that was done."""
        return _NEW.into(self.work, {"name": name, "value": value})

    def value(self, name: str) -> str | None:
        """Return the value kept under a name, if there is one."""
        row = self.work.row(_VALUE, {"of": name})
        return None if row is None else str(row.value)

    def owner(self) -> Owner:
        """Return the currency and the zone of the programme that the database belongs to, as far as it keeps them."""
        return Owner(self.value("currency"), self.value("zone"))

    def kept(self, name: str, proposal: str) -> str:
        """Return the value kept under a name: the proposal, if there was none."""
        value = self.value(name)
        if value is None:
            self.claim(name, proposal)
            value = self.value(name)
        return value or proposal
