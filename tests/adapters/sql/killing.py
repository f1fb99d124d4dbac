"""Commands that are killed at random moments: each runs in a process that is there at once, made by a fork server."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Callable
from multiprocessing.context import ForkServerContext
from random import Random
from typing import Final

import alembic.command  # noqa: F401 - so that it is there when a process is forked
import psycopg  # noqa: F401

from referral_adapters.cli import main, pay_command, replay_command  # noqa: F401
from referral_adapters.sql import SqlStore  # noqa: F401

PATIENCE: Final = 120.0


def forks() -> ForkServerContext:
    """Return what starts processes that have everything imported."""
    several = multiprocessing.get_context("forkserver")
    several.set_forkserver_preload(["tests.adapters.sql.killing", "tests.adapters.whole_acts"])
    return several


def command(*arguments: str) -> None:
    """Run the command in this process, silently."""
    silent = os.open(os.devnull, os.O_WRONLY)
    for descriptor in (1, 2):
        os.dup2(silent, descriptor)
    sys.argv = ["referral", *arguments]
    main()


def killed(chance: Random, longest: float, act: Callable[..., object], *arguments: str) -> bool:
    """Do something in a process, kill it some moment within ``longest`` seconds; tell whether it was still at it."""
    process = forks().Process(target=act, args=arguments)
    process.start()
    time.sleep(chance.uniform(0, longest))
    process.kill()
    process.join(PATIENCE)
    return process.exitcode == -signal.SIGKILL
