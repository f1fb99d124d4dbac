"""What comes over a wire, read in one way by every door: a feed and an API take the same text for the same thing."""

from __future__ import annotations
