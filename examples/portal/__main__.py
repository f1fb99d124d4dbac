"""Start the portal on this machine, with an invented world in a folder of its own.

$ python -m examples.portal --port 8000
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

import uvicorn

from examples.portal.app import create_portal
from examples.portal.clock import Clock
from examples.portal.people import People
from examples.portal.seed import BEGINNING, sow


def main() -> None:
    """Read the arguments, sow the world the first time, and serve its pages until interrupted."""
    parser = argparse.ArgumentParser(prog="python -m examples.portal", description="Serve the reference portal.")
    parser.add_argument(
        "--port", type=int, default=8000, help="where it listens on this machine (default: %(default)s)"
    )
    parser.add_argument(
        "--folder", type=Path, default=Path("portal-world"), help="where it keeps its world (default: %(default)s)"
    )
    parser.add_argument("--fresh", action="store_true", help="throw the world away and begin again")
    arguments = parser.parse_args()
    folder: Path = arguments.folder
    if arguments.fresh and (folder / "referral.db").exists():
        shutil.rmtree(folder)
    if not (folder / "referral.db").exists():
        print("Inventing a small world, which takes a few seconds ...")
        sow_into(folder)
    portal = create_portal(
        f"sqlite:///{folder / 'referral.db'}",
        clock=Clock(BEGINNING, kept_in=folder / "clock.txt"),
        people=People(kept_in=folder / "people.json"),
    )
    print(f"The portal is at http://127.0.0.1:{arguments.port}")
    uvicorn.run(portal, host="127.0.0.1", port=arguments.port, log_level="warning")


def sow_into(folder: Path) -> None:
    """Sow a world beside the folder and rename it, so that a world that is there is a whole one."""
    growing = folder.with_name(f"{folder.name}.growing")
    shutil.rmtree(growing, ignore_errors=True)
    growing.mkdir(parents=True)
    sow(growing)
    folder.mkdir(exist_ok=True)
    for file in sorted(growing.iterdir()):
        if file.name != "referral.db":
            file.replace(folder / file.name)
    (growing / "referral.db").replace(folder / "referral.db")
    growing.rmdir()


if __name__ == "__main__":
    main()
