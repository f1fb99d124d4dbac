"""The tests of every store's programme: whom a store belongs to, and who else is refused."""

from __future__ import annotations

from typing import Final

import attrs
import pytest

from referral_adapters.conformance.samples import day
from referral_adapters.conformance.store import Store, everything, furnish
from referral_core.entities.discount_group import DiscountGroup, Side
from referral_core.programme.programme import Programme
from referral_core.programme.settings import GroupSetting
from referral_core.values.errors import Reason, Refusal

_OURS: Final = Programme.default()
_GROWN: Final = attrs.evolve(_OURS, groups=(*_OURS.groups, GroupSetting("fair", Side.REFEREE, "fair")))
_SWEDISH: Final = attrs.evolve(_GROWN, currency="SEK")
_OTHERS: Final = (
    (_SWEDISH, (Reason.CURRENCY_MISMATCH,)),
    (attrs.evolve(_GROWN, zone="Europe/Stockholm"), (Reason.ZONE_MISMATCH,)),
    (attrs.evolve(_SWEDISH, zone="Europe/Stockholm"), (Reason.ZONE_MISMATCH, Reason.CURRENCY_MISMATCH)),
)


class StoreOwnerConformance:
    """Asks for a fixture ``store``: an empty :class:`Store` that no programme was given."""

    def test_the_first_programme_gives_a_store_its_groups(self, store: Store) -> None:
        """A new store gets the programme's groups, enabled and without amounts; one with a programme gets none."""
        store.begin(_OURS)
        assert store.groups.all() == _OURS.initial_groups()
        store.begin(_GROWN)
        assert store.groups.all() == _OURS.initial_groups()

    def test_what_became_of_a_group_stays(self, store: Store) -> None:
        """A programme that is opened again renames no group, and brings none back to its beginnings."""
        store.begin(_OURS)
        first = store.groups.all()[0]
        renamed = DiscountGroup(id=first.id, side=first.side, name="Friends")
        store.groups.put(renamed, at=day(1))
        store.begin(_OURS)
        assert store.groups.find(first.id) == renamed

    def test_a_store_belongs_to_one_programme(self, store: Store) -> None:
        """``begin`` refuses another currency and another zone, names both, and changes nothing."""
        store.begin(_OURS)
        before = everything(store)
        for other, reasons in _OTHERS:
            with pytest.raises(Refusal) as caught:
                store.begin(other)
            assert caught.value.reasons == reasons
            named = [value for value in (other.currency, other.zone) if value not in {_OURS.currency, _OURS.zone}]
            assert all(value in caught.value.message for value in named)
        assert everything(store) == before
        store.begin(_OURS)

    def test_a_store_that_was_used_before_is_not_given_away(self, store: Store) -> None:
        """What a store holds does not change whom it belongs to."""
        store.begin(_OURS)
        with store.transaction():
            for each in store.groups.all():
                store.groups.put(DiscountGroup(id=each.id, side=each.side, name=f"{each.name} then"), at=day(1))
        with pytest.raises(Refusal, match="currency-mismatch"):
            store.begin(attrs.evolve(_OURS, currency="SEK"))

    def test_groups_that_were_there_first_stay(self, store: Store) -> None:
        """A store that was filled before it had a programme keeps all of it."""
        furnish(store)
        before = {group.id for group in store.groups.all()}
        store.begin(attrs.evolve(_OURS, groups=(*_OURS.groups[1:], GroupSetting("fair", Side.REFERRER, "fair")),
                                 referrer_group="fair"))  # fmt: skip
        assert before < {group.id for group in store.groups.all()}
