"""Rows of the trace as they are published to whoever follows what happens."""

from __future__ import annotations

import attrs

from referral_core.entities.trace_entry import TraceEntry


@attrs.frozen
class Published:
    """A row of the trace with its place among all that was published; ``position`` counts from 1, without gaps."""

    position: int
    entry: TraceEntry
