"""Many clients that check codes over HTTP at once, against two server processes on PostgreSQL.

Each client waits for its answer before it asks again, at once or after a pause (``--pause``), on a connection that it
keeps. Shown are what the slowest and the middle ones waited, errors, and what memory the servers had early and late:
``--requests 500000`` is about an hour's worth.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import quantiles
from typing import Final

import attrs
import jwt
import uvloop
from sqlalchemy.engine import URL

from databases import databases
from population import populate
from served import KEY, URL_VARIABLE

TARGET: Final = "p99 under 50 ms, aim 20 ms, no error"
SERVERS: Final = 2
CODES: Final = 100_000
OK: Final = b"HTTP/1.1 200"


def main() -> None:
    """Measure and print."""
    given = argparse.ArgumentParser(description=__doc__)
    given.add_argument("--clients", type=int, default=64)
    given.add_argument("--requests", type=int, default=20_000)
    given.add_argument("--codes", type=int, default=CODES)
    given.add_argument("--pause", type=float, default=0.0, help="seconds each client waits before it asks again")
    asked = given.parse_args()
    with databases("postgresql") as urls:
        if not urls:
            print("No PostgreSQL: nothing measured.")
            return
        url = urls["postgresql"][0]
        texts = populate(url, asked.codes)
        with ExitStack() as running:
            servers = [running.enter_context(_server(url)) for _ in range(SERVERS)]
            uvloop.run(_load(servers, texts, asked.clients, asked.requests // 10, asked.pause))
            before = [server.memory() for server in servers]
            seen = uvloop.run(_load(servers, texts, asked.clients, asked.requests, asked.pause))
            after = [server.memory() for server in servers]
    seen.report(asked.clients, asked.pause)
    grown = ", ".join(f"{one:,.0f} to {other:,.0f} MiB" for one, other in zip(before, after, strict=True))
    print(f"memory of the servers over {asked.requests:,} requests: {grown}; target flat")


@attrs.frozen
class Server:
    """A server process, and where it listens."""

    process: subprocess.Popen[bytes]
    port: int

    def memory(self) -> float:
        """Return the memory of the process, in MiB."""
        told = subprocess.run(["ps", "-o", "rss=", "-p", str(self.process.pid)], capture_output=True, check=True)
        return int(told.stdout) / 2**10


@contextmanager
def _server(url: URL) -> Iterator[Server]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "uvicorn", "--factory", "served:create", "--port", str(port)]
    process = subprocess.Popen(
        [*command, "--log-level", "warning", "--no-access-log", "--no-proxy-headers"],
        cwd=Path(__file__).parent,
        env=os.environ | {URL_VARIABLE: url.render_as_string(hide_password=False)},
    )
    try:
        _wait_for(port)
        yield Server(process, port)
    finally:
        process.terminate()
        process.wait(10)


def _wait_for(port: int) -> None:
    for _ in range(300):
        with socket.socket() as tried:
            if not tried.connect_ex(("127.0.0.1", port)):
                return
        time.sleep(0.05)
    raise TimeoutError("the server does not listen")


@attrs.define
class Seen:
    """How long each answer took, in seconds, and what was no proper answer."""

    took: list[float] = attrs.Factory(list)
    errors: int = 0
    seconds: float = 0.0

    def report(self, clients: int, pause: float) -> None:
        """Print one line."""
        percent = [part * 1e3 for part in quantiles(self.took, n=100)]
        how = "at once" if not pause else f"every {pause:g} s"
        print(
            f"{clients} clients checking over HTTP ({how}), {SERVERS} server processes:"
            f" {len(self.took) / self.seconds:,.0f} a second, p50 {percent[49]:.1f} ms, p99 {percent[98]:.1f} ms,"
            f" slowest {max(self.took) * 1e3:.1f} ms, errors {self.errors}; target {TARGET}"
        )


async def _load(servers: list[Server], texts: list[str], clients: int, requests: int, pause: float) -> Seen:
    seen, left = Seen(), iter(range(requests))
    started = time.perf_counter()
    await asyncio.gather(
        *(_client(servers[number % len(servers)].port, texts, number, left, pause, seen) for number in range(clients))
    )
    seen.seconds = time.perf_counter() - started
    return seen


async def _client(port: int, texts: list[str], number: int, left: Iterator[int], pause: float, seen: Seen) -> None:
    chance = random.Random(number)
    claims = {"sub": f"portal-{number}", "role": "system", "exp": time.time() + 36_000}
    head = _head(jwt.encode(claims, KEY, algorithm="HS256"))
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for _ in left:
        if pause:
            await asyncio.sleep(pause * 2 * chance.random())
        body = json.dumps({"code": chance.choice(texts), "customer": f"new-{chance.randrange(10**6)}"}).encode()
        started = time.perf_counter()
        writer.write(head % len(body) + body)
        answer = await reader.readuntil(b"\r\n\r\n")
        length = int(answer.lower().split(b"content-length: ", 1)[1].split(b"\r", 1)[0])
        content = await reader.readexactly(length)
        seen.took.append(time.perf_counter() - started)
        if not answer.startswith(OK) or b'"usable":true' not in content:
            seen.errors += 1
    writer.close()
    await writer.wait_closed()


def _head(token: str) -> bytes:
    lines = [
        "POST /code-checks HTTP/1.1",
        "Host: 127.0.0.1",
        f"Authorization: Bearer {token}",
        "Content-Type: application/json",
        "Content-Length: %d",
    ]
    return "\r\n".join([*lines, "", ""]).encode()


if __name__ == "__main__":
    main()
