"""Findings: what a look at a database found wrong."""

from __future__ import annotations

import attrs


@attrs.frozen
class Finding:
    """One thing that is not as it must be: which law it breaks, on what, and a sentence that says how."""

    law: str
    subject: str
    message: str
