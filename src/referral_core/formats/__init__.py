"""The formats of promo codes: random and named, with their check character and the words kept out of them (C10)."""

from __future__ import annotations

from typing import Final

import attrs

ALPHABET: Final = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""The 31 characters that do not look alike: digits and letters without 0, 1, I, L and O."""

SHORTEST_KEY: Final = 16
"""How many bytes the key behind codes has at least: 128 bits cannot be tried out."""

SECRET: Final = attrs.validators.and_(attrs.validators.instance_of(bytes), attrs.validators.min_len(SHORTEST_KEY))
"""What the key behind codes must be: at least 16 bytes, so that it cannot be tried out."""


def code_key(secret: bytes) -> bytes:
    """Return a secret that a host gives as the key behind codes.

    :raises ValueError: it has fewer than 16 bytes, so that it could be tried out.
    """
    if len(secret) < SHORTEST_KEY:
        raise ValueError(f"a secret of {len(secret)} bytes can be guessed: give at least {SHORTEST_KEY}")
    return secret
