"""Bars and spinners of feeds on a terminal."""

from __future__ import annotations

import io
import os
import re
from pathlib import Path

import pytest

from referral_adapters.cli import progress as progress_module
from referral_adapters.cli.files import FeedSource
from referral_adapters.cli.output import Screen
from referral_adapters.cli.progress import FeedBar, NoFeedProgress, feed_progress
from tests.adapters.cli.command_line import FEED
from tests.adapters.cli.terminal import ANSI, Terminal


class TestProgress:
    @pytest.fixture(autouse=True)
    def impatient(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(progress_module, "_PATIENCE", -1)
        monkeypatch.setattr(progress_module, "_PAUSE", -1)

    def test_a_bar_says_bytes_lines_and_their_rate(self, terminal: Terminal) -> None:
        with FeedSource(str(FEED)) as feed:
            bar = FeedBar(Screen(terminal), feed)
            for line in feed.lines():
                bar.advance(len(line))
            bar.close()
        last = [line for line in re.split(r"[\r\n]", ANSI.sub("", terminal.getvalue())) if line][-1]
        assert re.fullmatch(r"feed\.jsonl ━+[━╸]? [\d.]+/[\d.]+ kB 18 lines, [\d,]+/s \S+ *", last)
        assert len(last) <= 80

    def test_it_makes_room_and_comes_back(self, terminal: Terminal) -> None:
        with FeedSource(str(FEED)) as feed:
            bar = FeedBar(Screen(terminal), feed)
            bar.advance(1)
            with bar.hidden():
                gone = terminal.getvalue()
                assert gone.endswith("\x1b[2K")  # the line is wiped
            assert terminal.getvalue() == gone
            bar.advance(1)
            assert "feed.jsonl" in terminal.getvalue()[len(gone) :]
            bar.close()

    def test_a_feed_without_a_length_has_a_spinner(self, terminal: Terminal) -> None:
        reading, writing = os.pipe()
        with FeedSource(f"/dev/fd/{reading}") as feed:
            bar = FeedBar(Screen(terminal), feed)
            os.write(writing, b"line\n")
            os.close(writing)
            for line in feed.lines():
                bar.advance(len(line))
            bar.close()
        os.close(reading)
        assert "4 bytes 1 lines" in ANSI.sub("", terminal.getvalue())

    def test_a_long_name_is_cut(self, tmp_path: Path, terminal: Terminal) -> None:
        path = tmp_path / ("long" * 20)
        path.touch()
        with FeedSource(str(path)) as feed:
            bar = FeedBar(Screen(terminal), feed)
            bar.advance(0)
            bar.close()
        assert "longlonglonglon… " in ANSI.sub("", terminal.getvalue())

    def test_there_is_none_where_nobody_looks(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("sys.stderr", io.StringIO())
        with FeedSource(str(FEED)) as feed, feed_progress(feed) as progress:
            assert isinstance(progress, NoFeedProgress)

    def test_there_is_one_where_somebody_does(self, terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("sys.stderr", terminal)
        with FeedSource(str(FEED)) as feed, feed_progress(feed) as progress:
            assert isinstance(progress, FeedBar)
