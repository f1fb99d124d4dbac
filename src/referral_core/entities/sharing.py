"""Sharings: that a code was passed on, and by what means (T2)."""

from __future__ import annotations

from datetime import datetime

import attrs


@attrs.frozen(kw_only=True)
class Sharing:
    """One passing-on of an active code; ``means`` is an open set: link, e-mail, SMS, an app's name."""

    code: str
    account: str
    means: str
    at: datetime
