"""A sign-up: the contract that somebody concludes, and what it brings to whom."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from examples.year.events import Act, Result, Sender, act, cents
from examples.year.seasons import local_day

if TYPE_CHECKING:
    from examples.year.home import Home
    from examples.year.town import Town


@dataclass(frozen=True, slots=True)
class Bond:
    """A referral as the retailer saw it recorded: who referred, and both amounts in cents."""

    referrer: Home
    referrer_cents: int
    referee_cents: int


@dataclass(slots=True, eq=False)
class SignUp:
    """A contract being concluded, which begins at ``starts``."""

    home: Home
    contract: str
    channel: str
    at: int
    starts: int
    product: str = "electricity"
    bond: Bond | None = None

    def conclude(self, sender: Sender, code: str | None = None, **more: object) -> Act:
        """Return the act of concluding it, with a code or without."""
        return act(
            "contract.concluded",
            sender,
            contract=self.contract,
            account=self.home.account,
            customer=self.home.customer,
            product=None if self.product == "electricity" else self.product,
            segment=None if self.home.is_household else self.home.segment,
            starts_on=local_day(self.starts).isoformat(),
            channel=self.channel,
            code=code,
            first_name=self.home.first_name if self.home.is_household else None,
            **more,
        )

    def concluded(self, town: Town, code: str | None, result: Result) -> None:
        """Note what concluding it has brought: a code of its own, a referral."""
        town.learn(self.home, result)
        self.bond = bond(town, code, result)
        if self.bond is not None:
            town.used(self.bond.referrer)


def bond(town: Town, code: str | None, result: Result) -> Bond | None:
    """Return the referral that a result reports, or ``None`` when the code was not usable."""
    referrer = town.owner(code) if code is not None else None
    if referrer is None or result.get("usable") is not True or result.get("outcome") != "done":
        return None
    return Bond(referrer, cents(result["referrer_amount"]), cents(result["referee_amount"]))
