"""How long it takes to import the core, against importing what it depends on."""

from __future__ import annotations

import subprocess
import sys

from ratio import measured, report

TIMED = "from time import perf_counter; start = perf_counter(); {}; print(perf_counter() - start)"
DEPENDENCIES = (
    "import attrs, dateutil.relativedelta, dateutil.tz, zoneinfo, decimal, enum, re, json, hashlib, tomllib, typing"
)


def importing(statement: str) -> float:
    """Return the seconds that an import takes in a fresh interpreter."""
    done = subprocess.run([sys.executable, "-c", TIMED.format(statement)], capture_output=True, check=True, text=True)
    return float(done.stdout)


def main() -> None:
    """Measure and print."""
    ratio = measured(lambda: importing("import referral_core"), lambda: importing(DEPENDENCIES), rounds=15)
    report("import referral_core", "import its dependencies", ratio, "2 ×, aim 1.2 ×")


if __name__ == "__main__":
    main()
