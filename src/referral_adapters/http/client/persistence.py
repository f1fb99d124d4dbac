"""How hard a client tries."""

from __future__ import annotations

import attrs

from referral_adapters.http.pauses import Pauses


@attrs.frozen(kw_only=True)
class Persistence:
    """How often something is asked for, with what pauses, and how many seconds of pauses there may be in all.

    A service that asks for a longer pause (``Retry-After``) gets it, within the same ``patience``.
    """

    tries: int = 6
    pauses: Pauses = attrs.field(factory=lambda: Pauses(0.2, 10.0))
    patience: float = 60.0

    def __attrs_post_init__(self) -> None:
        if self.tries < 1 or self.patience < 0:
            raise ValueError("something is tried at least once, and no time is negative")
