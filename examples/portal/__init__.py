"""A reference host: the pages through which every story of the programme can be clicked. See README.md."""

from __future__ import annotations

from examples.portal.app import create_portal
from examples.portal.clock import Clock
from examples.portal.people import People

__all__ = ["Clock", "People", "create_portal"]
