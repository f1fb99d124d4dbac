"""The batch adapter: a feed of CloudEvents lines in, results and a summary out."""

from __future__ import annotations

from referral_adapters.feed.detection import NotAFeed
from referral_adapters.feed.event import feed_lines
from referral_adapters.feed.result import Outcome
from referral_adapters.feed.runner import TOGETHER, FeedRunner
from referral_adapters.feed.store import FeedStore, Recordings

__all__ = ["TOGETHER", "FeedRunner", "FeedStore", "NotAFeed", "Outcome", "Recordings", "feed_lines"]
