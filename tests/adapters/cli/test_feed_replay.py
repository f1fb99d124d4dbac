"""The replay of a feed to its end, or to whatever ends it; results as JSON Lines."""

from __future__ import annotations

import io
import json
import signal
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from referral_adapters.cli.exit_status import CommandFailed, FeedBroken, StopSignals
from referral_adapters.cli.feed_replay import Ending, FiledResults, NoResults, PipedResults, Replay, Results
from referral_adapters.cli.files import AtomicFile
from referral_adapters.cli.progress import NoFeedProgress
from referral_adapters.feed import FeedRunner
from referral_adapters.memory import MemoryStore
from referral_core.programme.programme import Programme
from referral_core.values.errors import CodeSpaceExhausted
from tests.adapters.cli.command_line import FEED
from tests.adapters.cli.terminal import a_result, a_runner


class Full(NoResults):
    """Results on a disk that is full, or in a pipe that is closed."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def take(self, result: dict[str, Any]) -> None:
        """Fail."""
        raise self.error


@pytest.mark.usefixtures("python_hears_signals")
class TestReplay:
    def replayed(
        self, lines: Iterator[bytes], results: Results | None = None, runner: FeedRunner | None = None
    ) -> Ending:
        with StopSignals() as stop:
            return Replay(runner or a_runner(), results or NoResults(), NoFeedProgress()).run(lines, stop)

    def feed(self) -> list[bytes]:
        return FEED.read_bytes().splitlines(keepends=True)

    def test_to_the_end(self) -> None:
        ending = self.replayed(iter([*self.feed(), b"\n", b"no event"]))
        assert ending == Ending(last_line=20, faulty=1, waiting=0)
        assert (ending.status, ending.sentences()) == (1, [])

    def test_interrupted_it_keeps_whole_lines_their_results_and_their_grants(self, tmp_path: Path) -> None:
        def lines() -> Iterator[bytes]:
            yield from self.feed()[:10]
            signal.raise_signal(signal.SIGINT)
            yield b"never"

        runner, path = a_runner(), tmp_path / "results"
        with AtomicFile(path, "It") as file:
            ending = self.replayed(lines(), FiledResults(file), runner)
        assert ending.status == 130
        assert ending.sentences() == ["Interrupted after line 10; the rest of the feed was not run."]
        assert path.read_bytes().count(b"\n") == 10
        assert runner.summary()["accounts"]["B"]["unused"] == "7.00"

    def test_terminated(self) -> None:
        ending = Ending(last_line=3, faulty=1, waiting=0, caught=signal.SIGTERM)
        assert (ending.status, ending.sentences()[0][:26]) == (143, "Terminated after line 3; t")

    def test_a_feed_that_breaks_keeps_its_results(self) -> None:
        def lines() -> Iterator[bytes]:
            yield self.feed()[0]
            raise FeedBroken("The disk is gone.")

        stream = io.BytesIO()
        ending = self.replayed(lines(), PipedResults(stream, live=False))
        assert (ending.status, ending.sentences()) == (2, ["The disk is gone."])
        assert stream.getvalue().count(b"\n") == 1

    def test_results_that_cannot_be_written(self) -> None:
        ending = self.replayed(iter(self.feed()), Full(CommandFailed("The disk is full.")))
        assert (ending.status, ending.last_line, ending.sentences()) == (2, 1, ["The disk is full."])

    def test_results_that_nobody_reads(self) -> None:
        ending = self.replayed(iter(self.feed()), Full(BrokenPipeError()))
        assert (ending.status, ending.last_line, ending.sentences()) == (141, 1, [])

    def test_an_error_that_is_no_refusal_ends_the_feed(self) -> None:
        class Exhausted(FeedRunner):
            def page(self, page: Iterable[tuple[int, str | bytes]]) -> Iterator[dict[str, Any]]:
                raise CodeSpaceExhausted("there are too few codes left")

        programme = Programme.default()
        ending = self.replayed(iter(self.feed()), runner=Exhausted(programme, MemoryStore(programme)))
        assert (ending.status, ending.last_line) == (2, 0)
        assert ending.sentences() == ["Line 1 is undone and the feed ends there: there are too few codes left."]

    def test_billing_that_does_not_answer_is_mentioned(self) -> None:
        (sentence,) = Ending(last_line=3, faulty=0, waiting=2).sentences()
        assert sentence == "Billing gave no answer about 2 grants; the next run asks again."


class TestPipedResults:
    class Slow(io.BytesIO):
        """Counts how often it is flushed."""

        flushed = 0

        def flush(self) -> None:
            self.flushed += 1

    @pytest.mark.parametrize(("live", "flushed"), [(True, 3), (False, 1)])
    def test_they_are_handed_on_at_once_where_the_feed_comes_slowly(self, live: bool, flushed: int) -> None:
        stream = self.Slow()
        results = PipedResults(stream, live=live)
        results.take(a_result(1))
        results.take(a_result(2))
        results.close()
        assert stream.flushed == flushed

    def test_a_full_disk_and_a_closed_pipe(self) -> None:
        class Broken(io.BytesIO):
            error = OSError(28, "No space left on device")

            def flush(self) -> None:
                raise self.error

        results = PipedResults(Broken(), live=True)
        with pytest.raises(CommandFailed, match="The results cannot be written: No space left on device"):
            results.take(a_result())
        with pytest.raises(CommandFailed):
            results.close()
        Broken.error = BrokenPipeError()
        with pytest.raises(BrokenPipeError):
            results.take(a_result())


def test_results_are_json_that_anybody_reads() -> None:
    stream = io.BytesIO()
    PipedResults(stream, live=False).take({"line": 1, "id": "Õ", "message": "ж"})
    assert stream.getvalue() == '{"line":1,"id":"Õ","message":"ж"}\n'.encode()
    assert json.loads(stream.getvalue())["id"] == "Õ"
