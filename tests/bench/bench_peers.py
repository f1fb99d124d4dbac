"""What checking, recording and activating cost against what a user would pick instead, on the same server.

Ours, pinax-referrals and the vouchers of django-oscar take turns in one run, and so does the bare driver as the floor,
each with a million codes: one client and eight, each a process; with any code, and all with one famous code.
``--codes 10000 --seconds 0.3`` tries it out. Each peer lives in an environment that is made for it once, from the
versions in ``peers``; one that cannot be made is left out. What a peer leaves out is said where it is called.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import product
from pathlib import Path
from statistics import median, quantiles
from typing import Any, Final

import attrs
import psycopg
from sqlalchemy.engine import URL

from databases import databases
from peers.client import Done, Turn

HERE: Final = Path(__file__).parent
CLIENTS: Final = 8
ACTS: Final = ("check", "record", "record and activate")
KEYS: Final = {False: "any code", True: "one famous code"}
OURS: Final = "ours"
DRIVER: Final = "the driver"
PINAX: Final = "pinax-referrals"
OSCAR: Final = "django-oscar"
MODULES: Final = {OURS: "ours", DRIVER: "driver", PINAX: "pinax", OSCAR: "oscar"}
TARGETS: Final = {
    (PINAX, "check"): "2 ×, aim 3 ×",
    (OSCAR, "check"): "5 ×, aim 7 ×",
    (PINAX, "record", 1): "0.8 ×, aim 1 ×",
    (OSCAR, "record", 1): "2 ×, aim 3 ×",
    (PINAX, "record", CLIENTS): "1.4 ×, aim 2 ×",
    (OSCAR, "record", CLIENTS): "2 ×, aim 4 ×",
    (PINAX, "record and activate", CLIENTS): "1.5 ×, aim 3 ×",
    (OSCAR, "record and activate", CLIENTS): "1.5 ×, aim 3 ×",
    (DRIVER, "check", 1): "0.4 ×, aim 0.67 ×",
    (DRIVER, "record", 1): "1 ×, aim 1.4 ×",
}
MORE_CLIENTS: Final = "1.5 ×, aim 1.8 ×"
SERVER: Final = {"fsync": "on", "shared_buffers": "1GB", "max_wal_size": "8GB"}
FASTEST: Final = 2_000
"""How many sign-ups a second one client may reach; so many newcomers are kept for it."""
Rates = dict[tuple[str, int], list[float]]
"""How often a second each contender did something with so many clients, a round each."""


@attrs.frozen
class Party:
    """A contender and its clients, each a process that waits for its turn."""

    name: str
    clients: Sequence[subprocess.Popen[str]]

    def turn(self, what: str, clients: int, seconds: float, *, is_famous: bool) -> float:
        """Return how often a second some clients together did something."""
        chosen = self.clients[:clients]
        turn = Turn(what, time.monotonic() + 0.05, seconds, is_famous)
        for client in chosen:
            _pipe(client.stdin).write(json.dumps(vars(turn)) + "\n")
            _pipe(client.stdin).flush()
        done = [Done(**json.loads(_answer(self.name, client))) for client in chosen]
        return sum(each.times / each.seconds for each in done)


def main() -> None:
    """Measure and print."""
    given = argparse.ArgumentParser(description=__doc__)
    given.add_argument("--codes", type=int, default=1_000_000, help="how many codes each contender has")
    given.add_argument("--rounds", type=int, default=7)
    given.add_argument("--seconds", type=float, default=1.0, help="how long a contender's turn is")
    given.add_argument("--environments", type=Path, default=HERE.parents[1] / ".nox" / "peers")
    asked = given.parse_args()
    with databases("postgresql", each=3, server=SERVER) as urls, ExitStack() as opened:
        if not urls:
            print("No PostgreSQL: nothing measured.")
            return
        ours, *others = [_plain(url) for url in urls["postgresql"]]
        _tell_durability(ours)
        pythons = {name: _python(asked.environments, MODULES[name]) for name in (PINAX, OSCAR)}
        places = [(OURS, sys.executable, ours), (DRIVER, sys.executable, ours)]
        places += [(name, python, url) for (name, python), url in zip(pythons.items(), others, strict=True) if python]
        newcomers = int((asked.rounds + 1) * asked.seconds * len(KEYS) * 2 * 2 * FASTEST)
        options = [f"--codes={asked.codes}", f"--newcomers={newcomers}", f"--clients={CLIENTS}"]
        for name, python, url in places:
            if name != DRIVER:  # which works on what ours works on
                _prepare(name, [python, "-m", f"peers.{MODULES[name]}", "prepare", url, *options])
        parties = []
        for name, python, url in places:
            command = [python, "-m", f"peers.{MODULES[name]}", "serve", url, *options]
            parties.append(opened.enter_context(_party(name, command)))
        with psycopg.connect(ours, autocommit=True) as connection:
            connection.execute("CHECKPOINT")
        print(f"{asked.codes:,} codes each; a second; the ratios are ours to theirs, a round each, with quartiles")
        for is_famous, what in product(KEYS, ACTS):
            _report(what, KEYS[is_famous], _measured(parties, what, asked.rounds, asked.seconds, is_famous=is_famous))


def _measured(parties: Sequence[Party], what: str, rounds: int, seconds: float, *, is_famous: bool) -> Rates:
    """Have all take turns, one client and many, another one first in each round; the first round warms up."""
    rates: Rates = {(party.name, clients): [] for party in parties for clients in (1, CLIENTS)}
    for number in range(rounds + 1):
        first = number % len(parties)
        for party in (*parties[first:], *parties[:first]):
            for clients in (1, CLIENTS):
                rate = party.turn(what, clients, seconds, is_famous=is_famous)
                if number:
                    rates[party.name, clients].append(rate)
    return rates


def _report(what: str, which: str, rates: Rates) -> None:
    for clients in (1, CLIENTS):
        own = rates[OURS, clients]
        print(f"{what}, {which}, clients {clients}: ours {median(own):,.0f}", flush=True)
        for (name, some), theirs in rates.items():
            if name != OURS and some == clients:
                wanted = TARGETS.get((name, what)) or TARGETS.get((name, what, clients), "none")
                print(f"    {name} {median(theirs):,.0f}; ratio {_ratio(own, theirs)}; target {wanted}", flush=True)
    for name in dict.fromkeys(name for name, _ in rates):
        wanted = f"; target {MORE_CLIENTS}" if name == OURS else ""
        ratio = _ratio(rates[name, CLIENTS], rates[name, 1])
        print(f"    {CLIENTS} clients against 1, {name}: {ratio}{wanted}", flush=True)


def _ratio(own: list[float], theirs: list[float]) -> str:
    ratios = [one / other for one, other in zip(own, theirs, strict=True)]
    lower, middle, upper = quantiles(ratios, n=4, method="inclusive")
    return f"{middle:.2f} ({lower:.2f} to {upper:.2f})"


@contextmanager
def _party(name: str, command: Sequence[str]) -> Iterator[Party]:
    clients = [
        subprocess.Popen(
            [*command, f"--client={number}"], cwd=HERE, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for number in range(CLIENTS)
    ]
    try:
        for client in clients:
            _answer(name, client)
        yield Party(name, clients)
    finally:
        for client in clients:
            _pipe(client.stdin).close()
            client.wait(30)
            _pipe(client.stdout).close()


def _pipe(pipe: Any) -> Any:  # noqa: ANN401 - a pipe that was asked for
    return pipe


def _answer(name: str, client: subprocess.Popen[str]) -> str:
    line: str = _pipe(client.stdout).readline()
    if not line:
        raise RuntimeError(f"a client of {name} has ended")
    return line


def _prepare(name: str, command: Sequence[str]) -> None:
    start = time.monotonic()
    subprocess.run(command, cwd=HERE, check=True)
    print(f"{name} filled its database in {time.monotonic() - start:,.0f} s", flush=True)


def _python(folder: Path, peer: str) -> str | None:
    """Return the Python of a peer's environment, made first if it is not as its versions want; none if it cannot be."""
    versions = HERE / "peers" / f"requirements-{peer}.txt"
    home = folder / peer
    python, stamp = home / "bin" / "python", home / "installed.txt"
    if not stamp.exists() or stamp.read_text() != versions.read_text():
        try:
            subprocess.run([sys.executable, "-m", "venv", "--clear", home], check=True)
            subprocess.run([python, "-m", "pip", "install", "--quiet", "-r", versions], check=True)
        except subprocess.CalledProcessError as error:
            print(f"{peer} is left out: {error}")
            return None
        stamp.write_text(versions.read_text())
    return str(python)


def _plain(url: URL) -> str:
    return url.set(drivername="postgresql").render_as_string(hide_password=False)


def _tell_durability(url: str) -> None:
    """Print what decides how lasting a commit is; it is the same for all."""
    with psycopg.connect(url) as connection:
        for name in ("server_version", "fsync", "synchronous_commit", "full_page_writes"):
            print(f"{name} {connection.execute(f'SHOW {name}').fetchall()[0][0]}", end="; ")
    print(flush=True)


if __name__ == "__main__":
    main()
