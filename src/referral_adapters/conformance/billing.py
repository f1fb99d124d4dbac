"""The tests of every billing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import attrs
import pytest

from referral_adapters.conformance.race import CONTENDERS, Race
from referral_adapters.conformance.samples import NOTHING, PLENTY, TICK, TO_THE_LETTER, balance, day, elsewhere, grant
from referral_adapters.conformance.store import refused
from referral_core.entities.discount_group import Side
from referral_core.ports.billing import Billing
from referral_core.values.errors import KeyReused, Reason
from referral_core.values.money import Money

TURNS: Final = 3
"""How often each contender transfers."""
NO_TIME: Final = timedelta()


class BillingConformance:
    """Asks for a fixture ``billing``: in euros, answering, with no discount on any account.

    For a billing behind a network run the suite against the test system of its vendor.
    """

    def test_a_grant_is_posted(self, billing: Billing) -> None:
        """``grant`` posts a grant, and ``has_grant`` tells whether a grant was posted under a key (B2)."""
        due = grant(amount="12.34")
        assert billing.has_grant(due.key) is False
        billing.grant(due)
        assert billing.has_grant(due.key) is True
        assert billing.has_grant(grant(side=Side.REFEREE).key) is False
        assert billing.balance("A1") == balance(granted="12.34")

    def test_grants_of_an_account_add_up(self, billing: Billing) -> None:
        """The number of grants has no limit; both sides of every referral have a grant each (B3)."""
        for each in (grant("K1", "10"), grant("K1", "7", side=Side.REFEREE), grant("K2", "0.01"), grant("K3", on="A2")):
            billing.grant(each)
        assert [billing.balance("A1"), billing.balance("A2")] == [balance(granted="17.01"), balance(granted="10")]

    def test_a_key_is_posted_once(self, billing: Billing) -> None:
        """A second posting under a key changes nothing, whatever its amount or account (B2)."""
        billing.grant(grant())
        for again in (grant(), attrs.evolve(grant(), attempts=2), grant(amount="99"), grant(on="A2")):
            billing.grant(again)
        assert [billing.balance("A1"), billing.balance("A2")] == [balance(granted="10"), balance()]

    def test_an_account_without_a_discount_has_a_balance_of_zero(self, billing: Billing) -> None:
        """``balance`` of an account without a discount is zero throughout, and the question creates no discount."""
        billing.grant(grant(amount="0", on="A2"))
        assert [billing.balance("A1"), billing.balance("A2")] == [balance(), balance()]
        assert billing.bill("B1", "A1", Money("5"), at=day(1)) == NOTHING
        assert billing.balance("A1") == balance()

    def test_a_bill_takes_the_smaller(self, billing: Billing) -> None:
        """``bill`` takes and returns the smaller of the bill and the unused discount (B6)."""
        billing.grant(grant(amount="10"))
        taken = [billing.bill(f"B{n}", "A1", Money(bill), at=day(1)) for n, bill in enumerate(("3.33", "0", "9", "5"))]
        assert taken == [Money("3.33"), NOTHING, Money("6.67"), NOTHING]
        assert billing.balance("A1") == balance(granted="10", consumed="10")

    def test_a_bill_takes_from_its_account_only(self, billing: Billing) -> None:
        """A bill leaves the discount of every other account alone."""
        billing.grant(grant("K1", on="A1"))
        billing.grant(grant("K2", on="A2"))
        assert billing.bill("B1", "A1", PLENTY, at=day(1)) == Money("10")
        assert billing.balance("A2") == balance(granted="10")

    def test_a_bill_takes_what_is_effective_by_then(self, billing: Billing) -> None:
        """A bill takes from a grant once the grant is effective, in whatever offset that is written (B1)."""
        billing.grant(grant("K1", "1", effective=elsewhere(day(1))))
        billing.grant(grant("K2", "2", effective=day(2)))
        moments = (day(1) - TICK, elsewhere(day(1)), day(2) - TICK, elsewhere(day(2)))
        taken = [billing.bill(f"B{number}", "A1", PLENTY, at=moment) for number, moment in enumerate(moments)]
        assert taken == [NOTHING, Money("1"), NOTHING, Money("2")]

    def test_a_bill_takes_the_oldest_first(self, billing: Billing) -> None:
        """The oldest grant is the one effective first, not the one posted first; the younger one stays (B6).

        Of one age the grant whose key comes first is used first.
        """
        billing.grant(grant("K2", "10", effective=day(5)))
        billing.grant(grant("K1", "10", effective=day(1)))
        assert billing.bill("B1", "A1", Money("10"), at=day(5)) == Money("10")
        assert billing.bill("B2", "A1", Money("10"), at=day(4)) == NOTHING
        assert billing.bill("B3", "A1", Money("10"), at=day(5)) == Money("10")

    def test_a_bill_is_taken_into_account_once(self, billing: Billing) -> None:
        """``bill`` refuses a known bill by ``bill-exists``, also one that took nothing, and changes nothing (B6)."""
        billing.bill("B1", "A1", Money("4"), at=day(1))
        billing.grant(grant(amount="10"))
        billing.bill("B2", "A1", Money("4"), at=day(1))
        for number, account in (("B1", "A1"), ("B2", "A1"), ("B2", "A2")):
            with refused(Reason.BILL_EXISTS):
                billing.bill(number, account, Money("4"), at=day(2))
        assert billing.balance("A1") == balance(granted="10", consumed="4")

    def test_every_cent_is_accounted_for(self, billing: Billing) -> None:
        """On each account granted + transferred in = consumed + transferred out + unused, to the cent (B6, B7)."""
        accounts = ["A1", "A2", "A3"]
        move_about(billing, accounts, rounds=30)
        balances = [billing.balance(account) for account in accounts]
        taken = [billing.bill(f"last-{account}", account, PLENTY, at=day(9)) for account in accounts]
        assert taken == [each.unused for each in balances]
        assert Money.total(each.transferred_in for each in balances) == Money.total(
            each.transferred_out for each in balances
        )

    def test_a_balance_is_that_of_its_moment(self, billing: Billing) -> None:
        """With ``by`` a grant and a bill count from their recording, whenever they happened (M4, R3)."""
        billing.grant(grant("K2", "7", effective=day(1)), recorded_at=elsewhere(day(3)))
        billing.grant(grant("K1", "10", effective=day(1)))
        billing.bill("B1", "A1", Money("4"), at=day(2), recorded_at=elsewhere(day(4)))
        expected = {
            day(1) - TICK: balance(),
            elsewhere(day(1)): balance(granted="10"),
            day(3) - TICK: balance(granted="10"),
            day(3): balance(granted="17"),
            day(4) - TICK: balance(granted="17"),
            day(4): balance(granted="17", consumed="4"),
        }
        assert {moment: billing.balance("A1", by=moment) for moment in expected} == expected
        assert billing.balance("A1") == billing.balance("A1", by=day(9)) == balance(granted="17", consumed="4")

    def test_a_bill_takes_what_was_recorded_before_it(self, billing: Billing) -> None:
        """A bill takes what is effective by its own moment and recorded by its own recording (B13)."""
        billing.grant(grant("K1", "10", effective=day(1)), recorded_at=day(5))
        taken = [
            billing.bill(f"B{number}", "A1", Money("1"), at=day(at), recorded_at=day(recorded) - ago)
            for number, (at, recorded, ago) in enumerate(((4, 5, TICK), (4, 5, NO_TIME), (0, 9, NO_TIME)))
        ]
        assert taken == [NOTHING, Money("1"), NOTHING]
        assert billing.balance("A1", by=day(5) - TICK) == balance()
        assert billing.balance("A1", by=day(5)) == balance(granted="10", consumed="1")

    def test_what_takes_away_is_recorded_no_earlier_than_what_it_takes(self, billing: Billing) -> None:
        """A transfer recorded by a slow clock counts from the recording of what it moves: no balance is negative."""
        billing.grant(grant("K1", "10", effective=day(1)), recorded_at=day(5))
        billing.transfer("A1", "A2", None, at=day(2), key="T1", recorded_at=day(2))
        assert [billing.balance(account, by=day(4)) for account in ("A1", "A2")] == [balance(), balance()]
        assert billing.balance("A2", by=day(5)) == balance(transferred_in="10")
        assert billing.bill("B1", "A2", Money("4"), at=day(2), recorded_at=day(4)) == NOTHING
        assert billing.bill("B2", "A2", Money("4"), at=day(2), recorded_at=day(5)) == Money("4")

    def test_ids_are_taken_to_the_letter(self, billing: Billing) -> None:
        """No account, contract or bill is folded, trimmed or interpreted."""
        for words in TO_THE_LETTER:
            billing.grant(grant(words, "3", on=words))
            assert billing.bill(words, words, Money("1"), at=day(1)) == Money("1")
            assert billing.transfer(words, "other", Money("1"), at=day(1), key=words) == Money("1")
        assert {billing.balance(words) for words in TO_THE_LETTER} == {
            balance(granted="3", consumed="1", transferred_out="1")
        }

    def test_a_grant_posted_by_many_at_once_is_posted_once(self, billing: Billing) -> None:
        """Of racing postings under one key one has an effect (B2)."""
        billing.grant(grant("K2"))
        Race(lambda number: billing.grant(attrs.evolve(grant("K1"), attempts=number)))
        assert billing.balance("A1") == balance(granted="20")
        assert billing.bill("B1", "A1", PLENTY, at=day(1)) == Money("20")

    def test_a_bill_sent_by_many_at_once_counts_once(self, billing: Billing) -> None:
        """Of racing calls with one bill one succeeds, and the others are refused by ``bill-exists``."""
        billing.grant(grant(amount="100"))
        race = Race(lambda _: billing.bill("B1", "A1", Money("7"), at=day(1)))
        assert (race.won, race.lost) == ([Money("7")], [Reason.BILL_EXISTS] * (CONTENDERS - 1))
        assert billing.balance("A1") == balance(granted="100", consumed="7")

    def test_racing_bills_take_no_cent_twice(self, billing: Billing) -> None:
        """Racing bills together take no more than the unused discount."""
        for number in range(CONTENDERS):
            billing.grant(grant(f"K{number}", "5"))
        race = Race(lambda number: [billing.bill(f"B{number}-{n}", "A1", Money("3"), at=day(1)) for n in range(2)])
        assert Money.total(each for taken in race.won for each in taken) == Money(5 * CONTENDERS)
        assert billing.balance("A1").unused == NOTHING

    def test_a_part_is_transferred(self, billing: Billing) -> None:
        """``transfer`` moves an amount from one account to another and returns the amount (B7)."""
        billing.grant(grant(amount="10"))
        assert billing.transfer("A1", "A2", Money("3.21"), at=day(1), key="T1") == Money("3.21")
        assert billing.transfer("A1", "A2", NOTHING, at=day(1), key="T2") == NOTHING
        assert billing.balance("A1") == balance(granted="10", transferred_out="3.21")
        assert billing.balance("A2") == balance(transferred_in="3.21")

    def test_all_is_transferred_by_default(self, billing: Billing) -> None:
        """``None`` moves the whole unused discount, which may be nothing (B7)."""
        billing.grant(grant(amount="10"))
        billing.bill("B1", "A1", Money("4"), at=day(1))
        sources = ("A1", "A1", "A3")
        moved = [billing.transfer(source, "A2", None, at=day(1), key=f"T{n}") for n, source in enumerate(sources)]
        assert moved == [Money("6"), NOTHING, NOTHING]
        assert billing.balance("A1") == balance(granted="10", consumed="4", transferred_out="6")
        assert billing.bill("B2", "A2", PLENTY, at=day(1)) == Money("6")

    def test_a_transfer_counts_from_its_moment(self, billing: Billing) -> None:
        """With ``by`` a transfer counts from its recording on both sides (R3)."""
        billing.grant(grant("K1", "10", effective=day(1)))
        billing.grant(grant("K2", "1", on="A2", effective=day(4)))
        billing.transfer("A1", "A2", Money("3"), at=day(2), key="T1", recorded_at=day(4))
        billing.transfer("A1", "A2", Money("2"), at=day(5), key="T2")
        gone = [billing.balance("A1", by=day(number)).transferred_out for number in (3, 4, 5)]
        come = [billing.balance("A2", by=day(number)).transferred_in for number in (3, 4, 5)]
        assert gone == come == [NOTHING, Money("3"), Money("5")]

    def test_no_more_is_transferred_than_there_is(self, billing: Billing) -> None:
        """``transfer`` refuses more than the unused discount, and neither account changes (B7)."""
        billing.grant(grant(amount="10"))
        billing.bill("B1", "A1", Money("4"), at=day(1))
        before = billing.balance("A1")
        for source, amount in (("A1", "6.01"), ("A3", "0.01")):
            with refused(Reason.AMOUNT_EXCEEDS_UNUSED):
                billing.transfer(source, "A2", Money(amount), at=day(1), key=source)
        assert [billing.balance(account) for account in ("A1", "A2", "A3")] == [before, balance(), balance()]

    def test_nothing_is_transferred_twice_under_a_key(self, billing: Billing) -> None:
        """The same transfer again under its key moves nothing and returns the amount of the first (B2)."""
        billing.grant(grant(amount="10"))
        first = [billing.transfer("A1", "A2", Money("4"), at=day(1), key="T1")]
        first.append(billing.transfer("A3", "A2", None, at=day(1), key="T2"))
        billing.grant(grant("K3", on="A3"))
        again = [billing.transfer("A1", "A2", Money("4"), at=day(2), key="T1")]
        again.append(billing.transfer("A3", "A2", None, at=day(2), key="T2"))
        assert first == again == [Money("4"), NOTHING]
        assert billing.balance("A2") == balance(transferred_in="4")

    def test_all_is_the_amount_that_it_was(self, billing: Billing) -> None:
        """A repetition of a transfer of all may name the amount that was moved, and is the same transfer."""
        billing.grant(grant(amount="10"))
        wanted = (None, Money("10"), None)
        assert {billing.transfer("A1", "A2", each, at=day(1), key="T1") for each in wanted} == {Money("10")}
        assert billing.balance("A2") == balance(transferred_in="10")

    def test_a_key_stands_for_one_transfer(self, billing: Billing) -> None:
        """Another transfer under a known key, of other accounts or another amount, is refused and moves nothing."""
        for account in ("A1", "A2", "A3"):
            billing.grant(grant(f"K-{account}", "10", on=account))
        billing.transfer("A1", "A2", Money("4"), at=day(1), key="T1")
        billing.transfer("A4", "A2", None, at=day(1), key="T2")
        before = [billing.balance(account) for account in ("A1", "A2", "A3")]
        others = [("A2", "A1", "4"), ("A1", "A3", "4"), ("A3", "A2", "4"), ("A1", "A2", "3"), ("A1", "A2", None)]
        for source, target, amount in others:
            with pytest.raises(KeyReused):
                billing.transfer(source, target, None if amount is None else Money(amount), at=day(2), key="T1")
        with pytest.raises(KeyReused):
            billing.transfer("A3", "A2", None, at=day(2), key="T2")
        assert [billing.balance(account) for account in ("A1", "A2", "A3")] == before

    def test_a_key_whose_transfer_was_refused_is_still_new(self, billing: Billing) -> None:
        """A refused transfer leaves its key free."""
        with refused(Reason.AMOUNT_EXCEEDS_UNUSED):
            billing.transfer("A1", "A2", Money("4"), at=day(1), key="T1")
        billing.grant(grant(amount="10"))
        assert billing.transfer("A1", "A2", Money("4"), at=day(2), key="T1") == Money("4")
        assert billing.balance("A2") == balance(transferred_in="4")

    def test_the_oldest_is_transferred_first(self, billing: Billing) -> None:
        """A partial transfer moves the oldest discount, and the younger one stays (B7)."""
        billing.grant(grant("K2", "10", effective=day(5)))
        billing.grant(grant("K1", "10", effective=day(1)))
        billing.transfer("A1", "A2", Money("10"), at=day(6), key="T1")
        assert billing.bill("B1", "A1", PLENTY, at=day(4)) == NOTHING
        assert billing.bill("B2", "A1", PLENTY, at=day(5), recorded_at=day(6)) == Money("10")

    def test_what_is_transferred_stays_as_old_as_it_was(self, billing: Billing) -> None:
        """Each part of a discount keeps its effective moment after a transfer, split or not (B6, B7)."""
        billing.grant(grant("K1", "10", effective=day(1)))
        billing.grant(grant("K2", "10", effective=day(5)))
        billing.grant(grant("K3", "10", effective=day(3), on="A2"))
        billing.transfer("A1", "A2", Money("15"), at=day(9), key="T1")
        days = range(6)
        taken = [billing.bill(f"B{number}", "A2", PLENTY, at=day(number), recorded_at=day(9)) for number in days]
        assert taken == [Money(amount) for amount in ("0", "10", "0", "10", "0", "5")]
        assert billing.bill("B9", "A1", PLENTY, at=day(9)) == Money("5")

    def test_a_balance_says_of_what_age_its_parts_are(self, billing: Billing) -> None:
        """The parts of a balance come oldest first and add up to the unused discount, transferred or not (B6, B7)."""
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
        """A transfer to the same account is recorded on both sides and leaves the unused discount as it was."""
        billing.grant(grant(amount="10"))
        billing.transfer("A1", "A1", Money("4"), at=day(1), key="T1")
        assert billing.balance("A1") == balance(granted="10", transferred_in="4", transferred_out="4")
        assert billing.bill("B1", "A1", PLENTY, at=day(1)) == Money("10")

    def test_a_transfer_asked_for_by_many_at_once_is_made_once(self, billing: Billing) -> None:
        """Racing transfers under one key move once, and all callers get the same amount."""
        billing.grant(grant(amount="100"))
        race = Race(lambda _: billing.transfer("A1", "A2", Money("3"), at=day(1), key="T1"))
        assert (race.lost, race.won) == ([], [Money("3")] * CONTENDERS)
        assert billing.balance("A2") == balance(transferred_in="3")
        assert billing.bill("B1", "A1", PLENTY, at=day(1)) == Money("97")

    def test_racing_transfers_lose_no_cent(self, billing: Billing) -> None:
        """Racing transfers to and fro between two accounts lose and create no cent, and never wait for ever."""
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


def parts(billing: Billing, account: str) -> list[tuple[datetime, Money]]:
    """Return the unused parts of an account with their effective moments, the oldest first."""
    return [(part.effective_from, part.amount) for part in billing.balance(account).parts]


def move_about(billing: Billing, accounts: Sequence[str], *, rounds: int) -> None:
    """Grant, bill and transfer on three accounts by turns, with mixed days and amounts."""
    for number in range(rounds):
        source, target = accounts[number % 3], accounts[(number * 7 + 1) % 3]
        billing.grant(grant(f"K{number}", f"{number % 4}.{number:02}", on=source, effective=day(number % 5)))
        billing.bill(f"B{number}", target, Money(f"{number % 3}.99"), at=day(number % 6))
        part = min(Money("1.11"), billing.balance(source).unused)
        billing.transfer(source, target, part, at=day(6), key=f"T{number}")
