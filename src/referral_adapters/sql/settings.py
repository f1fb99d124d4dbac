"""What a database keeps about itself."""

from __future__ import annotations

from typing import Final

import attrs
from sqlalchemy import bindparam, select

from referral_adapters.sql.atomic import joined
from referral_adapters.sql.statements import Insertion
from referral_adapters.sql.tables import SETTINGS
from referral_adapters.sql.work import Work

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

    def has(self, name: str) -> bool:
        """Tell whether a value is kept under a name."""
        return self.work.row(_VALUE, {"of": name}) is not None

    def kept(self, name: str, proposal: str) -> str:
        """Return the value kept under a name: the proposal, if there was none."""
        row = self.work.row(_VALUE, {"of": name})
        if row is None:
            self.claim(name, proposal)
            row = self.work.row(_VALUE, {"of": name})
        return proposal if row is None else str(row.value)
