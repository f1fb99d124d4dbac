"""How the texts of promo codes are made (C10)."""

from __future__ import annotations

from referral_core.values.word import Word


class CodeFormat(Word):
    """The two formats of codes that are issued automatically."""

    RANDOM = "random"
    """Eight characters without look-alikes, not to be guessed from other codes."""
    NAMED = "named"
    """First name and year, as in ``MIHKEL2025``."""
