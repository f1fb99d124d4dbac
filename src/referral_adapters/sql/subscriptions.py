"""Subscriptions in a database."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import attrs
from sqlalchemy import and_, bindparam, or_, select, update

from referral_adapters.sql.atomic import joined
from referral_adapters.sql.outgoing_tables import SUBSCRIPTIONS
from referral_adapters.sql.prepared import Row
from referral_adapters.sql.statements import Insertion, without
from referral_adapters.sql.work import Work
from referral_core.entities.subscription import Subscription
from referral_core.values.moment import moment

_S: Final = SUBSCRIPTIONS.c
_STATE: Final = ("position", "failures", "next_at", "leased_until")
_FIND: Final = select(SUBSCRIPTIONS).where(_S.name == bindparam("of"))
_ALL: Final = select(SUBSCRIPTIONS).order_by(_S.name)
_NEW: Final = Insertion(SUBSCRIPTIONS)
_FREE: Final = [or_(column.is_(None), column <= bindparam("at")) for column in (_S.next_at, _S.leased_until)]
_TAKE: Final = (
    update(SUBSCRIPTIONS)
    .where(_S.name == bindparam("of"), *_FREE)
    .values(leased_until=bindparam("until"))
    .returning(SUBSCRIPTIONS)
)
_AS_BEFORE: Final = and_(
    *[_S[name].is_not_distinct_from(bindparam(f"was_{name}", type_=_S[name].type)) for name in _STATE]
)
_SETTLE: Final = (
    update(SUBSCRIPTIONS)
    .where(_S.name == bindparam("of"), _AS_BEFORE)
    .values({name: bindparam(name, type_=_S[name].type) for name in _STATE})
)


@attrs.frozen
class SqlSubscriptions:
    """The port ``Subscriptions`` in a database, where one statement tells whose a subscription is."""

    work: Work

    def find(self, name: str) -> Subscription | None:
        """Return the subscription of this name."""
        row = self.work.row(_FIND, {"of": name})
        return None if row is None else _subscription_of(row)

    @joined
    def add(self, name: str, position: int) -> bool:
        """Store a new subscription that begins above ``position``; ``False`` if there is one, which stays as it is."""
        return _NEW.into(self.work, _row(Subscription(name, position)))

    @joined
    def take(self, name: str, *, at: datetime, until: datetime) -> Subscription | None:
        """Lease a subscription to the caller alone until a moment, and return it as it is now stored."""
        row = self.work.row(_TAKE, {"of": name, "at": at, "until": until})
        return None if row is None else _subscription_of(row)

    @joined
    def settle(self, before: Subscription, after: Subscription) -> bool:
        """Store the next state, which has the same name, if it is still as ``before`` says.

        :raises ValueError: it has another name.
        """
        if after.name != before.name:
            raise ValueError(f"{after.name} is no state of {before.name}")
        was = {f"was_{name}": value for name, value in without(_row(before), "name").items()}
        return self.work.change(_SETTLE, {"of": before.name, **was, **without(_row(after), "name")}) == 1

    def all(self) -> tuple[Subscription, ...]:
        """Return every subscription, by the code points of the name."""
        return tuple(map(_subscription_of, self.work.rows(_ALL)))


def _row(subscription: Subscription) -> dict[str, Any]:
    return {
        "name": subscription.name,
        "position": subscription.position,
        "failures": subscription.failures,
        "next_at": subscription.next_at,
        "leased_until": subscription.leased_until,
    }


def _subscription_of(row: Row) -> Subscription:
    next_at = None if row.next_at is None else moment(row.next_at)
    leased_until = None if row.leased_until is None else moment(row.leased_until)
    return Subscription(row.name, row.position, row.failures, next_at, leased_until)
