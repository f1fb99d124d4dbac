"""A replay that is killed, and run again, leaves what one run without a break leaves (B2)."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy.engine import URL

from examples.year import feed

COMMAND = (sys.executable, "-m", "referral_adapters.cli")
TIMES = 3


@pytest.mark.rule("B2")
def test_what_was_killed_is_finished_by_the_next_run(database: URL, tmp_path: Path) -> None:
    path = tmp_path / "feed.jsonl"
    path.write_text("".join(f"{line}\n" for line in feed(40, 3, "demo")), encoding="utf-8")
    options = ["--db", database.set(drivername=database.get_backend_name()).render_as_string(hide_password=False)]
    for time in range(1, TIMES + 1):
        kill_after(100 * time, path, options)
    assert summary_of(path, options, tmp_path / "killed.json") == summary_of(path, [], tmp_path / "whole.json")


def kill_after(lines: int, path: Path, options: list[str]) -> None:
    """Run a feed and kill the process when it has told what came of some of its lines."""
    command = [*COMMAND, "replay", "-", "--code-key", "demo", *options]
    with (
        path.open("rb") as feed_file,
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process,
    ):
        assert process.stdin is not None
        assert process.stdout is not None
        for _ in range(lines):
            process.stdin.write(feed_file.readline())
        process.stdin.flush()
        for _ in range(lines - 20):
            assert process.stdout.readline()
        process.kill()


def summary_of(path: Path, options: list[str], target: Path) -> object:
    command = [*COMMAND, "replay", str(path), "--code-key", "demo", *options, "--summary", str(target)]
    subprocess.run(command, stdout=subprocess.DEVNULL, check=False, timeout=120)
    told = json.loads(target.read_text(encoding="utf-8"))
    del told["lines"]
    return told
