"""How long it takes to replay a year in memory, against only reading its lines as JSON."""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path

from ratio import measured, report, seconds
from referral_adapters.feed import FeedRunner
from referral_adapters.memory import MemoryStore
from referral_core import Programme

sys.path.insert(0, str(Path(__file__).parents[2]))
from examples.year.replay import feed

ACCOUNTS, SEED, KEY = 1_500, 7, "bench"
SECRET = hashlib.sha256(KEY.encode()).digest()


def main() -> None:
    """Measure and print."""
    lines = list(feed(ACCOUNTS, SEED, KEY))

    def replay() -> None:
        programme = Programme.default()
        for _ in FeedRunner(programme, MemoryStore(programme, secret=SECRET)).run(lines):
            pass

    def read() -> None:
        for line in lines:
            json.loads(line)

    ratio = measured(seconds(replay), seconds(read))
    report(f"replaying a line of a year ({len(lines):,} lines)", "json.loads", ratio, "12 ×, aim 6 ×", len(lines))


if __name__ == "__main__":
    main()
