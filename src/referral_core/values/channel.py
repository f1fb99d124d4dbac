"""Channels and their families: ``distributor/shop7`` is a ``distributor``, and so is ``distributor/shop7/till-2`` (D6).

A family needs no list of its members: what stands before a slash is a family of the channel, in every place that names
a channel.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

SEPARATOR: Final = "/"
"""The sign between a family and its members."""


def is_within(channel: str, family: str) -> bool:
    """Tell whether a channel is ``family`` itself or one of its members.

    >>> is_within("distributor/shop7", "distributor"), is_within("distributor", "distributor/shop7")
    (True, False)
    """
    return channel == family or channel.startswith(family + SEPARATOR)


def is_within_any(channel: str, families: Iterable[str]) -> bool:
    """Tell whether a channel is one of ``families`` or a member of one."""
    return any(is_within(channel, family) for family in families)
