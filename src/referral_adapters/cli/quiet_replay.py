"""Running a feed for what it leaves behind, not for its results."""

from __future__ import annotations

from referral_adapters.cli.errors import CommandFailed
from referral_adapters.cli.feed_source import FeedSource
from referral_adapters.cli.progress import progress_of
from referral_adapters.cli.replaying import Ending, Replay
from referral_adapters.cli.result_lines import NoResults
from referral_adapters.cli.stop_signals import StopSignals
from referral_adapters.feed import FeedRunner


class QuietReplay:
    """Runs a feed to its end, showing nothing but progress."""

    def __init__(self, feed: str) -> None:
        self._feed = feed

    def run(self, runner: FeedRunner) -> Ending:
        """Run every line.

        :raises CommandFailed: the feed cannot be opened or read to its end, or somebody stopped it.
        """
        with FeedSource(self._feed) as source, StopSignals() as stop, progress_of(source) as progress:
            ending = Replay(runner, NoResults(), progress).run(source.lines(), stop)
        if ending.caught is not None or ending.failure is not None:
            raise CommandFailed("\n".join(ending.sentences()), ending.status)
        return ending
