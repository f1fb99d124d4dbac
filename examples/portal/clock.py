"""The clock of the portal: it stands still until somebody moves it, so that months can be clicked through."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

STEP: Final = timedelta(seconds=1)
"""How far each act moves the clock, so that no two acts happen at the same moment."""


class Clock:
    """The present moment of the programme.

    A clock that is ``kept_in`` a file goes on where it stood; one that is not forgets. Safe to use from many threads.
    """

    def __init__(self, beginning: datetime, *, kept_in: Path | None = None) -> None:
        self._file = kept_in
        self._lock = threading.Lock()
        kept = kept_in is not None and kept_in.exists()
        self._now = datetime.fromisoformat(kept_in.read_text(encoding="utf-8")) if kept_in and kept else beginning

    @property
    def now(self) -> datetime:
        """The present moment, which asking does not change."""
        return self._now

    def tick(self) -> datetime:
        """Return the moment of the next act, a second later than the one before it."""
        with self._lock:
            self._keep(self._now + STEP)
            return self._now

    def move_to(self, moment: datetime) -> None:
        """Move on to a moment; one that has passed leaves the clock where it is."""
        with self._lock:
            self._keep(max(moment, self._now))

    def _keep(self, moment: datetime) -> None:
        if self._file is not None:
            beside = self._file.with_suffix(".new")
            beside.write_text(moment.isoformat(), encoding="utf-8")
            beside.replace(self._file)
        self._now = moment
