"""Start the portal on this machine, with an invented world in a folder of its own.

$ python -m examples.portal --port 8000
"""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Collection
from pathlib import Path
from typing import Final

import uvicorn
from fastapi import FastAPI

from examples.portal.app import THIS_MACHINE, create_portal
from examples.portal.clock import Clock
from examples.portal.people import People
from examples.portal.seed import BEGINNING, sow
from referral_adapters.sql import SchemaMismatch, StoreFailed

CLOCK: Final = "clock.txt"
PEOPLE: Final = "people.json"
DATABASE: Final = "referral.db"
"""The last file to be moved into the folder: a world with a database is complete."""


def main() -> None:
    """Read the arguments, sow the world the first time, and serve its pages until interrupted."""
    parser = argparse.ArgumentParser(prog="python -m examples.portal", description="Serve the reference portal.")
    parser.add_argument("--port", type=int, default=8000, help="where it listens (default: %(default)s)")
    parser.add_argument("--folder", type=Path, default=Path("portal-world"), help="where it is kept (%(default)s)")
    parser.add_argument(
        "--host", action="append", metavar="NAME", help="a name it is reached under, again for each (this machine's)"
    )
    parser.add_argument("--fresh", action="store_true", help="throw its world away and begin again")
    arguments = parser.parse_args()
    folder: Path = arguments.folder
    if arguments.fresh:
        clear(folder)
    if not (folder / DATABASE).exists():
        print("Inventing a small world, which takes a few seconds ...", flush=True)
        sow_into(folder)
    portal = opened(folder, parser, hosts=arguments.host or THIS_MACHINE)
    print(f"The portal is at http://127.0.0.1:{arguments.port} until you press Ctrl+C.", flush=True)
    # Without proxy headers: uvicorn would believe any program of this machine about a visitor's address (A4).
    uvicorn.run(portal, host="127.0.0.1", port=arguments.port, log_level="warning", proxy_headers=False)


def opened(folder: Path, parser: argparse.ArgumentParser, *, hosts: Collection[str] = THIS_MACHINE) -> FastAPI:
    """Return the portal over the world in a folder, or say in a sentence why it cannot be opened."""
    try:
        return create_portal(
            f"sqlite:///{folder / DATABASE}",
            clock=Clock(BEGINNING, kept_in=folder / CLOCK),
            people=People(kept_in=folder / PEOPLE),
            hosts=hosts,
        )
    except SchemaMismatch:
        parser.exit(2, f"The world in {folder} is of another version of the library; --fresh begins a new one.\n")
    except StoreFailed as failure:
        parser.exit(2, f"The world in {folder} cannot be opened: {failure}\n")


def sow_into(folder: Path) -> None:
    """Sow a world beside the folder and move it in, so that the folder never holds half a world."""
    growing = folder.with_name(f"{folder.name}.growing")
    shutil.rmtree(growing, ignore_errors=True)
    growing.mkdir(parents=True)
    sow(growing)
    folder.mkdir(exist_ok=True)
    for name in (CLOCK, PEOPLE, DATABASE):
        (growing / name).replace(folder / name)
    growing.rmdir()


def clear(folder: Path) -> None:
    """Delete the world in a folder, and no other file there."""
    for name in (DATABASE, f"{DATABASE}-wal", f"{DATABASE}-shm", CLOCK, PEOPLE):
        (folder / name).unlink(missing_ok=True)


if __name__ == "__main__":
    main()
