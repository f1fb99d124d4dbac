"""The tests of every billing that takes back grants, cancels bills, and tells which bills used a grant."""

from __future__ import annotations

from typing import Protocol

import pytest

from referral_adapters.conformance.race import CONTENDERS, Race
from referral_adapters.conformance.samples import NOTHING, PLENTY, TO_THE_LETTER, balance, day, elsewhere, grant
from referral_adapters.conformance.store import refused
from referral_core.entities.balance import Movement, MovementKind, Use
from referral_core.ports.billing import Billing, Cancelling, Reversing, TellingBilling, UseTelling
from referral_core.values.errors import KeyReused, Reason
from referral_core.values.money import Money

K1, K2 = grant("K1").key, grant("K2").key


class ReversingBilling(Billing, Reversing, Cancelling, UseTelling, TellingBilling, Protocol):
    """A billing that takes back grants, cancels bills, and tells of uses and movements."""


class ReversingBillingConformance:
    """Asks for a fixture ``billing``: in euros, answering, with no discount on any account.

    The suite comes on top of ``BillingConformance`` and ``TellingBillingConformance``.
    """

    def test_what_is_unspent_of_a_grant_is_taken_back(self, billing: ReversingBilling) -> None:
        """``take_back`` takes what is unspent of one grant on one account, and returns the amount (B11)."""
        billing.grant(grant("K1", "10"))
        billing.grant(grant("K2", "7"))
        billing.bill("B1", "A1", Money("4"), at=day(1))
        assert billing.take_back(K1, "A1", key="R1", at=day(2)) == Money("6")
        assert billing.balance("A1") == balance(granted="17", consumed="4", taken_back="6")
        assert billing.bill("B2", "A1", PLENTY, at=day(2)) == Money("7")

    def test_a_key_takes_back_once(self, billing: ReversingBilling) -> None:
        """The same reversal again changes nothing and returns the same amount, also when it was nothing (B11)."""
        billing.grant(grant("K1", "10"))
        first = [billing.take_back(K1, account, key=account, at=day(1)) for account in ("A1", "A2")]
        again = [billing.take_back(K1, account, key=account, at=day(2)) for account in ("A1", "A2")]
        assert first == again == [Money("10"), NOTHING]
        assert billing.balance("A1") == balance(granted="10", taken_back="10")
        with pytest.raises(KeyReused):
            billing.take_back(K1, "A2", key="A1", at=day(2))

    def test_nothing_is_taken_back_of_what_is_not_there(self, billing: ReversingBilling) -> None:
        """A grant that is spent, unknown or on another account has nothing to take back, and nothing else changes."""
        billing.grant(grant("K1", "10"))
        billing.grant(grant("K2", "5", on="A2"))
        billing.bill("B1", "A1", Money("10"), at=day(1))
        taken = [billing.take_back(key, "A1", key=f"R {key}", at=day(2)) for key in (K1, K2, grant("K3").key)]
        assert taken == [NOTHING] * 3
        assert billing.balance("A1") == balance(granted="10", consumed="10")
        assert billing.balance("A2") == balance(granted="5")

    def test_it_is_taken_back_where_it_was_moved(self, billing: ReversingBilling) -> None:
        """Parts keep their grant when they are transferred; ``holders`` are the accounts on which some lies (B7)."""
        billing.grant(grant("K1", "10", effective=day(1)))
        billing.grant(grant("K2", "10", effective=day(2)))
        assert billing.holders(K1) == ("A1",)
        billing.transfer("A1", "A2", Money("4"), at=day(3), key="T1")
        billing.transfer("A2", "A3", Money("3"), at=day(3), key="T2")
        assert [billing.holders(K1), billing.holders(K2)] == [("A1", "A2", "A3"), ("A1",)]
        taken = [billing.take_back(K1, account, key=account, at=day(4)) for account in ("A1", "A2", "A3")]
        assert taken == [Money("6"), Money("1"), Money("3")]
        assert billing.holders(K1) == ()
        assert billing.balance("A3") == balance(transferred_in="3", taken_back="3")
        assert billing.balance("A1").unused == Money("10")

    def test_what_is_being_taken_back_moves_no_more(self, billing: ReversingBilling) -> None:
        """After the first reversal of a grant a transfer leaves what remains of it on other accounts (B11)."""
        billing.grant(grant("K1", "10", effective=day(1)))
        billing.grant(grant("K2", "2", effective=day(2)))
        billing.transfer("A1", "A2", None, at=day(3), key="T1")
        assert billing.take_back(K1, "A1", key="R1", at=day(4)) == NOTHING
        assert billing.transfer("A2", "A1", None, at=day(5), key="T2") == Money("2")
        with refused(Reason.AMOUNT_EXCEEDS_UNUSED):
            billing.transfer("A2", "A1", Money("1"), at=day(5), key="T3")
        assert billing.holders(K1) == ("A2",)

    def test_a_cancelled_bill_gives_back_what_it_took(self, billing: ReversingBilling) -> None:
        """``cancel_bill`` returns what the bill had taken, which comes back as old as it was (B12)."""
        billing.grant(grant("K1", "10", effective=day(1)))
        billing.grant(grant("K2", "10", effective=day(3)))
        billing.bill("B1", "A1", Money("12"), at=day(4))
        assert billing.cancel_bill("B1", at=day(5)) == Money("12")
        assert billing.balance("A1") == balance(granted="20")
        assert [each.effective_from for each in billing.balance("A1").parts] == [day(1), day(3)]
        assert billing.bill("B2", "A1", PLENTY, at=day(2), recorded_at=day(6)) == Money("10")

    def test_a_bill_is_cancelled_once(self, billing: ReversingBilling) -> None:
        """Cancelled again, a bill changes nothing; its number stays used; an unknown one is ``bill-unknown`` (B12)."""
        billing.grant(grant("K1", "10"))
        billing.bill("B1", "A1", Money("4"), at=day(1))
        billing.bill("B0", "A2", Money("4"), at=day(1))
        given = [billing.cancel_bill(bill, at=day(number)) for number, bill in enumerate(("B1", "B1", "B0", "B0"), 2)]
        assert given == [Money("4"), Money("4"), NOTHING, NOTHING]
        assert billing.balance("A1") == balance(granted="10")
        with refused(Reason.BILL_EXISTS):
            billing.bill("B1", "A1", Money("4"), at=day(5))
        with refused(Reason.BILL_UNKNOWN):
            billing.cancel_bill("B9", at=day(5))

    def test_what_comes_back_to_a_grant_taken_back_is_taken_back_at_once(self, billing: ReversingBilling) -> None:
        """A cancelled bill gives back to other grants; what was of the one taken back goes as well (B12)."""
        billing.grant(grant("K1", "5", effective=day(1)))
        billing.grant(grant("K2", "10", effective=day(2)))
        billing.bill("B1", "A1", Money("7"), at=day(3))
        assert billing.take_back(K1, "A1", key="R1", at=day(4)) == NOTHING
        assert billing.cancel_bill("B1", at=day(5)) == Money("7")
        assert billing.balance("A1") == balance(granted="15", taken_back="5")
        assert billing.holders(K1) == ()
        assert billing.bill("B2", "A1", PLENTY, at=day(6)) == Money("10")

    def test_it_comes_back_to_the_account_that_was_billed(self, billing: ReversingBilling) -> None:
        """What a bill took after a transfer comes back to the bill's account."""
        billing.grant(grant("K1", "10"))
        billing.transfer("A1", "A2", None, at=day(1), key="T1")
        billing.bill("B1", "A2", Money("4"), at=day(2))
        billing.transfer("A2", "A1", None, at=day(3), key="T2")
        billing.cancel_bill("B1", at=day(4))
        assert [billing.balance(account).unused for account in ("A1", "A2")] == [Money("6"), Money("4")]
        assert billing.holders(K1) == ("A1", "A2")

    def test_the_uses_of_a_grant_are_told(self, billing: ReversingBilling) -> None:
        """``uses`` tells what each bill took of a grant, on any account, by moment; cancelled bills are left out."""
        billing.grant(grant("K1", "10", effective=day(1)))
        billing.grant(grant("K2", "10", effective=day(2)))
        billing.bill("B3", "A1", Money("3"), at=day(4), recorded_at=elsewhere(day(6)))
        billing.bill("B2", "A1", Money("2"), at=day(3), recorded_at=day(7))
        billing.transfer("A1", "A2", None, at=day(8), key="T1")
        billing.bill("B1", "A2", Money("7"), at=day(9))
        of_k1 = [_use("B2", "2", 3, 7), _use("B3", "3", 4, 6), _use("B1", "5", 9, 9)]
        assert [*billing.uses(K1)] == of_k1
        assert billing.uses(K2) == (_use("B1", "2", 9, 9),)
        billing.cancel_bill("B3", at=day(10))
        assert [*billing.uses(K1)] == [of_k1[0], of_k1[2]]
        assert [*billing.uses(K1, by=day(9))] == of_k1
        assert [*billing.uses(K1, by=day(6))] == [of_k1[1]]
        assert billing.uses(grant("K3").key) == ()

    def test_they_are_movements(self, billing: ReversingBilling) -> None:
        """Taking back refers to the grant, and a cancelled bill to the bill, also where that is taken back at once."""
        billing.grant(grant("K1", "10", effective=day(1)))
        billing.bill("B1", "A1", Money("4"), at=day(2))
        billing.take_back(K1, "A1", key="R1", at=day(3), recorded_at=day(4))
        billing.cancel_bill("B1", at=day(3), recorded_at=day(5))
        assert billing.movements("A1") == (
            _moved(1, 1, MovementKind.GRANTED, "10", K1, left="10"),
            _moved(2, 2, MovementKind.CONSUMED, "4", "B1", left="6"),
            _moved(3, 4, MovementKind.TAKEN_BACK, "6", K1, left="0"),
            _moved(3, 5, MovementKind.GIVEN_BACK, "4", "B1", left="4"),
            _moved(3, 5, MovementKind.TAKEN_BACK, "4", "B1", left="0"),
        )
        assert [billing.balance("A1", by=day(number)) for number in (3, 4, 5)] == [
            balance(granted="10", consumed="4"),
            balance(granted="10", consumed="4", taken_back="6"),
            balance(granted="10", taken_back="10"),
        ]

    def test_nothing_is_taken_back_or_cancelled_before_it_was_recorded(self, billing: ReversingBilling) -> None:
        """A slow clock makes no balance of the past negative (R3)."""
        billing.grant(grant("K1", "10", effective=day(1)), recorded_at=day(5))
        billing.bill("B1", "A1", Money("4"), at=day(6))
        billing.take_back(K1, "A1", key="R1", at=day(2))
        billing.cancel_bill("B1", at=day(3))
        assert [billing.balance("A1", by=day(number)) for number in (4, 5, 6)] == [
            balance(),
            balance(granted="10", taken_back="6"),
            balance(granted="10", taken_back="10"),
        ]

    def test_ids_are_taken_to_the_letter(self, billing: ReversingBilling) -> None:
        """No account, contract, bill or key is folded, trimmed or interpreted."""
        for words in TO_THE_LETTER:
            billing.grant(grant(words, "3", on=words))
            billing.bill(words, words, Money("1"), at=day(1))
        for words in TO_THE_LETTER:
            assert [use.bill for use in billing.uses(grant(words).key)] == [words]
            assert billing.take_back(grant(words).key, words, key=words, at=day(2)) == Money("2")
            assert billing.cancel_bill(words, at=day(2)) == Money("1")

    def test_racing_reversals_take_back_once(self, billing: ReversingBilling) -> None:
        """Of racing reversals under one key one has an effect, and all get the same amount (B11)."""
        billing.grant(grant("K1", "10"))
        race = Race(lambda _: billing.take_back(K1, "A1", key="R1", at=day(1)))
        assert (race.lost, race.won) == ([], [Money("10")] * CONTENDERS)
        assert billing.balance("A1") == balance(granted="10", taken_back="10")

    def test_a_bill_cancelled_by_many_at_once_comes_back_once(self, billing: ReversingBilling) -> None:
        """Of racing cancellings one has an effect, and all get the same amount (B12)."""
        billing.grant(grant("K1", "10"))
        billing.bill("B1", "A1", Money("4"), at=day(1))
        race = Race(lambda _: billing.cancel_bill("B1", at=day(2)))
        assert (race.lost, race.won) == ([], [Money("4")] * CONTENDERS)
        assert billing.balance("A1") == balance(granted="10")

    def test_racing_bills_and_reversals_lose_no_cent(self, billing: ReversingBilling) -> None:
        """Bills, their cancelling and reversals at once take and give every cent once."""
        for number in range(CONTENDERS):
            billing.grant(grant(f"K{number}", "5"))

        def act(number: int) -> Money:
            taken = billing.bill(f"B{number}", "A1", Money("3"), at=day(1))
            back = billing.take_back(grant(f"K{number}").key, "A1", key=f"R{number}", at=day(1))
            if number % 2:
                billing.cancel_bill(f"B{number}", at=day(1))
            return taken + back

        race = Race(act)
        assert race.lost == []
        last = billing.balance("A1")
        assert last.unused == billing.bill("last", "A1", PLENTY, at=day(1))
        assert last.granted == last.consumed + last.taken_back + last.unused


def _use(bill: str, amount: str, moment: int, recorded: int) -> Use:
    return Use(bill=bill, amount=Money(amount), moment=day(moment), recorded_at=day(recorded))


def _moved(moment: int, recorded: int, kind: MovementKind, amount: str, reference: str, *, left: str) -> Movement:
    return Movement(
        moment=day(moment),
        recorded_at=day(recorded),
        kind=kind,
        amount=Money(amount),
        reference=reference,
        balance_after=Money(left),
    )
