"""What every billing must do."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final, Protocol

import attrs

from referral_adapters.conformance.race import CONTENDERS, Race
from referral_adapters.conformance.samples import NOTHING, PLENTY, TICK, TO_THE_LETTER, balance, day, elsewhere, grant
from referral_adapters.conformance.store import refused
from referral_core.entities.balance import Movement, MovementKind
from referral_core.entities.discount_group import Side
from referral_core.entities.grant import Grant
from referral_core.ports.billing import Billing, BulkBilling, TellingBilling
from referral_core.values.errors import Reason
from referral_core.values.money import Money

TURNS: Final = 3
"""How often each contender transfers."""


class WholeBilling(Billing, BulkBilling, Protocol):
    """A billing that takes legs one by one and many in one call."""


class ToldBilling(Billing, TellingBilling, Protocol):
    """A billing that tells its movements."""


def parts(billing: Billing, account: str) -> list[tuple[datetime, Money]]:
    """Return what is unused on an account by its age, in order."""
    return [(part.effective_from, part.amount) for part in billing.balance(account).parts]


class BillingConformance:
    """Asks for a fixture ``billing``: in euros, answering, with no discount on any account.

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
        _move_about(billing, accounts, rounds=30)
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


class BulkBillingConformance:
    """Asks for a fixture ``billing``: in euros, answering, with no discount on any account.

    It comes on top of ``BillingConformance``.
    """

    def test_many_legs_are_posted_in_one_call(self, billing: WholeBilling) -> None:
        """``grant_all`` posts every leg, as ``grant`` would; ``granted_among`` tells which keys were posted (B2)."""
        legs = _many_grants()
        assert billing.grant_all(legs) == {}
        keys = [leg.key for leg in legs]
        assert billing.granted_among([*keys, grant("K999").key]) == frozenset(keys)
        assert [billing.has_grant(key) for key in keys] == [True] * len(keys)
        assert [billing.balance(f"A{number}") for number in range(3)] == [
            balance(granted="45"), balance(granted="51"), balance(granted="57"),
        ]  # fmt: skip
        assert billing.grant_all([]) == {}
        assert billing.granted_among([]) == frozenset()

    def test_a_key_is_posted_once(self, billing: WholeBilling) -> None:
        """A key that was posted before, in either way, changes nothing; the others of the same call are posted (B2)."""
        billing.grant(grant("K1"))
        billing.grant_all([grant("K1"), grant("K2", "3"), grant("K1", "99", on="A2")])
        billing.grant_all([attrs.evolve(grant("K2"), attempts=2), grant("K3", "0.01")])
        billing.grant(grant("K3"))
        assert [billing.balance("A1"), billing.balance("A2")] == [balance(granted="13.01"), balance()]

    def test_one_that_is_refused_holds_up_no_other(self, billing: WholeBilling) -> None:
        """``grant_all`` returns, by key, why a leg was not posted, and posts the others."""
        foreign = attrs.evolve(grant("K2"), amount=Money("5", "SEK"))
        refused = billing.grant_all([grant("K1"), foreign, grant("K3")])
        assert {key: str(reason) for key, reason in refused.items()} == {foreign.key: "currency-mismatch"}
        assert billing.granted_among([grant(name).key for name in ("K1", "K2", "K3")]) == {
            grant("K1").key,
            grant("K3").key,
        }
        assert billing.balance("A1") == balance(granted="20")

    def test_nothing_is_posted_as_nothing(self, billing: WholeBilling) -> None:
        """A leg of zero is posted under its key, and adds nothing."""
        billing.grant_all([grant("K1", "0"), grant("K2", "4")])
        assert billing.granted_among([grant("K1").key]) == {grant("K1").key}
        assert billing.balance("A1") == balance(granted="4")

    def test_bills_take_the_oldest_first(self, billing: WholeBilling) -> None:
        """What was posted together is as old as each leg says, and counts from then (B1, B6)."""
        billing.grant(grant("K0", "2", effective=day(3)))
        billing.grant_all([grant("K2", "10", effective=day(5)), grant("K1", "10", effective=day(1))])
        assert billing.bill("B1", "A1", PLENTY, at=day(0)) == NOTHING
        assert billing.bill("B2", "A1", Money("11"), at=day(4)) == Money("11")
        assert billing.bill("B3", "A1", PLENTY, at=day(4)) == Money("1")
        assert billing.bill("B4", "A1", PLENTY, at=day(5)) == Money("10")

    def test_ids_are_taken_to_the_letter(self, billing: WholeBilling) -> None:
        """No account and no contract is folded, trimmed or interpreted."""
        billing.grant_all([grant(words, "3", on=words) for words in TO_THE_LETTER])
        assert {billing.balance(words) for words in TO_THE_LETTER} == {balance(granted="3")}
        keys = {grant(words).key for words in TO_THE_LETTER}
        assert billing.granted_among(keys) == keys

    def test_what_many_post_at_once_is_posted_once(self, billing: WholeBilling) -> None:
        """Safe to call from many threads at once, beside those who post and bill one by one (B2)."""
        legs = _many_grants()

        def post(number: int) -> None:
            turned = legs[number:] + legs[:number]
            if number % 2:
                billing.grant_all(turned)
                return
            for leg in turned[:5]:
                billing.grant(leg)
            billing.bill(f"B{number}", "A1", Money("2"), at=day(1))

        race = Race(post)
        assert race.lost == []
        balances = [billing.balance(f"A{number}") for number in range(3)]
        assert [each.granted for each in balances] == [Money("45"), Money("51"), Money("57")]
        left = [billing.bill(f"last-{number}", f"A{number}", PLENTY, at=day(1)) for number in range(3)]
        assert left == [each.unused for each in balances]

    def test_who_post_to_one_account_at_once_lose_no_cent(self, billing: WholeBilling) -> None:
        """Safe to call from many threads at once: every leg is there for bills to take, whoever came in between."""

        def post(number: int) -> None:
            mine = [grant(f"K{number}-{place}", "1", on=f"A{place % 2}") for place in range(20)]
            billing.grant_all(mine[:15])
            for leg in mine[15:]:
                billing.grant(leg)

        race = Race(post)
        assert race.lost == []
        assert [billing.balance(f"A{n}") for n in range(2)] == [balance(granted=str(10 * CONTENDERS))] * 2
        taken = [billing.bill(f"B{n}", f"A{n}", PLENTY, at=day(1)) for n in range(2)]
        assert taken == [Money(10 * CONTENDERS)] * 2


