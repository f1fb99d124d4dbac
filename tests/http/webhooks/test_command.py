"""``referral webhooks``: sends, lists, and has staff set things right."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from referral_adapters.cli.output import Screen
from referral_adapters.cli.webhooks_command import show
from referral_adapters.sql import SqlStore
from tests.adapters.cli.command_line import invoke
from tests.adapters.cli.terminal import Terminal
from tests.http.webhooks.publishing import PROGRAMME, acted, published
from tests.http.webhooks.receiver import SECRET, Receiver, receiver
from tests.http.webhooks.test_delivery_together import ROOT, until

WHSEC = "whsec_" + b64encode(SECRET).decode()


def run(*args: str | Path) -> Result:
    return invoke(["webhooks", *args])


def told(result: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


@pytest.fixture
def url(tmp_path: Path) -> str:
    path = f"sqlite:///{tmp_path / 'referral.db'}"
    with SqlStore(path, PROGRAMME) as store:
        acted(store)
    return path


def config(folder: Path, *lines: str, to: Receiver | None = None) -> Path:
    file = folder / "webhooks.toml"
    hook = [] if to is None else ["[[webhooks]]", 'name = "crm"', f'url = "{to.url}"', f'secrets = ["{WHSEC}"]']
    file.write_text("\n".join([*lines, *hook]), encoding="utf-8")
    return file


def test_what_is_published_is_sent_once(url: str, tmp_path: Path) -> None:
    with receiver() as crm:
        file = config(tmp_path, 'source = "urn:ours"', to=crm)
        done = run("run", "--once", "--db", url, "--config", file)
        assert (done.exit_code, told(done)) == (0, [{"name": "crm", "sent": 6, "failure": None}])
        assert crm.taken[0].event["source"] == "urn:ours"
        listed = run("list", "--db", url)
        assert (listed.exit_code, told(listed)) == (
            0,
            [{"name": "crm", "position": 6, "failures": 0, "next_at": None, "status": "fine"}],
        )
        assert run("redeliver", "crm", "4", "--db", url).exit_code == 0
        run("run", "--once", "--db", url, "--config", file)
        assert crm.sequences == [1, 2, 3, 4, 5, 6, 4, 5, 6]


def test_what_fails_is_said_and_listed(url: str, tmp_path: Path) -> None:
    with receiver(lambda came: 410 if came == 1 else 204) as crm:
        file = config(tmp_path, to=crm)
        done = run("run", "--once", "--db", url, "--config", file)
        assert done.exit_code == 1
        assert done.stderr == "crm is gone, and stopped until it is resumed.\n"
        listed = run("list", "--db", url)
        assert (listed.exit_code, told(listed)[0]["status"]) == (1, "stopped")
        assert run("resume", "crm", "--db", url).exit_code == 0
        assert run("run", "--once", "--db", url, "--config", file).exit_code == 0
        crm.mood = lambda _: 500
        run("redeliver", "crm", "1", "--db", url)
        failed = run("run", "--once", "--db", url, "--config", file)
        assert failed.stderr == "crm did not confirm (status 500).\n"
        line = told(run("list", "--db", url))[0]
        assert (line["failures"], line["position"]) == (1, 0)
        assert line["next_at"].endswith("Z")


def test_what_is_not_there_is_said(url: str, tmp_path: Path) -> None:
    assert run("resume", "crm", "--db", url).exit_code == 1
    unknown = run("redeliver", "crm", "1", "--db", url)
    assert (unknown.exit_code, unknown.stderr) == (1, "Nothing was ever sent to crm.\n")
    missing = run("run", "--db", url, "--config", tmp_path / "none.toml")
    assert missing.exit_code == 2
    assert "cannot be opened" in missing.stderr
    assert run("list", "--db", f"sqlite:///{tmp_path / 'none.db'}").exit_code == 2


@pytest.mark.parametrize(
    ("lines", "faults"),
    [
        (["["], ["are no TOML"]),
        (["\ufeffx = 1"], ["x: there is no such setting"]),
        (["x = 1", "source = 2"], ["x: there is no such setting", "source: is text", "webhooks: there are none"]),
        (["webhooks = [1]"], ["webhooks 1: is no table"]),
        (
            ["[[webhooks]]", "name = 1", "timeout = true", "colour = 'red'", "secrets = [1]"],
            ["url is missing", "name is of another kind", "timeout is of", "colour is no such", "secrets are text"],
        ),
        (["[[webhooks]]", 'name = "a"', 'url = "https://a.example/"', 'secrets = ["hidden"]'], ["begins with whsec_"]),
        (["[[webhooks]]", 'name = "a"', 'url = "http://a.example/"', f'secrets = ["{WHSEC}"]'], ["not https"]),
        (
            ["[[webhooks]]", 'name = "a"', 'url = "https://a.example/"', f'secrets = ["{WHSEC}"]'] * 2,
            ["webhook 'a': there are two of it"],
        ),
    ],
)
def test_every_fault_of_the_file_is_said(url: str, tmp_path: Path, lines: list[str], faults: list[str]) -> None:
    done = run("run", "--db", url, "--config", config(tmp_path, *lines))
    assert done.exit_code == 2
    assert [fault for fault in faults if fault not in done.stderr] == []
    assert "hidden" not in done.stderr
    assert WHSEC not in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_it_goes_on_until_it_is_stopped(url: str, tmp_path: Path) -> None:
    with receiver() as crm, SqlStore(url, PROGRAMME) as store:
        file = config(tmp_path, to=crm)
        command = [sys.executable, "-m", "referral_adapters.cli", "webhooks", "run", "--db", url, "--config", str(file)]
        environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
        process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
        until(lambda: len(crm.taken) == 6)
        acted(store, accounts=1, begin=3)
        until(lambda: crm.sequences == published(store) == list(range(1, 9)))
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=30)
        assert process.returncode == 143
        assert said == "Stopped after the events in hand; the next run goes on from there.\n"


def test_a_person_sees_a_table() -> None:
    terminal = Terminal()
    show([], Screen(terminal))
    show([{"name": "crm", "position": 6, "failures": 0, "next_at": None, "status": "fine"}], Screen(terminal))
    shown = terminal.getvalue()
    assert "Nothing was ever sent" in shown
    assert "crm" in shown
