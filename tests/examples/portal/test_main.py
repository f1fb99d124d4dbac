"""The one command that the README names starts a portal that answers."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

import httpx
import pytest

from examples.portal.__main__ import main

ROOT: Final = Path(__file__).parents[3]
README: Final = (ROOT / "examples" / "portal" / "README.md").read_text(encoding="utf-8")


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
    return port


def answer(address: str, patience: float = 60) -> httpx.Response:
    """Return what the portal answers, once it does."""
    until = time.monotonic() + patience
    while True:
        try:
            return httpx.get(address)
        except httpx.ConnectError:
            assert time.monotonic() < until
            time.sleep(0.1)


def test_the_command_starts_a_portal_and_an_interrupt_ends_it(tmp_path: Path) -> None:
    port = free_port()
    command = [sys.executable, "-m", "examples.portal", "--folder", str(tmp_path / "world"), "--port", str(port)]
    running = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8")
    try:
        page = answer(f"http://127.0.0.1:{port}/")
    finally:
        running.send_signal(signal.SIGINT)
        told, _ = running.communicate(timeout=60)
    assert "Anna Kask" in page.text
    assert f"The portal is at http://127.0.0.1:{port}" in told
    assert "Traceback" not in told


def test_the_readme_and_the_documentation_name_the_same_command() -> None:
    (command,) = [line for line in README.splitlines() if "-m examples.portal" in line]
    assert "--constraint constraints.txt --editable '.[portal]'" in command
    assert command in (ROOT / "docs" / "how-to" / "see-it-in-a-portal.md").read_text(encoding="utf-8")


def test_a_world_that_cannot_be_opened_is_said_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "referral.db").write_bytes(b"this is no database" * 100)
    monkeypatch.setattr(sys, "argv", ["portal", "--folder", str(tmp_path)])
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 2
    assert capsys.readouterr().err.startswith(f"The world in {tmp_path} ")