def _many_grants() -> list[Grant]:
    """Return 18 legs on three accounts, of 0.00 and more."""
    return [
        grant(f"K{number // 2}", str(number), on=f"A{number % 3}", side=tuple(Side)[number % 2]) for number in range(18)
    ]


class TellingBillingConformance:
    """Asks for a fixture ``billing``: in euros, answering, with no discount on any account.

    It comes on top of ``BillingConformance``.
    """

    def test_nothing_has_moved_on_an_account_without_a_discount(self, billing: ToldBilling) -> None:
        """What was of nothing moved nothing: a leg of zero, a bill that took nothing, an empty transfer."""
        billing.grant(grant("K1", "0"))
        billing.bill("B1", "A1", PLENTY, at=day(1))
        billing.transfer("A1", "A2", None, at=day(1), key="T1")
        assert billing.movements("A1") == billing.movements("A2") == billing.movements("A3") == ()

    def test_each_movement_says_when_what_how_much_and_by_what(self, billing: ToldBilling) -> None:
        """The reference is the leg's key, the bill, or on both sides of a transfer its key (B3, B6, B7)."""
        billing.grant(grant("K1", "10", effective=elsewhere(day(1))))
        billing.bill("B1", "A1", Money("4"), at=elsewhere(day(2)))
        billing.transfer("A1", "A2", Money("1.50"), at=day(3), key="T1")
        assert billing.movements("A1") == (
            _moved(day(1), MovementKind.GRANTED, "10", grant("K1").key, left="10"),
            _moved(day(2), MovementKind.CONSUMED, "4", "B1", left="6"),
            _moved(day(3), MovementKind.TRANSFERRED_OUT, "1.50", "T1", left="4.50"),
        )
        assert billing.movements("A2") == (_moved(day(3), MovementKind.TRANSFERRED_IN, "1.50", "T1", left="1.50"),)

    def test_they_come_in_order_of_moment(self, billing: ToldBilling) -> None:
        """Not as they arrived; what came at one moment is told before what went, each by its reference."""
        billing.grant(grant("K9", "1", effective=day(5)))
        billing.grant(grant("K10", "2", effective=day(5)))
        billing.bill("B1", "A1", Money("3"), at=day(5))
        billing.grant(grant("K2", "4", effective=day(3)))
        billing.grant(grant("K3", "1", on="A2", effective=day(1)))
        billing.transfer("A2", "A1", None, at=day(5), key="T0")
        told = [(each.moment, each.reference, str(each.balance_after.amount)) for each in billing.movements("A1")]
        keys = {named: grant(named).key for named in ("K2", "K9", "K10")}
        assert told == [
            (day(3), keys["K2"], "4.00"),
            (day(5), keys["K10"], "6.00"),
            (day(5), keys["K9"], "7.00"),
            (day(5), "T0", "8.00"),
            (day(5), "B1", "5.00"),
        ]

    def test_they_add_up_to_the_balance(self, billing: ToldBilling) -> None:
        """By kind to its figures, at the end to what is unused, and at every moment to the balance by that moment."""
        accounts = ["A1", "A2", "A3"]
        _move_about(billing, accounts, rounds=18)
        for account in accounts:
            told, balance = billing.movements(account), billing.balance(account)
            assert {kind: _total_of(told, kind) for kind in MovementKind} == {
                MovementKind.GRANTED: balance.granted,
                MovementKind.TRANSFERRED_IN: balance.transferred_in,
                MovementKind.CONSUMED: balance.consumed,
                MovementKind.TRANSFERRED_OUT: balance.transferred_out,
            }
            assert told[-1].balance_after == balance.unused
            last_of_each = {each.moment: each.balance_after for each in told}
            assert last_of_each == {when: billing.balance(account, by=when).unused for when in last_of_each}

    def test_ids_are_taken_to_the_letter(self, billing: ToldBilling) -> None:
        """No account, contract, bill or key is folded, trimmed or interpreted."""
        for words in TO_THE_LETTER:
            billing.grant(grant(words, "3", on=words))
            billing.bill(words, words, Money("1"), at=day(1))
            billing.transfer(words, "other", Money("1"), at=day(1), key=words)
        for words in TO_THE_LETTER:
            told = [each.reference for each in billing.movements(words)]
            assert told == [grant(words).key, words, words]

    def test_what_many_move_at_once_is_all_told(self, billing: ToldBilling) -> None:
        """Safe to call from many threads at once: no movement is lost, and none is told twice."""

        def move(number: int) -> None:
            billing.grant(grant(f"K{number}", "5"))
            billing.bill(f"B{number}", "A1", Money("2"), at=day(1))
            billing.movements("A1")

        race = Race(move)
        told = billing.movements("A1")
        assert race.lost == []
        assert len({each.reference for each in told}) == len(told) == 2 * len(race.won)
        assert told[-1].balance_after == billing.balance("A1").unused


def _moved(moment: datetime, kind: MovementKind, amount: str, reference: str, *, left: str) -> Movement:
    return Movement(moment=moment, kind=kind, amount=Money(amount), reference=reference, balance_after=Money(left))


def _move_about(billing: Billing, accounts: Sequence[str], *, rounds: int) -> None:
    """Grant to, bill and transfer between three accounts, each time other ones, on days and with amounts that mix."""
    for number in range(rounds):
        source, target = accounts[number % 3], accounts[(number * 7 + 1) % 3]
        billing.grant(grant(f"K{number}", f"{number % 4}.{number:02}", on=source, effective=day(number % 5)))
        billing.bill(f"B{number}", target, Money(f"{number % 3}.99"), at=day(number % 6))
        part = min(Money("1.11"), billing.balance(source).unused)
        billing.transfer(source, target, part, at=day(6), key=f"T{number}")


def _total_of(told: tuple[Movement, ...], kind: MovementKind) -> Money:
    return Money.total((each.amount for each in told if each.kind is kind), NOTHING.currency)
