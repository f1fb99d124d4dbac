"""The tests of every repository of reversals."""

from __future__ import annotations

import attrs

from referral_adapters.conformance.race import CONTENDERS, Race
from referral_adapters.conformance.samples import TICK, TO_THE_LETTER, day, elsewhere, grant
from referral_core.entities.discount_group import Side
from referral_core.entities.grant import Grant, GrantStatus
from referral_core.entities.reversal import Reversal
from referral_core.ports.reversals import ReversalRepository
from referral_core.values.money import Money


def reversal(of: str = "K1", *, side: Side = Side.REFERRER, on: str = "A1", at: int = 0) -> Reversal:
    """Return the due reversal of a granted grant."""
    return Reversal.of(_granted(grant(of, side=side)), day(at), on)


def _granted(due: Grant) -> Grant:
    return attrs.evolve(due, status=GrantStatus.GRANTED, wait_until=None)


class ReversalRepositoryConformance:
    """Asks for a fixture ``reversals``: an empty repository of reversals."""

    def test_a_reversal_comes_back_as_it_was_added(self, reversals: ReversalRepository) -> None:
        """``find`` returns a reversal by its key with every field, moments in any offset; ``None`` for another key."""
        waiting = attrs.evolve(reversal("K2"), wait_until=None, problem="no-answer", failed_at=elsewhere(day(3)))
        for each in (reversal(), waiting):
            reversals.add(each)
            assert reversals.find(each.key) == each
        assert reversals.find(reversal("K3").key) is None

    def test_a_known_key_stays_as_it_is(self, reversals: ReversalRepository) -> None:
        """A grant has one reversal an account: a second one with the same key changes nothing (B11)."""
        reversals.add(reversal())
        reversals.add(reversal(at=5))
        assert [*reversals.all()] == [reversal()]

    def test_a_change_is_made_where_nobody_was_quicker(self, reversals: ReversalRepository) -> None:
        """``change`` stores the next state of what is still as it was read, and returns that."""
        several = [reversal("K1"), reversal("K2")]
        for each in several:
            reversals.add(each)
        taken = [each.taken(day(1)) for each in several]
        assert reversals.change([(several[0], taken[0])]) == (taken[0],)
        assert reversals.change([(each, each.taken(day(2))) for each in several]) == (several[1].taken(day(2)),)
        done = taken[0].confirmed(Money("3.21"))
        assert reversals.change([(taken[0], done)]) == (done,)
        assert [*reversals.all()] == [done, several[1].taken(day(2))]

    def test_those_that_wait_no_longer_come_first(self, reversals: ReversalRepository) -> None:
        """``unsettled`` returns those due by a moment, the longest waiting first, up to a limit; no stuck ones."""
        stuck = reversal("K9").failed("cannot-reverse", at=day(0), wait_until=None)
        for each in (reversal("K2", at=2), reversal("K1", at=2), reversal("K3", at=1), reversal("K4", at=3), stuck):
            reversals.add(each)
        first = (reversal("K3", at=1), reversal("K1", at=2), reversal("K2", at=2))
        assert reversals.unsettled(day(3) - TICK, 9) == first
        assert reversals.unsettled(day(3), 2) == first[:2]

    def test_all_come_in_order(self, reversals: ReversalRepository) -> None:
        """``all`` yields those of all accounts by key or of one, and leaves out those taken back if asked to."""
        done = reversal("K2", on="A2").confirmed(Money("1"))
        several = [reversal("K10"), reversal("K2"), done]
        for each in several[::-1]:
            reversals.add(each)
        assert [*reversals.all()] == sorted(several, key=lambda each: each.key)
        assert [*reversals.all(account="A1")] == several[:2]
        assert [*reversals.all(unsettled=True)] == several[:2]
        assert [*reversals.all(account="A2", unsettled=True)] == []

    def test_those_of_a_referral_are_found(self, reversals: ReversalRepository) -> None:
        """``of_referral`` returns the reversals of both sides of one referral, by side and account."""
        several = [reversal(side=Side.REFEREE, on="A2"), reversal(on="A1"), reversal(on="A3")]
        for each in (*several[::-1], reversal("K2")):
            reversals.add(each)
        assert reversals.of_referral("K1") == tuple(several)
        assert reversals.of_referral("K3") == ()

    def test_ids_are_taken_to_the_letter(self, reversals: ReversalRepository) -> None:
        """No contract or account is folded, trimmed or interpreted."""
        for words in TO_THE_LETTER:
            reversals.add(reversal(words, on=words))
        for words in TO_THE_LETTER:
            assert reversals.of_referral(words) == (reversal(words, on=words),)
            assert [*reversals.all(account=words)] == [reversal(words, on=words)]

    def test_of_racing_payers_one_takes_it(self, reversals: ReversalRepository) -> None:
        """Of racing changes of one state one is made (B11)."""
        reversals.add(reversal())
        race = Race(lambda number: reversals.change([(reversal(), reversal().taken(day(number)))]))
        assert sorted(map(len, race.won)) == [0] * (CONTENDERS - 1) + [1]
