"""Keys made of several names."""

from __future__ import annotations


def joined_key(*names: str) -> str:
    """Return one key for names in order; as many other names always have another key (B2).

    They are joined by blanks. Where a name itself has a blank, so that others might look the same, the lengths of all
    of them stand in front.

    >>> joined_key("crm", "evt-1"), joined_key("A B", "C"), joined_key("A", "B C")
    ('crm evt-1', '3 1 A B C', '1 3 A B C')
    """
    joined = " ".join(names)
    if joined.count(" ") < len(names):
        return joined
    return " ".join([*(str(len(name)) for name in names), joined])
