"""The tests of every repository of cases."""

from __future__ import annotations

import attrs

from referral_adapters.conformance.race import CONTENDERS, Race
from referral_adapters.conformance.samples import TO_THE_LETTER, case, day, elsewhere, offer
from referral_adapters.conformance.store import refused
from referral_core.entities.case import CarriedOffer
from referral_core.ports.cases import CaseRepository
from referral_core.values.errors import Reason


class CaseRepositoryConformance:
    """Asks for a fixture ``cases``: an empty repository."""

    def test_a_case_is_found_with_what_it_carries(self, cases: CaseRepository) -> None:
        """``find`` returns the case of this id, whole, with its characteristics (K1)."""
        carried = CarriedOffer("A123", offer("10"), offer("7.50", "referee-self-service"))
        opened = attrs.evolve(case(opened=elsewhere(day(0))), carried=carried)
        warned = attrs.evolve(case("S2"), warnings=(Reason.CODE_ENDED, Reason.NO_AMOUNT))
        cases.open(opened)
        cases.open(warned)
        assert cases.find("S1") == attrs.evolve(case(), carried=carried)
        assert cases.find("S2") == warned
        assert cases.find("S3") is None

    def test_a_case_is_opened_once(self, cases: CaseRepository) -> None:
        """``open`` refuses a known id by ``case-exists``, also of a closed case, and changes nothing."""
        cases.open(case())
        for kept in (case(), case().finished("K1", day(1))):
            if kept != case():
                cases.close(kept)
            with refused(Reason.CASE_EXISTS):
                cases.open(case(of="C9"))
            assert list(cases.all()) == [kept]

    def test_a_closed_case_is_found_as_it_was_closed(self, cases: CaseRepository) -> None:
        """``close`` stores a case that was finished or abandoned (K2, K3)."""
        finished, abandoned = case("S1").finished("K1", day(1)), case("S2").abandoned(day(1))
        for each in (case("S1"), case("S2")):
            cases.open(each)
        for each in (finished, abandoned):
            cases.close(each)
        assert list(cases.all()) == [finished, abandoned]
        assert [cases.find("S1"), cases.find("S2")] == [finished, abandoned]

    def test_a_case_is_closed_once(self, cases: CaseRepository) -> None:
        """``close`` refuses a case that is not open by ``case-closed``, and changes nothing (K3)."""
        for number, closed in enumerate((case("S0").finished("K1", day(1)), case("S1").abandoned(day(1)))):
            cases.open(case(closed.id))
            cases.close(closed)
            for again in (case(closed.id).finished("K2", day(1)), case(closed.id).abandoned(day(1)), closed):
                with refused(Reason.CASE_CLOSED):
                    cases.close(again)
            assert cases.find(f"S{number}") == closed

    def test_all_are_in_order_of_id(self, cases: CaseRepository) -> None:
        """``all`` yields every case, open or closed, by the code points of the id."""
        ids = ["S2", "S10", "s1", "ä", "S1"]
        for each in ids:
            cases.open(case(each))
        cases.close(case("S10").abandoned(day(1)))
        assert [each.id for each in cases.all()] == sorted(ids)

    def test_all_may_begin_above_an_id(self, cases: CaseRepository) -> None:
        """``all`` with ``after`` yields the cases above that id, known or not."""
        for each in ("S2", "S10", "s1", "ä", "S1"):
            cases.open(case(each))
        assert [each.id for each in cases.all(after="S10")] == ["S2", "s1", "ä"]
        assert [each.id for each in cases.all(after="S3")] == ["s1", "ä"]
        assert list(cases.all(after="ä")) == []

    def test_all_may_be_those_that_are_open(self, cases: CaseRepository) -> None:
        """``all`` with ``open_only`` leaves out finished and abandoned cases, also with ``after``."""
        for number in range(6):
            cases.open(case(f"S{number}"))
        cases.close(case("S1").abandoned(day(1)))
        cases.close(case("S4").finished("K1", day(1)))
        assert [each.id for each in cases.all(open_only=True)] == ["S0", "S2", "S3", "S5"]
        assert [each.id for each in cases.all(after="S2", open_only=True)] == ["S3", "S5"]

    def test_there_are_none_before_the_first(self, cases: CaseRepository) -> None:
        """``all`` of an empty store yields nothing."""
        assert list(cases.all()) == []

    def test_ids_are_taken_to_the_letter(self, cases: CaseRepository) -> None:
        """No id is folded, trimmed or interpreted."""
        for words in TO_THE_LETTER:
            cases.open(case(words, of=words))
        assert [cases.find(words) for words in TO_THE_LETTER] == [case(words, of=words) for words in TO_THE_LETTER]

    def test_one_of_racing_openings_wins(self, cases: CaseRepository) -> None:
        """Of racing callers of ``open`` with one id all but one are refused by ``case-exists``."""

        def open_one(number: int) -> str:
            cases.open(case(of=f"C{number}"))
            return f"C{number}"

        race = Race(open_one)
        assert race.lost == [Reason.CASE_EXISTS] * (CONTENDERS - 1)
        assert [each.customer for each in cases.all()] == race.won

    def test_one_of_racing_closings_wins(self, cases: CaseRepository) -> None:
        """Of racing callers of ``close`` all but one are refused by ``case-closed`` (K3)."""
        cases.open(case())

        def close(number: int) -> str:
            cases.close(case().finished(f"K{number}", day(1)))
            return f"K{number}"

        race = Race(close)
        assert race.lost == [Reason.CASE_CLOSED] * (CONTENDERS - 1)
        assert [each.contract for each in cases.all()] == race.won
