"""The code source as it was known."""

from __future__ import annotations

from datetime import datetime

import attrs

from referral_core.knowledge.unwritable import unwritable
from referral_core.ports.code_source import CodeSource


@attrs.frozen
class KnownCodeSource:
    """The port ``CodeSource``, from which nothing is drawn for the past."""

    code_source: CodeSource
    by: datetime

    def secret(self) -> bytes:
        """Return the secret, which never changes."""
        return self.code_source.secret()

    def numbers(self, count: int) -> range:
        """Raise :class:`TypeError`."""
        unwritable(self.by, f"{count} numbers of codes")
