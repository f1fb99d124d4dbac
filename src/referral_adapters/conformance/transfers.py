"""What every adapter of the port ``Billing`` must do with transfers."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from referral_adapters.conformance.race import CONTENDERS, Race
from referral_adapters.conformance.refused import refused
from referral_adapters.conformance.samples import NOTHING, PLENTY, balance, day, grant
from referral_core.ports.billing import Billing
from referral_core.values.money import Money
from referral_core.values.reason import Reason

TURNS: Final = 3
"""How often each contender transfers."""


def parts(billing: Billing, account: str) -> list[tuple[datetime, Money]]:
    """Return what is unused on an account by its age, in order."""
    return [(part.effective_from, part.amount) for part in billing.balance(account).parts]


class TransfersConformance:
    """The part of ``BillingConformance`` that is about moving a discount between accounts (B7)."""

    def test_a_part_is_transferred(self, billing: Billing) -> None:
        """``transfer`` moves an amount between accounts, and returns it (B7)."""
        billing.grant(grant(amount="10"))
        assert billing.transfer("A1", "A2", Money("3.21"), at=day(1), key="T1") == Money("3.21")
        assert billing.transfer("A1", "A2", NOTHING, at=day(1), key="T2") == NOTHING
        assert billing.balance("A1") == balance(granted="10", transferred_out="3.21")
        assert billing.balance("A2") == balance(transferred_in="3.21")

    def test_all_is_transferred_by_default(self, billing: Billing) -> None:
        """``None`` moves all that is unused; from an account without any it moves nothing (B7)."""
        billing.grant(grant(amount="10"))
        billing.bill("B1", "A1", Money("4"), at=day(1))
        sources = ("A1", "A1", "A3")
        moved = [billing.transfer(source, "A2", None, at=day(1), key=f"T{n}") for n, source in enumerate(sources)]
        assert moved == [Money("6"), NOTHING, NOTHING]
        assert billing.balance("A1") == balance(granted="10", consumed="4", transferred_out="6")
        assert billing.bill("B2", "A2", PLENTY, at=day(1)) == Money("6")

    def test_a_transfer_is_told_as_of_a_moment(self, billing: Billing) -> None:
        """With ``by`` a transfer counts from its ``at`` on both sides, never before what moved there already (R3)."""
        billing.grant(grant("K1", "10", effective=day(1)))
        billing.grant(grant("K2", "1", on="A2", effective=day(4)))
        billing.transfer("A1", "A2", Money("3"), at=day(2), key="T1")
        billing.transfer("A1", "A2", Money("2"), at=day(5), key="T2")
        gone = [billing.balance("A1", by=day(number)).transferred_out for number in (3, 4, 5)]
        come = [billing.balance("A2", by=day(number)).transferred_in for number in (3, 4, 5)]
        assert gone == come == [NOTHING, Money("3"), Money("5")]

    def test_no_more_is_transferred_than_there_is(self, billing: Billing) -> None:
        """``transfer`` refuses ``amount-exceeds-unused``, and neither side changes (B7)."""
        billing.grant(grant(amount="10"))
        billing.bill("B1", "A1", Money("4"), at=day(1))
        before = billing.balance("A1")
        for source, amount in (("A1", "6.01"), ("A3", "0.01")):
            with refused(Reason.AMOUNT_EXCEEDS_UNUSED):
                billing.transfer(source, "A2", Money(amount), at=day(1), key=source)
        assert [billing.balance(account) for account in ("A1", "A2", "A3")] == [before, balance(), balance()]

    def test_nothing_is_transferred_twice_under_a_key(self, billing: Billing) -> None:
        """Under a key that was used before nothing is moved again, and what was moved then is returned."""
        billing.grant(grant(amount="10"))
        first = [billing.transfer("A1", "A2", Money("4"), at=day(1), key="T1")]
        first.append(billing.transfer("A3", "A2", None, at=day(1), key="T2"))
        billing.grant(grant("K3", on="A3"))
        again = [billing.transfer("A1", "A2", Money("4"), at=day(2), key="T1")]
        again.append(billing.transfer("A3", "A2", None, at=day(2), key="T2"))
        assert first == again == [Money("4"), NOTHING]
        assert billing.transfer("A1", "A2", None, at=day(3), key="T1") == Money("4")
        assert billing.balance("A2") == balance(transferred_in="4")

    def test_a_key_whose_transfer_was_refused_is_still_new(self, billing: Billing) -> None:
        """A refusal moved nothing, so there is nothing to return later."""
        with refused(Reason.AMOUNT_EXCEEDS_UNUSED):
            billing.transfer("A1", "A2", Money("4"), at=day(1), key="T1")
        billing.grant(grant(amount="10"))
        assert billing.transfer("A1", "A2", Money("4"), at=day(2), key="T1") == Money("4")
        assert billing.balance("A2") == balance(transferred_in="4")

    def test_the_oldest_is_transferred_first(self, billing: Billing) -> None:
        """A part that is moved is the part that is effective first; the younger stays behind (B7)."""
        billing.grant(grant("K2", "10", effective=day(5)))
        billing.grant(grant("K1", "10", effective=day(1)))
        billing.transfer("A1", "A2", Money("10"), at=day(6), key="T1")
        assert billing.bill("B1", "A1", PLENTY, at=day(4)) == NOTHING
        assert billing.bill("B2", "A1", PLENTY, at=day(5)) == Money("10")

    def test_what_is_transferred_stays_as_old_as_it_was(self, billing: Billing) -> None:
        """Each part keeps the moment it is effective from, split or not, and stands in line by it (B6, B7)."""
        billing.grant(grant("K1", "10", effective=day(1)))
        billing.grant(grant("K2", "10", effective=day(5)))
        billing.grant(grant("K3", "10", effective=day(3), on="A2"))
        billing.transfer("A1", "A2", Money("15"), at=day(9), key="T1")
        taken = [billing.bill(f"B{number}", "A2", PLENTY, at=day(number)) for number in range(6)]
        assert taken == [Money(amount) for amount in ("0", "10", "0", "10", "0", "5")]
        assert billing.bill("B9", "A1", PLENTY, at=day(9)) == Money("5")

    def test_a_balance_says_of_what_age_its_parts_are(self, billing: Billing) -> None:
        """``balance`` has parts, oldest first, that add up to what is unused, wherever they were granted (B6, B7)."""
        assert billing.balance("A1").parts == ()
        billing.grant(grant("K2", "10", effective=day(5)))
        billing.grant(grant("K1", "10", effective=day(1)))
        billing.grant(grant("K3", "10", effective=day(3), on="A2"))
        billing.bill("B1", "A1", Money("4"), at=day(6))
        assert parts(billing, "A1") == [(day(1), Money("6")), (day(5), Money("10"))]
        billing.transfer("A1", "A2", Money("8"), at=day(6), key="T1")
        assert parts(billing, "A1") == [(day(5), Money("8"))]
        assert parts(billing, "A2") == [(day(1), Money("6")), (day(3), Money("10")), (day(5), Money("2"))]
        billing.bill("B2", "A1", PLENTY, at=day(6))
        assert parts(billing, "A1") == []

    def test_a_transfer_to_the_same_account_makes_nothing(self, billing: Billing) -> None:
        """Both movements are kept, and what is unused stays the same."""
        billing.grant(grant(amount="10"))
        billing.transfer("A1", "A1", Money("4"), at=day(1), key="T1")
        assert billing.balance("A1") == balance(granted="10", transferred_in="4", transferred_out="4")
        assert billing.bill("B1", "A1", PLENTY, at=day(1)) == Money("10")

    def test_a_transfer_asked_for_by_many_at_once_is_made_once(self, billing: Billing) -> None:
        """Safe to call from many threads at once: under one key all are told the same."""
        billing.grant(grant(amount="100"))
        race = Race(lambda _: billing.transfer("A1", "A2", Money("3"), at=day(1), key="T1"))
        assert (race.lost, race.won) == ([], [Money("3")] * CONTENDERS)
        assert billing.balance("A2") == balance(transferred_in="3")
        assert billing.bill("B1", "A1", PLENTY, at=day(1)) == Money("97")

    def test_racing_transfers_lose_no_cent(self, billing: Billing) -> None:
        """A transfer is one step: to and fro between two accounts, many neither lose, make nor wait for ever."""
        pair = ("A1", "A2")
        for account in pair:
            billing.grant(grant(account, "100", on=account))
        ways = [pair, pair[::-1]] * CONTENDERS

        def transfer(number: int) -> list[Money]:
            keys = [f"{number}-{turn}" for turn in range(TURNS)]
            return [billing.transfer(*ways[number], Money("3"), at=day(1), key=key) for key in keys]

        race = Race(transfer)
        assert (race.lost, race.won) == ([], [[Money("3")] * TURNS] * CONTENDERS)
        moved = str(3 * TURNS * CONTENDERS // 2)
        expected = balance(granted="100", transferred_in=moved, transferred_out=moved)
        assert [billing.balance(account) for account in pair] == [expected, expected]
        taken = [billing.bill(f"last-{account}", account, PLENTY, at=day(1)) for account in pair]
        assert taken == [Money("100"), Money("100")]
