"""The tests of every repository of events and answers."""

from __future__ import annotations

from contextlib import suppress
from threading import Thread
from typing import Final

import pytest

from referral_adapters.conformance.race import CONTENDERS, PATIENCE, Race
from referral_adapters.conformance.samples import TICK, TO_THE_LETTER, day, elsewhere
from referral_adapters.conformance.store import Slip, Store
from referral_core.ports.requests import Answer

A_MOMENT: Final = 0.1
"""How many seconds a second claim has to be answered too early."""


class RequestRepositoryConformance:
    """Asks for a fixture ``store``: an empty :class:`Store`, whose ``requests`` are tested."""

    def test_an_event_that_took_effect_is_found(self, store: Store) -> None:
        """``event`` returns the digest of an event that took effect, and ``None`` for any other."""
        assert store.requests.event("/billing", "1") is None
        assert store.requests.add_event("/billing", "1", "digest") is True
        assert store.requests.event("/billing", "1") == "digest"

    def test_an_event_takes_effect_once(self, store: Store) -> None:
        """``add_event`` returns ``False`` for a known event and changes nothing (B2)."""
        assert store.requests.add_event("/billing", "1", "first") is True
        for digest in ("first", "second"):
            assert store.requests.add_event("/billing", "1", digest) is False
        assert store.requests.event("/billing", "1") == "first"

    def test_source_and_id_tell_events_apart(self, store: Store) -> None:
        """Source and id together identify an event, and are never joined into one text."""
        pairs = [("a", "bc"), ("ab", "c"), ("bc", "a"), ("", "abc"), ("a", "b/c"), ("a/b", "c"), ("a", "")]
        assert all(store.requests.add_event(source, name, f"{source}|{name}") for source, name in pairs)
        assert [store.requests.event(source, name) for source, name in pairs] == [f"{a}|{b}" for a, b in pairs]

    def test_words_of_events_are_taken_to_the_letter(self, store: Store) -> None:
        """No source, id or digest is folded, trimmed or interpreted."""
        assert all(store.requests.add_event(words, words, words) for words in TO_THE_LETTER)
        assert [store.requests.event(words, words) for words in TO_THE_LETTER] == list(TO_THE_LETTER)

    def test_one_of_racing_events_takes_effect(self, store: Store) -> None:
        """Of racing events with one source and id one takes effect (B2)."""
        race = Race(lambda number: (store.requests.add_event("/billing", "1", f"digest-{number}"), f"digest-{number}"))
        first = [digest for took_effect, digest in race.won if took_effect]
        assert [took_effect for took_effect, _ in race.won].count(False) == CONTENDERS - 1
        assert [store.requests.event("/billing", "1")] == first

    def test_a_claim_is_found_without_an_answer(self, store: Store) -> None:
        """``answer`` of a claimed key has the digest and the moment of the claim, and no text yet."""
        assert store.requests.answer("portal", "k1") is None
        assert store.requests.claim("portal", "k1", "digest", at=elsewhere(day(0))) is True
        assert store.requests.answer("portal", "k1") == Answer("digest", None, day(0))

    def test_an_answer_is_kept_beside_the_claim(self, store: Store) -> None:
        """``fill`` stores the text of the answer to the letter."""
        for text in ("", *TO_THE_LETTER):
            store.requests.claim("portal", text, "digest", at=day(0))
            store.requests.fill("portal", text, text)
            assert store.requests.answer("portal", text) == Answer("digest", text, day(0))

    def test_a_key_is_claimed_once(self, store: Store) -> None:
        """``claim`` returns ``False`` for a claimed key, answered or not, and changes nothing (B2)."""
        store.requests.claim("portal", "k1", "first", at=day(0))
        assert store.requests.claim("portal", "k1", "first", at=day(1)) is False
        store.requests.fill("portal", "k1", "done")
        for digest in ("first", "second"):
            assert store.requests.claim("portal", "k1", digest, at=day(1)) is False
        assert store.requests.answer("portal", "k1") == Answer("first", "done", day(0))

    def test_an_answer_is_kept_once(self, store: Store) -> None:
        """``fill`` raises ``ValueError`` for a key without a claim or with an answer, and changes nothing."""
        with pytest.raises(ValueError, match="claimed"):
            store.requests.fill("portal", "k1", "done")
        store.requests.claim("portal", "k1", "digest", at=day(0))
        store.requests.fill("portal", "k1", "done")
        with pytest.raises(ValueError, match="claimed"):
            store.requests.fill("portal", "k1", "other")
        assert store.requests.answer("portal", "k1") == Answer("digest", "done", day(0))

    def test_asker_and_key_tell_answers_apart(self, store: Store) -> None:
        """Asker and key together identify an answer, and are never joined into one text."""
        pairs = [("a", "bc"), ("ab", "c"), ("bc", "a"), ("", "abc"), ("a", "b/c"), ("a/b", "c"), ("a", "")]
        for asker, key in pairs:
            assert store.requests.claim(asker, key, "digest", at=day(0))
            store.requests.fill(asker, key, f"{asker}|{key}")
        assert [getattr(store.requests.answer(*each), "text", "") for each in pairs] == [f"{a}|{b}" for a, b in pairs]

    def test_words_are_taken_to_the_letter(self, store: Store) -> None:
        """No asker, key or digest is folded, trimmed or interpreted."""
        assert all(store.requests.claim(words, words, words, at=day(0)) for words in TO_THE_LETTER)
        found = [store.requests.answer(words, words) for words in TO_THE_LETTER]
        assert found == [Answer(words, None, day(0)) for words in TO_THE_LETTER]

    def test_what_is_old_is_forgotten(self, store: Store) -> None:
        """``forget`` removes the claims of before a moment, answered or not, frees their keys and counts them."""
        old, young = ("k0", "k1"), ("k2", "k3")
        for key, at in zip((*old, *young), (day(1) - TICK, day(0), day(1), day(2)), strict=True):
            store.requests.claim("portal", key, "digest", at=at)
        store.requests.fill("portal", "k0", "done")
        assert store.requests.forget(elsewhere(day(1))) == len(old)
        assert store.requests.forget(day(1)) == 0
        assert [store.requests.claim("portal", key, "new", at=day(3)) for key in old] == [True, True]
        assert [store.requests.claim("portal", key, "new", at=day(3)) for key in young] == [False, False]

    def test_a_claim_that_was_undone_leaves_its_key_free(self, store: Store) -> None:
        """A claim of a failed transaction leaves its key free."""
        with suppress(Slip), store.transaction():
            store.requests.claim("portal", "k1", "first", at=day(0))
            store.requests.fill("portal", "k1", "done")
            raise Slip
        assert store.requests.answer("portal", "k1") is None
        assert store.requests.claim("portal", "k1", "second", at=day(0)) is True

    def test_a_claim_under_way_is_waited_for(self, store: Store) -> None:
        """A second claim waits for the first one's transaction: ``False`` if that lasts, ``True`` if it was undone."""
        for key, fails in (("lasts", False), ("undone", True)):
            second = _SecondClaim(store, key)
            with suppress(Slip), store.transaction():
                assert store.requests.claim("portal", key, "first", at=day(0)) is True
                second.start()
                second.join(A_MOMENT)
                assert second.answers == []
                if fails:
                    raise Slip
            second.join(PATIENCE)
            assert second.answers == [fails]

    def test_one_of_racing_claims_gets_the_key(self, store: Store) -> None:
        """Of racing claims of one key one succeeds (B2)."""

        def claim(number: int) -> str | None:
            return f"d{number}" if store.requests.claim("portal", "k1", f"d{number}", at=day(0)) else None

        results = Race(claim).won
        assert results.count(None) == CONTENDERS - 1
        found = store.requests.answer("portal", "k1")
        assert found
        assert found.digest in results


class _SecondClaim(Thread):
    """A thread that claims a key which another transaction has claimed."""

    def __init__(self, store: Store, key: str) -> None:
        super().__init__(daemon=True)
        self.answers: list[bool] = []
        self._store = store
        self._key = key

    def run(self) -> None:
        self.answers.append(self._store.requests.claim("portal", self._key, "second", at=day(0)))
