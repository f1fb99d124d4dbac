"""What every adapter of the port ``Events`` must do."""

from __future__ import annotations

from referral_adapters.conformance.race import CONTENDERS, Race
from referral_adapters.conformance.samples import TO_THE_LETTER
from referral_core.ports.events import Events


class EventsConformance:
    """Asks for a fixture ``events``: the port, with nothing in it."""

    def test_an_event_that_took_effect_is_found(self, events: Events) -> None:
        """``find`` returns the digest of the event that took effect, nothing of one that did not."""
        assert events.find("/billing", "1") is None
        assert events.add("/billing", "1", "digest") is True
        assert events.find("/billing", "1") == "digest"

    def test_an_event_takes_effect_once(self, events: Events) -> None:
        """``add`` returns ``False`` if another was quicker, and what is stored stays (B2)."""
        assert events.add("/billing", "1", "first") is True
        for digest in ("first", "second"):
            assert events.add("/billing", "1", digest) is False
        assert events.find("/billing", "1") == "first"

    def test_source_and_id_tell_events_apart(self, events: Events) -> None:
        """A source and an id are there once together: neither alone, nor glued to each other."""
        pairs = [("a", "bc"), ("ab", "c"), ("bc", "a"), ("", "abc"), ("a", "b/c"), ("a/b", "c"), ("a", "")]
        assert all(events.add(source, name, f"{source}|{name}") for source, name in pairs)
        assert [events.find(source, name) for source, name in pairs] == [f"{a}|{b}" for a, b in pairs]

    def test_words_are_taken_to_the_letter(self, events: Events) -> None:
        """No source, id or digest is folded, trimmed or interpreted."""
        assert all(events.add(words, words, words) for words in TO_THE_LETTER)
        assert [events.find(words, words) for words in TO_THE_LETTER] == list(TO_THE_LETTER)

    def test_one_of_racing_events_takes_effect(self, events: Events) -> None:
        """The store itself guards that a source and id are there once."""
        race = Race(lambda number: (events.add("/billing", "1", f"digest-{number}"), f"digest-{number}"))
        first = [digest for took_effect, digest in race.won if took_effect]
        assert [took_effect for took_effect, _ in race.won].count(False) == CONTENDERS - 1
        assert [events.find("/billing", "1")] == first
