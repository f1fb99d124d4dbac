"""What bills have taken of each grant (B6-B8)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime

import attrs

from referral_core.entities.balance import Balance
from referral_core.entities.grant import Grant
from referral_core.values.money import Money


@attrs.frozen
class Usage:
    """A grant, and what of it no bill has taken yet, on whichever account that stands by now."""

    grant: Grant
    unused: Money

    @property
    def used(self) -> Money:
        """What bills have taken of it: never more than was granted."""
        return self.grant.amount - self.unused


def usages(grants: Iterable[Grant], balances: Mapping[str, Balance]) -> tuple[Usage, ...]:
    """Say of each of a customer's grants what was used of it, wherever it was moved to.

    ``grants`` are all that billing has confirmed on the customer's accounts, ``balances`` those of the accounts by id.

    A part keeps the moment it is effective from when it is moved (B7). So what is unused of a grant is whatever stands
    on any of the accounts with its moment; the rest was used. Grants of one moment are alike to billing: among them, a
    part is of a grant made to the account it stands on as far as there is one, and a grant whose key comes first is
    used first. What was used of all grants together is what all bills took.
    """
    known = sorted(grants, key=lambda grant: grant.key, reverse=True)
    pools = _pools(balances)
    unused = {}
    for grant in known:
        at_home = pools[grant.effective_from]
        unused[grant.key] = _taken(at_home, [grant.account], grant.amount)
    for grant in known:
        anywhere = pools[grant.effective_from]
        unused[grant.key] += _taken(anywhere, sorted(anywhere), grant.amount - unused[grant.key])
    return tuple(Usage(grant, unused[grant.key]) for grant in known)


Pool = dict[str, Money]
"""By account, what is unused of what is effective from one moment."""


def _pools(balances: Mapping[str, Balance]) -> defaultdict[datetime, Pool]:
    pools: defaultdict[datetime, Pool] = defaultdict(dict)
    for account, balance in balances.items():
        for part in balance.parts:
            pool = pools[part.effective_from]
            pool[account] = pool.get(account, Money.zero(part.amount.currency)) + part.amount
    return pools


def _taken(pool: Pool, accounts: Iterable[str], most: Money) -> Money:
    """Take up to ``most`` out of a pool, and return what was taken."""
    missing = most
    for account in accounts:
        there = pool.get(account)
        if there is not None:
            part = min(there, missing)
            pool[account] = there - part
            missing -= part
    return most - missing
