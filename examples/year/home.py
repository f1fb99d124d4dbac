"""An account, with what the retailer's systems remember of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

FIRST_NAMES: Final = (
    "Aivar", "Anna", "Anu", "Elena", "Eva", "Georg", "Heli", "Ivan", "Jaan", "Jelena", "Jüri", "Kadri", "Kaie", "Karl",
    "Katrin", "Kristjan", "Liis", "Maarja", "Margus", "Mari", "Marko", "Merike", "Mihkel", "Natalja", "Olga", "Peeter",
    "Piret", "Priit", "Raul", "Rein", "Riina", "Sergei", "Siim", "Taavi", "Tiina", "Toomas", "Tõnu", "Urmas", "Ülle",
    "Õnne",
)  # fmt: skip
_ASCII: Final = str.maketrans("äöüõÄÖÜÕ", "aouoAOUO")


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
        """Note that a contract has ended, unless that is known; with the last one the code ends too."""
        if contract in self.active:
            self.active.remove(contract)
        if not self.active:
            self.code = None
