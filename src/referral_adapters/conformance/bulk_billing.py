"""The tests of every billing that takes many grants in one call."""

from __future__ import annotations

from typing import Protocol

import attrs

from referral_adapters.conformance.race import CONTENDERS, Race
from referral_adapters.conformance.samples import NOTHING, PLENTY, TO_THE_LETTER, balance, day, grant
from referral_core.entities.discount_group import Side
from referral_core.entities.grant import Grant
from referral_core.ports.billing import Billing, BulkBilling
from referral_core.values.money import Money


class BillingWithBulk(Billing, BulkBilling, Protocol):
    """A billing that takes grants one by one and many in one call."""


class BulkBillingConformance:
    """Asks for a fixture ``billing``: in euros, answering, with no discount on any account.

    The suite comes on top of ``BillingConformance``.
    """

    def test_many_grants_are_posted_in_one_call(self, billing: BillingWithBulk) -> None:
        """``grant_all`` posts every grant as ``grant`` would, and ``granted_among`` returns the posted keys (B2)."""
        several = _many_grants()
        assert billing.grant_all(several) == {}
        keys = [each.key for each in several]
        assert billing.granted_among([*keys, grant("K999").key]) == frozenset(keys)
        assert [billing.has_grant(key) for key in keys] == [True] * len(keys)
        assert [billing.balance(f"A{number}") for number in range(3)] == [
            balance(granted="45"), balance(granted="51"), balance(granted="57"),
        ]  # fmt: skip
        assert billing.grant_all([]) == {}
        assert billing.granted_among([]) == frozenset()

    def test_a_key_is_posted_once(self, billing: BillingWithBulk) -> None:
        """A known key changes nothing, however it was posted; the other grants of the call are posted (B2)."""
        billing.grant(grant("K1"))
        billing.grant_all([grant("K1"), grant("K2", "3"), grant("K1", "99", on="A2")])
        billing.grant_all([attrs.evolve(grant("K2"), attempts=2), grant("K3", "0.01")])
        billing.grant(grant("K3"))
        assert [billing.balance("A1"), billing.balance("A2")] == [balance(granted="13.01"), balance()]

    def test_one_that_is_refused_holds_up_no_other(self, billing: BillingWithBulk) -> None:
        """``grant_all`` returns the reason of each refusal by key, and posts the other grants."""
        foreign = attrs.evolve(grant("K2"), amount=Money("5", "SEK"))
        refused = billing.grant_all([grant("K1"), foreign, grant("K3")])
        assert {key: str(reason) for key, reason in refused.items()} == {foreign.key: "currency-mismatch"}
        assert billing.granted_among([grant(name).key for name in ("K1", "K2", "K3")]) == {
            grant("K1").key,
            grant("K3").key,
        }
        assert billing.balance("A1") == balance(granted="20")

    def test_nothing_is_posted_as_nothing(self, billing: BillingWithBulk) -> None:
        """A grant of zero is posted under its key and adds nothing to the balance."""
        billing.grant_all([grant("K1", "0"), grant("K2", "4")])
        assert billing.granted_among([grant("K1").key]) == {grant("K1").key}
        assert billing.balance("A1") == balance(granted="4")

    def test_bills_take_the_oldest_first(self, billing: BillingWithBulk) -> None:
        """Grants of one call each count from their own effective moment (B1, B6)."""
        billing.grant(grant("K0", "2", effective=day(3)))
        billing.grant_all([grant("K2", "10", effective=day(5)), grant("K1", "10", effective=day(1))])
        assert billing.bill("B1", "A1", PLENTY, at=day(0)) == NOTHING
        assert billing.bill("B2", "A1", Money("11"), at=day(4)) == Money("11")
        assert billing.bill("B3", "A1", PLENTY, at=day(4)) == Money("1")
        assert billing.bill("B4", "A1", PLENTY, at=day(5)) == Money("10")

    def test_ids_are_taken_to_the_letter(self, billing: BillingWithBulk) -> None:
        """No account and no contract is folded, trimmed or interpreted."""
        billing.grant_all([grant(words, "3", on=words) for words in TO_THE_LETTER])
        assert {billing.balance(words) for words in TO_THE_LETTER} == {balance(granted="3")}
        keys = {grant(words).key for words in TO_THE_LETTER}
        assert billing.granted_among(keys) == keys

    def test_what_many_post_at_once_is_posted_once(self, billing: BillingWithBulk) -> None:
        """Racing calls of ``grant_all``, ``grant`` and ``bill`` post every key once (B2)."""
        several = _many_grants()

        def post(number: int) -> None:
            turned = several[number:] + several[:number]
            if number % 2:
                billing.grant_all(turned)
                return
            for each in turned[:5]:
                billing.grant(each)
            billing.bill(f"B{number}", "A1", Money("2"), at=day(1))

        race = Race(post)
        assert race.lost == []
        balances = [billing.balance(f"A{number}") for number in range(3)]
        assert [each.granted for each in balances] == [Money("45"), Money("51"), Money("57")]
        left = [billing.bill(f"last-{number}", f"A{number}", PLENTY, at=day(1)) for number in range(3)]
        assert left == [each.unused for each in balances]

    def test_who_post_to_one_account_at_once_lose_no_cent(self, billing: BillingWithBulk) -> None:
        """Grants of racing calls to one account are all there for bills to take."""

        def post(number: int) -> None:
            mine = [grant(f"K{number}-{place}", "1", on=f"A{place % 2}") for place in range(20)]
            billing.grant_all(mine[:15])
            for each in mine[15:]:
                billing.grant(each)

        race = Race(post)
        assert race.lost == []
        assert [billing.balance(f"A{n}") for n in range(2)] == [balance(granted=str(10 * CONTENDERS))] * 2
        taken = [billing.bill(f"B{n}", f"A{n}", PLENTY, at=day(1)) for n in range(2)]
        assert taken == [Money(10 * CONTENDERS)] * 2


def _many_grants() -> list[Grant]:
    """Return 18 grants on three accounts, of 0.00 and more."""
    return [
        grant(f"K{number // 2}", str(number), on=f"A{number % 3}", side=tuple(Side)[number % 2]) for number in range(18)
    ]
