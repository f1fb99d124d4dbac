"""Write the answers that the OpenAPI document shows anew: ``python -m tests.http.write_examples``.

Look at what has changed before you keep it.
"""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

from anyio.from_thread import BlockingPortal, start_blocking_portal

from referral_adapters.memory import MemoryStore
from referral_core import Programme
from tests.http.document import Document
from tests.http.door import Door
from tests.http.proper_requests import BY_NAME, proper, settled
from tests.http.world import SECRET, build


def examples(portal: BlockingPortal) -> dict[str, Any]:
    """Return what every endpoint answers to its proper request, each in a world as it was at first."""
    told: dict[str, Any] = {}
    for name, endpoint in BY_NAME.items():
        store = MemoryStore(Programme.default(), secret=SECRET)
        build(store)
        door = Door(portal, store)
        if endpoint.answer is not None:
            told[name] = settled(proper(door, name, Document(door.document())).json())
    return told


if __name__ == "__main__":
    with start_blocking_portal() as opened:
        written = json.dumps(examples(opened), indent=1, ensure_ascii=False)
    Path(str(files("referral_adapters.http").joinpath("examples.json"))).write_text(written + "\n", encoding="utf-8")
