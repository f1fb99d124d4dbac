"""Entity tags: what tells one answer from another, and one state of what it shows from another (RFC 9110, 8.8.3)."""

from __future__ import annotations

from hashlib import blake2b
from typing import Final

_DIGEST: Final = 16


def digest_of(content: bytes) -> str:
    """Return what is the same for the same bytes, whoever asks."""
    return blake2b(content, digest_size=_DIGEST).hexdigest()


def etag_of(body: bytes, revision: str | None = None) -> str:
    """Return the entity tag of an answer: the digest of the answer, and behind it the revision of what it shows.

    ``If-None-Match`` goes by both, ``If-Match`` by the revision: what an answer says may change with time or from one
    endpoint to another, and what is stored is still what was seen.
    """
    digest = digest_of(body)
    return f'"{digest}"' if revision is None else f'"{digest}-{revision}"'
