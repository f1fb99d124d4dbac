"""One believable year of an electricity retailer in Estonia, as a feed of any size. See README.md."""

from __future__ import annotations

from examples.year.course import year
from examples.year.replay import feed

__all__ = ["feed", "year"]
