"""What every adapter of the port ``Billing`` must do with transfers."""

from __future__ import annotations

from referral_adapters.conformance.race import CONTENDERS, Race
from referral_adapters.conformance.refused import refused
from referral_adapters.conformance.samples import NOTHING, PLENTY, balance, day, grant
from referral_core.ports.billing import Billing
from referral_core.values.money import Money
from referral_core.values.reason import Reason


class TransfersConformance:
    """The part of ``BillingConformance`` that is about moving a discount between accounts (B7)."""

    def test_a_part_is_transferred(self, billing: Billing) -> None:
        """``transfer`` moves an amount between accounts, and returns it (B7)."""
        billing.grant(grant(amount="10"))
        assert billing.transfer("A1", "A2", Money("3.21"), at=day(1)) == Money("3.21")
        assert billing.transfer("A1", "A2", NOTHING, at=day(1)) == NOTHING
        assert billing.balance("A1") == balance(granted="10", transferred_out="3.21")
        assert billing.balance("A2") == balance(transferred_in="3.21")

    def test_all_is_transferred_by_default(self, billing: Billing) -> None:
        """``None`` moves all that is unused; from an account without any it moves nothing (B7)."""
        billing.grant(grant(amount="10"))
        billing.bill("B1", "A1", Money("4"), at=day(1))
        assert billing.transfer("A1", "A2", None, at=day(1)) == Money("6")
        assert billing.transfer("A1", "A2", None, at=day(1)) == billing.transfer("A3", "A2", None, at=day(1)) == NOTHING
        assert billing.balance("A1") == balance(granted="10", consumed="4", transferred_out="6")
        assert billing.bill("B2", "A2", PLENTY, at=day(1)) == Money("6")

    def test_no_more_is_transferred_than_there_is(self, billing: Billing) -> None:
        """``transfer`` refuses ``amount-exceeds-unused``, and neither side changes (B7)."""
        billing.grant(grant(amount="10"))
        billing.bill("B1", "A1", Money("4"), at=day(1))
        before = billing.balance("A1")
        for source, amount in (("A1", "6.01"), ("A3", "0.01")):
            with refused(Reason.AMOUNT_EXCEEDS_UNUSED):
                billing.transfer(source, "A2", Money(amount), at=day(1))
        assert [billing.balance(account) for account in ("A1", "A2", "A3")] == [before, balance(), balance()]

    def test_the_oldest_is_transferred_first(self, billing: Billing) -> None:
        """A part that is moved is the part that is effective first; the younger stays behind (B7)."""
        billing.grant(grant("K2", "10", effective=day(5)))
        billing.grant(grant("K1", "10", effective=day(1)))
        billing.transfer("A1", "A2", Money("10"), at=day(6))
        assert billing.bill("B1", "A1", PLENTY, at=day(4)) == NOTHING
        assert billing.bill("B2", "A1", PLENTY, at=day(5)) == Money("10")

    def test_what_is_transferred_stays_as_old_as_it_was(self, billing: Billing) -> None:
        """Each part keeps the moment it is effective from, split or not, and stands in line by it (B6, B7)."""
        billing.grant(grant("K1", "10", effective=day(1)))
        billing.grant(grant("K2", "10", effective=day(5)))
        billing.grant(grant("K3", "10", effective=day(3), on="A2"))
        billing.transfer("A1", "A2", Money("15"), at=day(9))
        days = [0, 1, 2, 3, 4, 5]
        taken = [billing.bill(f"B{number}", "A2", PLENTY, at=day(number)) for number in days]
        assert taken == [Money(amount) for amount in ("0", "10", "0", "10", "0", "5")]
        assert billing.bill("B9", "A1", PLENTY, at=day(9)) == Money("5")

    def test_a_transfer_to_the_same_account_makes_nothing(self, billing: Billing) -> None:
        """Both movements are kept, and what is unused stays the same."""
        billing.grant(grant(amount="10"))
        billing.transfer("A1", "A1", Money("4"), at=day(1))
        assert billing.balance("A1") == balance(granted="10", transferred_in="4", transferred_out="4")
        assert billing.bill("B1", "A1", PLENTY, at=day(1)) == Money("10")

    def test_racing_transfers_lose_no_cent(self, billing: Billing) -> None:
        """A transfer is one step: to and fro between two accounts, many neither lose, make nor wait for ever."""
        pair = ("A1", "A2")
        for account in pair:
            billing.grant(grant(account, "100", on=account))
        ways = [pair, pair[::-1]] * CONTENDERS
        race = Race(lambda number: [billing.transfer(*ways[number], Money("3"), at=day(1)) for _ in range(3)])
        moved = Money(3 * 3 * CONTENDERS // 2)
        assert (race.lost, race.won) == ([], [[Money("3")] * 3] * CONTENDERS)
        expected = balance(granted="100", transferred_in=str(moved.amount), transferred_out=str(moved.amount))
        assert [billing.balance(account) for account in pair] == [expected, expected]
        taken = [billing.bill(f"last-{account}", account, PLENTY, at=day(1)) for account in pair]
        assert taken == [Money("100"), Money("100")]
