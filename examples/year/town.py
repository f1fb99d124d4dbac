"""The retailer's customers: homes and small businesses, their codes, and who told whom.

The town knows of the rules only what a host would know: which code was issued to whom, and roughly what is unused.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Final

from examples.year.events import Result, Story

# Six in a hundred accounts are small firms.
BUSINESS_SHARE: Final = 0.06

# A usual month of a home is about 55 euro, of a firm about 140, before the season; both spread widely.
HOME_BILL: Final = 5_500
BUSINESS_BILL: Final = 14_000
BILL_SPREAD: Final = 0.35

# More than half of those who hear of a code hear it from somebody whose code was used before: so few people bring many
# friends and most bring none, and who brings anybody brings between two and three.
FAME: Final = 0.58

# One in four who gave their code to friends and then lost it does not say so.
SILENT: Final = 0.25

# A third of customers are willing to share, so that by the end of the year almost three in ten have.
SHARERS: Final = 0.35

AGENTS: Final = 24
TRIES: Final = 30

_SIGNS: Final = "ACDEFHJKLMNPRTUVWXY34679"
FIRST_NAMES: Final = (
    "Aivar", "Anna", "Anu", "Elena", "Eva", "Georg", "Heli", "Ivan", "Jaan", "Jelena", "Jüri", "Kadri", "Kaie", "Karl",
    "Katrin", "Kristjan", "Liis", "Maarja", "Margus", "Mari", "Marko", "Merike", "Mihkel", "Natalja", "Olga", "Peeter",
    "Piret", "Priit", "Raul", "Rein", "Riina", "Sergei", "Siim", "Taavi", "Tiina", "Toomas", "Tõnu", "Urmas", "Ülle",
    "Õnne",
)  # fmt: skip
_ASCII: Final = str.maketrans("äöüõÄÖÜÕ", "aouoAOUO")


class Town:
    """All homes in the order of arrival, and the one source of chance."""

    def __init__(self, rng: Random) -> None:
        self.rng = rng
        self.homes: list[Home] = []
        self.sharers: list[Home] = []
        self.begun: list[Story] = []
        self._owners: dict[str, Home] = {}
        self._passed_on: list[Home] = []
        self._famous: list[Home] = []
        self._turns: Counter[str] = Counter()

    def start(self, story: Story) -> None:
        """Let a story run beside the others from now on."""
        self.begun.append(story)

    def turn(self, name: str, every: int) -> bool:
        """Tell whether a rare thing happens this time: first half-way to ``every``, then every ``every`` times.

        A quota and not a chance, so that even a small feed has each rare thing.
        """
        self._turns[name] += 1
        return self._turns[name] % every == (every + 1) // 2 % every

    def build(self, segment: str | None = None, customer: str | None = None) -> Home:
        """Return a new home, of a new customer unless one is named."""
        rng, number = self.rng, len(self.homes) + 1
        segment = segment or ("micro-business" if rng.random() < BUSINESS_SHARE else "household")
        usual = HOME_BILL if segment == "household" else BUSINESS_BILL
        home = Home(
            number,
            customer or f"CUS-{number:06}",
            segment,
            rng.choice(FIRST_NAMES),
            int(usual * rng.lognormvariate(0, BILL_SPREAD)),
        )
        self.homes.append(home)
        return home

    def pick(self, wanted: Callable[[Home], bool]) -> Home | None:
        """Return a home that meets a condition, or ``None`` if a few tries find none."""
        for _ in range(TRIES if self.homes else 0):
            home = self.rng.choice(self.homes)
            if wanted(home):
                return home
        return None

    def agent(self) -> int:
        """Return the number of some agent."""
        return self.rng.randint(1, AGENTS)

    def learn(self, home: Home, result: Result) -> None:
        """Note the code that an act issued, if it did."""
        issued = result.get("issued")
        if isinstance(issued, str):
            home.code = home.last_code = issued
            self._owners[issued] = home

    def owner(self, code: str) -> Home | None:
        """Return the home that a code was issued to."""
        return self._owners.get(code)

    def pass_on(self, home: Home) -> None:
        """Note that a home has shared its code."""
        if home.code is not None and not home.shared:
            home.shared = True
            self._passed_on.append(home)

    def used(self, home: Home) -> None:
        """Note that somebody has used the code of a home."""
        self._famous.append(home)

    def heard(self) -> str | None:
        """Return a code that somebody heard of from a friend; it may have ended since."""
        for _ in range(TRIES if self._passed_on else 0):
            famous = self._famous and self.rng.random() < FAME
            friend = self.rng.choice(self._famous if famous else self._passed_on)
            if friend.code is not None or self.rng.random() < SILENT:
                return friend.last_code
        return None

    def mistyped(self, code: str) -> str:
        """Return a code with one wrong sign."""
        place = self.rng.randrange(len(code))
        wrong = self.rng.choice([sign for sign in _SIGNS if sign != code[place]])
        return code[:place] + wrong + code[place + 1 :]

    def word(self, home: Home) -> str:
        """Return a text that the people of a home might choose as their code."""
        return f"{home.plain_name}{self.rng.randint(1_000, 9_999)}"


@dataclass(slots=True, eq=False)
class Home:
    """The account of a household or of a small firm."""

    number: int
    customer: str
    segment: str
    first_name: str
    usual_bill: int
    code: str | None = None
    last_code: str | None = None
    active: list[str] = field(default_factory=list)
    contracts: int = 0
    owing: bool = False
    shared: bool = False
    unused: int = 0

    @property
    def account(self) -> str:
        """Return the id of the account."""
        return f"ACC-{self.number:06}"

    @property
    def is_household(self) -> bool:
        """Tell whether people live here."""
        return self.segment == "household"

    @property
    def plain_name(self) -> str:
        """Return the first name in the letters that a code may have."""
        return self.first_name.translate(_ASCII).upper()

    def next_contract(self) -> str:
        """Return an id for one more contract."""
        self.contracts += 1
        return f"CON-{self.number:06}-{self.contracts}"

    def activate(self, contract: str) -> None:
        """Note that a contract is in force."""
        self.active.append(contract)
        self.owing = True

    def terminate(self, contract: str) -> None:
        """Note that a contract has ended; with the last contract the code ends too."""
        if contract in self.active:
            self.active.remove(contract)
        if not self.active:
            self.code = None
