"""What keeps a file from being imported at all.

::

    ReferralError
    └── FileRefused        nothing of it was written, or its rest cannot be read
"""

from __future__ import annotations

from referral_core.values.errors import ReferralError


class FileRefused(ReferralError):
    """A file that is not what is imported; its text is one sentence, or one a fault."""
