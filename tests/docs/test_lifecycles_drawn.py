"""The lifecycle page says what the code's tables say."""

from __future__ import annotations

import importlib.util
from pathlib import Path

DRAWING = Path(__file__).parents[2] / "docs" / "draw_lifecycles.py"


def test_page_and_pictures_are_drawn_from_the_present_tables() -> None:
    spec = importlib.util.spec_from_file_location("draw_lifecycles", DRAWING)
    assert spec is not None
    assert spec.loader is not None
    drawing = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(drawing)
    stale = [path.name for path, content in drawing.files().items() if path.read_text() != content]
    assert not stale, "run: python docs/draw_lifecycles.py"
