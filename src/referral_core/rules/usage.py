"""The use of each grant by bills (B6-B8)."""

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
    """A grant, and its part that no bill has used yet, on whichever account that part is now."""

    grant: Grant
    unused: Money

    @property
    def used(self) -> Money:
        """The part that bills have used: never more than was granted."""
        return self.grant.amount - self.unused


def usages(grants: Iterable[Grant], balances: Mapping[str, Balance]) -> tuple[Usage, ...]:
    """Return the use of each of a customer's grants, to whichever account its parts were moved.

    ``grants`` are all grants that billing has confirmed on the customer's accounts, ``balances`` those of the accounts
    by id.

    A part keeps the moment from which it is effective when it is moved (B7). So the unused part of a grant is found by
    its moment on any of the accounts; the rest was used. Billing does not tell grants of one moment apart: among them a
    part is assigned first to a grant on its own account, and the grant whose key comes first is used first. The use of
    all grants together is what all bills took.
    """
    # Unused parts are assigned from the last key on, so that the first key is used first.
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
"""The unused discount that is effective from one moment, by account."""


def _pools(balances: Mapping[str, Balance]) -> defaultdict[datetime, Pool]:
    pools: defaultdict[datetime, Pool] = defaultdict(dict)
    for account, balance in balances.items():
        for part in balance.parts:
            pool = pools[part.effective_from]
            pool[account] = pool.get(account, Money.zero(part.amount.currency)) + part.amount
    return pools


def _taken(pool: Pool, accounts: Iterable[str], most: Money) -> Money:
    """Take up to ``most`` out of a pool, and return the amount taken."""
    missing = most
    for account in accounts:
        there = pool.get(account)
        if there is not None:
            part = min(there, missing)
            pool[account] = there - part
            missing -= part
    return most - missing
