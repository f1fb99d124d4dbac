"""The folding of names into ASCII that needs nothing but Python."""

from __future__ import annotations

import unicodedata


class PlainFolding:
    """The port ``Folding`` for Latin letters with marks, ``Õnne`` as ``Onne``; other letters are left out (C10).

    It serves programmes with random codes, which need none. For named codes give a store a better one.
    """

    def to_ascii(self, text: str) -> str:
        """Return ``text`` in ASCII, without what has no ASCII letter in it."""
        return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode("ascii")
