"""The service as the guide serves it: no header is believed about an address unless the server is told whose (A4)."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import httpx
import pytest

from referral_core import Programme

pytestmark = pytest.mark.rule("A4")

PAGE: Final = (Path(__file__).parents[2] / "docs" / "how-to" / "answer-over-http.md").read_text(encoding="utf-8")
MODULE: Final = re.search(r"cat > service\.py <<'END'\n(.*?)^END\n", PAGE, re.MULTILINE | re.DOTALL)
PLAIN, BEHIND_A_PROXY = re.findall(r"^uvicorn service:app (.*)\n```", PAGE, re.MULTILINE)
"""The options with which the page has the server started: as it is, and behind a proxy on the same machine."""
MOST: Final = Programme.default().checking.per_address
PATIENCE: Final = 60.0


@contextmanager
def served(folder: Path, options: str) -> Iterator[str]:
    """Start the server as the page says, on a free port, and yield where it is."""
    assert MODULE is not None
    (folder / "service.py").write_text(MODULE[1], encoding="utf-8")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "uvicorn", "service:app", *options.split(), "--port", str(port)]
    with subprocess.Popen([*command, "--log-level", "error"], cwd=folder) as server:
        try:
            _wait_for(f"http://127.0.0.1:{port}", server)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()


def _wait_for(url: str, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        assert server.poll() is None
        try:
            assert httpx.get(f"{url}/health").status_code == 200
        except httpx.TransportError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError("the server does not answer")


def checks(url: str) -> list[int]:
    """Check codes from one address, each under the name of another one."""
    with httpx.Client(base_url=url) as client:
        return [
            client.post(
                "/code-checks",
                json={"code": f"GUESS{number}"},
                headers={"X-Forwarded-For": f"198.51.100.{number}", "Forwarded": f"for=198.51.100.{number}"},
            ).status_code
            for number in range(MOST + 20)
        ]


def test_the_guides_server_believes_no_header_about_an_address(tmp_path: Path) -> None:
    with served(tmp_path, PLAIN) as url:
        told = checks(url)
    assert told[:MOST] == [200] * MOST
    assert 429 in told, "a few come back meanwhile, as time goes by"


def test_behind_a_proxy_it_believes_the_proxy_that_it_was_told(tmp_path: Path) -> None:
    with served(tmp_path, BEHIND_A_PROXY) as url:
        assert set(checks(url)) == {200}
