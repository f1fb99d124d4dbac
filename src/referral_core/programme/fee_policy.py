"""What the library proposes to be paid back on early termination (B8)."""

from __future__ import annotations

from referral_core.values.word import Word


class FeePolicy(Word):
    """How the proposed figure comes about; staff enter the note by hand whatever is proposed."""

    NOTHING = "nothing"
    USED = "used"
    """What bills have eaten of the discount."""
    PRO_RATA = "pro-rata"
    """The part of the discount that falls on the days left of the term."""
