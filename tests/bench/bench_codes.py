"""How fast random codes are made, against drawing each of their characters with ``secrets.choice``.

``python tests/bench/bench_codes.py`` prints subject, floor, ratio and target; with ``--memory`` also the memory that
five million codes take beyond that of the first ten thousand.
"""

from __future__ import annotations

import secrets
import sys
import tracemalloc
from collections.abc import Callable
from functools import partial
from statistics import quantiles
from time import perf_counter
from typing import Final

from referral_core.formats import ALPHABET
from referral_core.formats.offensive_words import OffensiveWords
from referral_core.formats.random_codes import RandomCodes
from referral_core.programme.settings import household_words

ROUNDS: Final = 9
ACCOUNTS: Final = 50_000
DRAWN: Final = 8_000  # fewer, since each takes so much longer; both are told per code
TARGET: Final = 3.0

Figures = tuple[str, float, float, float, float, float, float]
"""Subject; microseconds a code of the subject and of the floor; median and quartiles of the ratio; target."""


def run() -> list[Figures]:
    """Measure with no offensive words and with those of the household programme, floor and subject in turn."""
    return [
        measured("texts, no offensive words", RandomCodes(bytes(16), offensive=OffensiveWords(()))),
        measured("texts, household words", RandomCodes(bytes(16), offensive=OffensiveWords(household_words()))),
    ]


def measured(subject: str, codes: RandomCodes) -> Figures:
    """Take the ratio of each round, after warming up, then the median and quartiles of the ratios."""
    rounds = []
    for turn in range(ROUNDS + 1):
        accounts = range(turn * ACCOUNTS, (turn + 1) * ACCOUNTS)
        rounds.append((timed(partial(consume, codes, accounts), ACCOUNTS), timed(draw, DRAWN)))
    warm = rounds[1:]
    lower, ratio, upper = quantiles([floor / made for made, floor in warm], n=4)
    made, floor = (quantiles(column, n=2)[0] for column in zip(*warm, strict=True))
    return subject, made, floor, ratio, lower, upper, TARGET


def draw() -> None:
    """Make codes as one would without this library, blind to collisions, check characters and words."""
    for _ in range(DRAWN):
        "".join(secrets.choice(ALPHABET) for _ in range(8))


def timed(work: Callable[[], None], times: int) -> float:
    """Return the microseconds that each of ``times`` takes."""
    start = perf_counter()
    work()
    return (perf_counter() - start) / times * 1e6


def consume(codes: RandomCodes, accounts: range) -> None:
    """Make the first code of each account and keep none."""
    for account in accounts:
        codes.text(f"A-{account}", 0)


def peak_memory(accounts: int) -> int:
    """Return the most bytes held while making the codes of so many accounts, beyond what is there already."""
    tracemalloc.start()
    consume(RandomCodes(bytes(16), offensive=OffensiveWords(household_words())), range(accounts))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def main() -> None:
    """Print the figures, and the memory when asked for."""
    print(f"{'subject':<28}{'µs/code':>10}{'floor':>10}{'ratio':>8}{'quartiles':>16}{'target':>8}")
    for subject, made, floor, ratio, lower, upper, target in run():
        print(f"{subject:<28}{made:>10.2f}{floor:>10.2f}{ratio:>8.1f}{f'{lower:.1f}-{upper:.1f}':>16}{target:>8.1f}")
    if "--memory" in sys.argv:
        few, many = peak_memory(10_000), peak_memory(5_000_000)
        print(f"peak memory: {few / 2**20:.1f} MiB at 10 thousand codes, {many / 2**20:.1f} MiB at 5 million")


if __name__ == "__main__":
    main()
