"""The port to the folding of names into ASCII."""

from __future__ import annotations

from typing import Protocol


class Folding(Protocol):
    """What turns the letters of a person's name into ASCII, for codes made of names (C10)."""

    def to_ascii(self, text: str) -> str:
        """Return ``text`` in ASCII as its language's readers would write it, ``Õnne`` as ``Onne``.

        What has no ASCII letter is left out, so that the result may be empty.
        """
        ...
