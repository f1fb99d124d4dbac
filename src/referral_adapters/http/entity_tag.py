"""Entity tags: what tells one state of an answer from another (RFC 9110, 8.8.3)."""

from __future__ import annotations

from hashlib import blake2b
from typing import Final

_DIGEST: Final = 16


def etag_of(body: bytes) -> str:
    """Return the entity tag of an answer: the same for the same bytes, whoever answers."""
    return f'"{blake2b(body, digest_size=_DIGEST).hexdigest()}"'
