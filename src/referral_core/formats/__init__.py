"""The formats of promo codes: random and named, with their check character and the words kept out of them (C10)."""

from __future__ import annotations

from typing import Final

import attrs

ALPHABET: Final = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""The 31 characters that do not look alike: digits and letters without 0, 1, I, L and O."""

SHORTEST_KEY: Final = 16
"""The least number of bytes of the key behind codes: 128 bits cannot be searched."""

SECRET: Final = attrs.validators.and_(attrs.validators.instance_of(bytes), attrs.validators.min_len(SHORTEST_KEY))
"""The validator of the key behind codes: at least 16 bytes, which cannot be searched."""


def code_key(secret: bytes) -> bytes:
    """Return a host's secret as the key behind codes.

    :raises ValueError: it has fewer than 16 bytes and could be guessed.
    """
    if len(secret) < SHORTEST_KEY:
        raise ValueError(f"a secret of {len(secret)} bytes can be guessed: give at least {SHORTEST_KEY}")
    return secret
