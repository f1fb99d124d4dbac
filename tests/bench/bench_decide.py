"""How long a decision on loaded facts takes, against a call that looks up a dictionary and bisects three periods."""

from __future__ import annotations

from bisect import bisect_right
from datetime import UTC, datetime

from ratio import measured, report, seconds
from referral_core import EffectivePeriod, Facts, Money, decide
from referral_core.entities.discount_group import GroupStatus, Terms
from referral_core.entities.promo_code import CodeStatus

PIECES = 50_000
NOW = datetime(2021, 3, 10, tzinfo=UTC)
PERIOD = EffectivePeriod.starting(datetime(2021, 1, 1, tzinfo=UTC))
FACTS = Facts(
    code="A123",
    judged_at=NOW,
    concluded_at=NOW,
    code_status=CodeStatus.ACTIVE,
    referrer_customer="ann",
    referrer_terms=Terms("referrer", GroupStatus.ENABLED, Money("10"), PERIOD),
    referee_terms=Terms("referee-self-service", GroupStatus.ENABLED, Money("7"), PERIOD),
    customer="ben",
)
STARTS = [1, 2, 3]
AMOUNTS = [7, 12, 15]
CODES = {"A123": (STARTS, AMOUNTS)}


def look_up(code: str, at: int) -> int:
    """Return an amount the way the shortest program would."""
    starts, amounts = CODES[code]
    return amounts[bisect_right(starts, at) - 1]


def deciding() -> None:
    """Decide many times."""
    for _ in range(PIECES):
        decide(FACTS)


def looking_up() -> None:
    """Look up as many times."""
    for _ in range(PIECES):
        look_up("A123", 2)


def main() -> None:
    """Measure and print."""
    assert decide(FACTS).usable
    ratio = measured(seconds(deciding), seconds(looking_up))
    report("decide", "call + dict + bisect over 3 periods", ratio, "100 ×, aim 25 ×", PIECES)


if __name__ == "__main__":
    main()
