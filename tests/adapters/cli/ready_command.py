"""The command ``referral`` for shells, at once: a process that has everything imported forks for each call.

A call has the arguments, folder, environment and streams of whoever calls, and ends as the command ends. That the
command imports what it needs, when it needs it, is not shown so: it takes a second, and is proven where processes are.
"""

from __future__ import annotations

import gc
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from typing import Final, NoReturn

import alembic.command  # noqa: F401 - so that it is there when a process is forked
import psycopg  # noqa: F401

import referral_adapters.cli
from referral_adapters.cli import main
from referral_adapters.sql import SqlStore  # noqa: F401

CALL: Final = """\
#!/bin/sh
exec "{python}" -I -S -c '
import json, os, socket, sys
line = socket.socket(socket.AF_UNIX)
line.connect("{address}")
socket.send_fds(line, [b" "], [0, 1, 2])
line.sendall(json.dumps([sys.argv[1:], os.getcwd(), dict(os.environ)]).encode())
line.shutdown(socket.SHUT_WR)
sys.exit(int(line.recv(8)))
' "$@"
"""


@contextmanager
def ready_command(environment: Mapping[str, str]) -> Iterator[str]:
    """Yield the text of a script that is the command while it is needed; what is read on import is as given."""
    folder = Path(tempfile.mkdtemp(prefix="referral-ready-"))  # a socket's address is short
    path = os.pathsep.join(each for each in sys.path if each)
    script = "from tests.adapters.cli.ready_command import serve; serve()"
    address = folder / "line"
    with subprocess.Popen(
        [sys.executable, "-c", script, str(address)], env={**environment, "PYTHONPATH": path}, stdout=subprocess.PIPE
    ) as ready:
        try:
            assert ready.stdout is not None
            assert ready.stdout.readline() == b"ready\n"
            yield CALL.format(python=sys.executable, address=address)
        finally:
            ready.kill()
            shutil.rmtree(folder)


def serve() -> NoReturn:
    """Fork for each call at the address in the arguments, and run the command there."""
    for module in walk_packages(referral_adapters.cli.__path__, "referral_adapters.cli."):
        if not module.name.endswith("__main__"):
            import_module(module.name)
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(sys.argv[1])
    listening.listen()
    gc.freeze()  # so that nobody looks through all that was imported, which would copy it
    os.write(1, b"ready\n")
    while True:
        line, _ = listening.accept()
        if os.fork() == 0:
            listening.close()
            break
        line.close()
    _, streams, _, _ = socket.recv_fds(line, 1, 3)
    with line.makefile("rb") as said:
        call = json.load(said)
    child = os.fork()
    if child:
        tell(line, child)
    line.close()
    become(call, streams)
    run()


def tell(line: socket.socket, child: int) -> NoReturn:
    """Wait for a process to end, and tell its status as a shell does."""
    _, ended = os.waitpid(child, 0)
    status = os.waitstatus_to_exitcode(ended)
    line.send(str(status if status >= 0 else 128 - status).encode())
    os._exit(0)


def become(call: tuple[list[str], str, dict[str, str]], streams: Iterable[int]) -> None:
    """Have this process be as if it had just been started as somebody calls."""
    sys.argv[1:], folder, environment = call
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    is_shown = os.isatty(1)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - to the end of the process
    sys.stdout = open(1, "w", buffering=1 if is_shown else -1, encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", buffering=1, encoding="utf-8", closefd=False)  # noqa: SIM115


def run() -> NoReturn:
    """Run the command, and end without taking apart what was imported."""
    status: object = None
    try:
        main()
    except SystemExit as end:
        status = end.code
    if isinstance(status, str):
        sys.stderr.write(f"{status}\n")
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status if isinstance(status, int) else int(status is not None))
