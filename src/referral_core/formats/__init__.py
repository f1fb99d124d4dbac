"""The formats of promo codes: random and named, with their check character and the words kept out of them (C10)."""

from __future__ import annotations

from typing import Final

import attrs

ALPHABET: Final = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""The 31 characters that do not look alike: digits and letters without 0, 1, I, L and O."""

SECRET: Final = attrs.validators.and_(attrs.validators.instance_of(bytes), attrs.validators.min_len(16))
"""What the key behind codes must be: at least 16 bytes, so that it cannot be tried out."""
