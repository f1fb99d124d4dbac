"""The look that all tables have: a bold head, a rule, and rows without lines between them."""

from __future__ import annotations

from typing import Final

from rich.box import SIMPLE_HEAD
from rich.table import Table

GAP: Final = 2
"""Blanks between two columns."""


def plain_table(*, show_head: bool = True) -> Table:
    """Return an empty table; nothing stands before its first column or after its last."""
    gap = (0, GAP - 1, 0, 0)  # the box adds one more
    return Table(
        box=SIMPLE_HEAD,
        header_style="bold",
        show_edge=False,
        show_header=show_head,
        pad_edge=False,
        padding=gap,
    )
