"""What every adapter of the port ``Answers`` must do."""

from __future__ import annotations

from contextlib import suppress
from threading import Thread
from typing import Final

import pytest

from referral_adapters.conformance.race import CONTENDERS, PATIENCE, Race
from referral_adapters.conformance.samples import TICK, TO_THE_LETTER, day, elsewhere
from referral_adapters.conformance.store import Slip, Store
from referral_core.entities.answer import Answer

A_MOMENT: Final = 0.1
"""How many seconds a second asker is given to be told too early."""


class AnswersConformance:
    """Asks for a fixture ``store``: a store with nothing in it, of which the suite looks at ``answers``."""

    def test_a_claim_is_found_without_an_answer(self, store: Store) -> None:
        """``find`` returns what is kept under a key: the digest and the moment of the claim, and no text yet."""
        assert store.answers.find("portal", "k1") is None
        assert store.answers.claim("portal", "k1", "digest", at=elsewhere(day(0))) is True
        assert store.answers.find("portal", "k1") == Answer("digest", None, day(0))

    def test_an_answer_is_kept_beside_the_claim(self, store: Store) -> None:
        """``fill`` stores what was answered, sign for sign."""
        for text in ("", *TO_THE_LETTER):
            store.answers.claim("portal", text, "digest", at=day(0))
            store.answers.fill("portal", text, text)
            assert store.answers.find("portal", text) == Answer("digest", text, day(0))

    def test_a_key_is_claimed_once(self, store: Store) -> None:
        """``claim`` returns ``False`` if the key is taken, with an answer or without, and what is kept stays (B2)."""
        store.answers.claim("portal", "k1", "first", at=day(0))
        assert store.answers.claim("portal", "k1", "first", at=day(1)) is False
        store.answers.fill("portal", "k1", "done")
        for digest in ("first", "second"):
            assert store.answers.claim("portal", "k1", digest, at=day(1)) is False
        assert store.answers.find("portal", "k1") == Answer("first", "done", day(0))

    def test_an_answer_is_kept_once(self, store: Store) -> None:
        """``fill`` raises ``ValueError`` where nobody claimed the key, or where it has its answer, which stays."""
        with pytest.raises(ValueError, match="claimed"):
            store.answers.fill("portal", "k1", "done")
        store.answers.claim("portal", "k1", "digest", at=day(0))
        store.answers.fill("portal", "k1", "done")
        with pytest.raises(ValueError, match="claimed"):
            store.answers.fill("portal", "k1", "other")
        assert store.answers.find("portal", "k1") == Answer("digest", "done", day(0))

    def test_asker_and_key_tell_answers_apart(self, store: Store) -> None:
        """An asker and a key are there once together: neither alone, nor glued to each other."""
        pairs = [("a", "bc"), ("ab", "c"), ("bc", "a"), ("", "abc"), ("a", "b/c"), ("a/b", "c"), ("a", "")]
        for asker, key in pairs:
            assert store.answers.claim(asker, key, "digest", at=day(0))
            store.answers.fill(asker, key, f"{asker}|{key}")
        assert [getattr(store.answers.find(*each), "text", "") for each in pairs] == [f"{a}|{b}" for a, b in pairs]

    def test_words_are_taken_to_the_letter(self, store: Store) -> None:
        """No asker, key or digest is folded, trimmed or interpreted."""
        assert all(store.answers.claim(words, words, words, at=day(0)) for words in TO_THE_LETTER)
        found = [store.answers.find(words, words) for words in TO_THE_LETTER]
        assert found == [Answer(words, None, day(0)) for words in TO_THE_LETTER]

    def test_what_is_old_is_forgotten(self, store: Store) -> None:
        """``forget`` removes what was claimed before a moment, answered or not, and says how many; keys are free."""
        old, young = ("k0", "k1"), ("k2", "k3")
        for key, at in zip((*old, *young), (day(1) - TICK, day(0), day(1), day(2)), strict=True):
            store.answers.claim("portal", key, "digest", at=at)
        store.answers.fill("portal", "k0", "done")
        assert store.answers.forget(elsewhere(day(1))) == len(old)
        assert store.answers.forget(day(1)) == 0
        assert [store.answers.claim("portal", key, "new", at=day(3)) for key in old] == [True, True]
        assert [store.answers.claim("portal", key, "new", at=day(3)) for key in young] == [False, False]

    def test_a_claim_that_was_undone_leaves_its_key_free(self, store: Store) -> None:
        """What is claimed and filled in a transaction that fails was never there."""
        with suppress(Slip), store.transaction():
            store.answers.claim("portal", "k1", "first", at=day(0))
            store.answers.fill("portal", "k1", "done")
            raise Slip
        assert store.answers.find("portal", "k1") is None
        assert store.answers.claim("portal", "k1", "second", at=day(0)) is True

    def test_a_claim_under_way_is_waited_for(self, store: Store) -> None:
        """Whoever comes second is told when the first has ended: ``False`` if it lasts, ``True`` if it was undone."""
        for key, fails in (("lasts", False), ("undone", True)):
            second = _Second(store, key)
            with suppress(Slip), store.transaction():
                assert store.answers.claim("portal", key, "first", at=day(0)) is True
                second.start()
                second.join(A_MOMENT)
                assert second.told == []
                if fails:
                    raise Slip
            second.join(PATIENCE)
            assert second.told == [fails]

    def test_one_of_racing_claims_gets_the_key(self, store: Store) -> None:
        """The store itself guards that an asker and a key are there once (B2)."""

        def claim(number: int) -> str | None:
            return f"d{number}" if store.answers.claim("portal", "k1", f"d{number}", at=day(0)) else None

        told = Race(claim).won
        assert told.count(None) == CONTENDERS - 1
        found = store.answers.find("portal", "k1")
        assert found
        assert found.digest in told


class _Second(Thread):
    """Somebody who claims a key that another has claimed in a transaction."""

    def __init__(self, store: Store, key: str) -> None:
        super().__init__(daemon=True)
        self.told: list[bool] = []
        self._store = store
        self._key = key

    def run(self) -> None:
        self.told.append(self._store.answers.claim("portal", self._key, "second", at=day(0)))
