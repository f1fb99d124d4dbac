"""What every adapter of the port ``Billing`` must do."""

from __future__ import annotations

import attrs

from referral_adapters.conformance.race import CONTENDERS, Race
from referral_adapters.conformance.refused import refused
from referral_adapters.conformance.samples import NOTHING, PLENTY, TICK, TO_THE_LETTER, balance, day, elsewhere, grant
from referral_adapters.conformance.transfers import TransfersConformance
from referral_core.entities.discount_group import Side
from referral_core.ports.billing import Billing
from referral_core.values.money import Money
from referral_core.values.reason import Reason


class BillingConformance(TransfersConformance):
    """Asks for a fixture ``billing``: the port, in euros, answering, with no discount on any account.

    On a billing that can only be reached over a network run it against the test system that the vendor offers.
    """

    def test_a_leg_is_posted(self, billing: Billing) -> None:
        """``grant`` posts a leg; ``has_grant`` tells whether one was posted under the key (B2)."""
        leg = grant(amount="12.34")
        assert billing.has_grant(leg.key) is False
        billing.grant(leg)
        assert billing.has_grant(leg.key) is True
        assert billing.has_grant(grant(side=Side.REFEREE).key) is False
        assert billing.balance("A1") == balance(granted="12.34")

    def test_grants_of_an_account_add_up(self, billing: Billing) -> None:
        """There is no limit, and both sides and all referrals are legs of their own (B3)."""
        for leg in (grant("K1", "10"), grant("K1", "7", side=Side.REFEREE), grant("K2", "0.01"), grant("K3", on="A2")):
            billing.grant(leg)
        assert [billing.balance("A1"), billing.balance("A2")] == [balance(granted="17.01"), balance(granted="10")]

    def test_a_key_is_posted_once(self, billing: Billing) -> None:
        """A key that was posted before changes nothing, whatever else is said with it (B2)."""
        billing.grant(grant())
        for again in (grant(), attrs.evolve(grant(), attempts=2), grant(amount="99"), grant(on="A2")):
            billing.grant(again)
        assert [billing.balance("A1"), billing.balance("A2")] == [balance(granted="10"), balance()]

    def test_an_account_without_a_discount_has_a_balance_of_zero(self, billing: Billing) -> None:
        """``balance`` is all zero for an account that never had a discount, and asking makes none."""
        billing.grant(grant(amount="0", on="A2"))
        assert [billing.balance("A1"), billing.balance("A2")] == [balance(), balance()]
        assert billing.bill("B1", "A1", Money("5"), at=day(1)) == NOTHING
        assert billing.balance("A1") == balance()

    def test_a_bill_takes_the_smaller(self, billing: Billing) -> None:
        """``bill`` takes, and returns, the smaller of the bill and the unused discount (B6)."""
        billing.grant(grant(amount="10"))
        taken = [billing.bill(f"B{n}", "A1", Money(bill), at=day(1)) for n, bill in enumerate(("3.33", "0", "9", "5"))]
        assert taken == [Money("3.33"), NOTHING, Money("6.67"), NOTHING]
        assert billing.balance("A1") == balance(granted="10", consumed="10")

    def test_a_bill_takes_from_its_account_only(self, billing: Billing) -> None:
        """Another account's discount is not touched."""
        billing.grant(grant("K1", on="A1"))
        billing.grant(grant("K2", on="A2"))
        assert billing.bill("B1", "A1", PLENTY, at=day(1)) == Money("10")
        assert billing.balance("A2") == balance(granted="10")

    def test_a_bill_takes_what_is_effective_by_then(self, billing: Billing) -> None:
        """A leg counts from the very moment it is effective, however that is written (B1)."""
        billing.grant(grant("K1", "1", effective=elsewhere(day(1))))
        billing.grant(grant("K2", "2", effective=day(2)))
        moments = (day(1) - TICK, elsewhere(day(1)), day(2) - TICK, elsewhere(day(2)))
        taken = [billing.bill(f"B{number}", "A1", PLENTY, at=moment) for number, moment in enumerate(moments)]
        assert taken == [NOTHING, Money("1"), NOTHING, Money("2")]

    def test_a_bill_takes_the_oldest_first(self, billing: Billing) -> None:
        """Oldest is what is effective first, not what was posted first: the younger is left for a later day (B6)."""
        billing.grant(grant("K2", "10", effective=day(5)))
        billing.grant(grant("K1", "10", effective=day(1)))
        assert billing.bill("B1", "A1", Money("10"), at=day(5)) == Money("10")
        assert billing.bill("B2", "A1", Money("10"), at=day(4)) == NOTHING
        assert billing.bill("B3", "A1", Money("10"), at=day(5)) == Money("10")

    def test_a_bill_is_taken_into_account_once(self, billing: Billing) -> None:
        """``bill`` refuses ``bill-exists`` the second time, also if it took nothing, and changes nothing (B6)."""
        billing.bill("B1", "A1", Money("4"), at=day(1))
        billing.grant(grant(amount="10"))
        billing.bill("B2", "A1", Money("4"), at=day(1))
        for number, account in (("B1", "A1"), ("B2", "A1"), ("B2", "A2")):
            with refused(Reason.BILL_EXISTS):
                billing.bill(number, account, Money("4"), at=day(2))
        assert billing.balance("A1") == balance(granted="10", consumed="4")

    def test_every_cent_is_accounted_for(self, billing: Billing) -> None:
        """Granted and transferred in are consumed, transferred out or unused, on each account, to the cent."""
        accounts = ["A1", "A2", "A3"]
        for number in range(30):
            source, target = accounts[number % 3], accounts[(number * 7 + 1) % 3]
            billing.grant(grant(f"K{number}", f"{number % 4}.{number:02}", on=source, effective=day(number % 5)))
            billing.bill(f"B{number}", target, Money(f"{number % 3}.99"), at=day(number % 6))
            part = min(Money("1.11"), billing.balance(source).unused)
            billing.transfer(source, target, part, at=day(6), key=f"T{number}")
        balances = [billing.balance(account) for account in accounts]
        taken = [billing.bill(f"last-{account}", account, PLENTY, at=day(9)) for account in accounts]
        assert taken == [each.unused for each in balances]
        assert Money.total(each.transferred_in for each in balances) == Money.total(
            each.transferred_out for each in balances
        )

    def test_a_balance_is_told_as_of_a_moment(self, billing: Billing) -> None:
        """With ``by`` a leg counts from when it is effective, whenever it was posted, a bill from its ``at`` (R3)."""
        billing.grant(grant("K2", "7", effective=elsewhere(day(3))))
        billing.grant(grant("K1", "10", effective=day(1)))
        billing.bill("B1", "A1", Money("4"), at=elsewhere(day(4)))
        told = {
            day(1) - TICK: balance(),
            elsewhere(day(1)): balance(granted="10"),
            day(3) - TICK: balance(granted="10"),
            day(3): balance(granted="17"),
            day(4) - TICK: balance(granted="17"),
            day(4): balance(granted="17", consumed="4"),
        }
        assert {moment: billing.balance("A1", by=moment) for moment in told} == told
        assert billing.balance("A1") == billing.balance("A1", by=day(9)) == balance(granted="17", consumed="4")

    def test_what_arrives_late_moves_after_what_moved_before(self, billing: Billing) -> None:
        """A bill of an earlier moment than what it takes from was learned later; no balance is ever short (R3)."""
        billing.grant(grant("K1", "10", effective=day(1)))
        billing.transfer("A1", "A2", None, at=day(5), key="T1")
        billing.bill("B1", "A2", Money("4"), at=day(2))
        billing.grant(grant("K2", "1", on="A2", effective=day(3)))
        assert [billing.balance("A2", by=day(number)) for number in (2, 3, 5)] == [
            balance(),
            balance(granted="1"),
            balance(granted="1", transferred_in="10", consumed="4"),
        ]

    def test_ids_are_taken_to_the_letter(self, billing: Billing) -> None:
        """No account, contract or bill is folded, trimmed or interpreted."""
        for words in TO_THE_LETTER:
            billing.grant(grant(words, "3", on=words))
            assert billing.bill(words, words, Money("1"), at=day(1)) == Money("1")
            assert billing.transfer(words, "other", Money("1"), at=day(1), key=words) == Money("1")
        assert {billing.balance(words) for words in TO_THE_LETTER} == {
            balance(granted="3", consumed="1", transferred_out="1")
        }

    def test_a_leg_posted_by_many_at_once_is_posted_once(self, billing: Billing) -> None:
        """Safe to call from many threads at once (B2)."""
        billing.grant(grant("K2"))
        Race(lambda number: billing.grant(attrs.evolve(grant("K1"), attempts=number)))
        assert billing.balance("A1") == balance(granted="20")
        assert billing.bill("B1", "A1", PLENTY, at=day(1)) == Money("20")

    def test_a_bill_sent_by_many_at_once_counts_once(self, billing: Billing) -> None:
        """Safe to call from many threads at once: the others are told ``bill-exists``."""
        billing.grant(grant(amount="100"))
        race = Race(lambda _: billing.bill("B1", "A1", Money("7"), at=day(1)))
        assert (race.won, race.lost) == ([Money("7")], [Reason.BILL_EXISTS] * (CONTENDERS - 1))
        assert billing.balance("A1") == balance(granted="100", consumed="7")

    def test_racing_bills_take_no_cent_twice(self, billing: Billing) -> None:
        """Safe to call from many threads at once: together they take what there is."""
        for number in range(CONTENDERS):
            billing.grant(grant(f"K{number}", "5"))
        race = Race(lambda number: [billing.bill(f"B{number}-{n}", "A1", Money("3"), at=day(1)) for n in range(2)])
        assert Money.total(each for taken in race.won for each in taken) == Money(5 * CONTENDERS)
        assert billing.balance("A1").unused == NOTHING
