"""The QR code of a sharing link (T1)."""

from __future__ import annotations

import re
import struct
import sys
import zlib
from pathlib import Path
from typing import Final
from xml.etree import ElementTree as ET

import pytest
import segno

from referral_adapters.qr import PIXELS, QUIET_ZONE, qr_png, qr_svg

pytestmark = pytest.mark.rule("T1")

URL: Final = "https://example.com/en/sign-up?code=MIHKEL2025&b=%C3%B5"
SVG: Final = "{http://www.w3.org/2000/svg}"
Modules = list[list[bool]]


def modules_of(url: str) -> Modules:
    """Return the modules of the link's QR code with the quiet zone around them, dark ones true."""
    return [list(map(bool, row)) for row in segno.make_qr(url, error="m").matrix_iter(border=QUIET_ZONE)]


def modules_in_svg(svg: str) -> Modules:
    """Return what a picture shows: the strokes of its path laid on its light ground."""
    root = ET.fromstring(svg)
    light, dark = root.iter(f"{SVG}path")
    side = int(root.get("viewBox", "").split()[2]) // PIXELS
    shown = [[False] * side for _ in range(side)]
    x = y = 0.0
    for step, dx, dy, length in re.findall(r"([Mm])(-?[\d.]+) ?(-?[\d.]+)h(\d+)", dark.get("d", "")):
        x, y = (float(dx), float(dy)) if step == "M" else (x + float(dx), y + float(dy))
        shown[int(y)][int(x) : int(x) + int(length)] = [True] * int(length)
        x += int(length)
    assert light.get("fill") == "#fff"
    assert light.get("d") == f"M0 0h{side}v{side}h-{side}z"
    return shown


def modules_in_png(picture: bytes) -> Modules:
    """Return what a picture of one bit a pixel shows, each module once."""
    chunks, at = {}, 8
    while at < len(picture):
        (length,) = struct.unpack_from(">I", picture, at)
        chunks[picture[at + 4 : at + 8]] = picture[at + 8 : at + 8 + length]
        at += 12 + length
    width, height, depth, colours = struct.unpack_from(">IIBB", chunks[b"IHDR"])
    assert (picture[:8], width, depth, colours) == (b"\x89PNG\r\n\x1a\n", height, 1, 0)
    rows = zlib.decompress(chunks[b"IDAT"])
    stride = 1 + (width + 7) // 8
    return [
        [not rows[y * stride + 1 + x // 8] >> (7 - x % 8) & 1 for x in range(0, width, PIXELS)]
        for y in range(0, height, PIXELS)
    ]


def test_the_svg_shows_the_code_of_the_link_in_a_quiet_zone() -> None:
    assert modules_in_svg(qr_svg(URL)) == modules_of(URL)
    assert not any(modules_of(URL)[QUIET_ZONE - 1])


def test_the_png_shows_the_code_of_the_link_in_a_quiet_zone(tmp_path: Path) -> None:
    qr_png(URL, tmp_path / "code.png")
    assert modules_in_png((tmp_path / "code.png").read_bytes()) == modules_of(URL)


def test_the_svg_can_be_read_aloud_and_links_are_escaped() -> None:
    root = ET.fromstring(qr_svg(URL))
    assert root.get("role") == "img"
    assert root.findtext(f"{SVG}title") == URL


def test_another_link_is_another_picture() -> None:
    assert qr_svg(URL) != qr_svg(URL + "1")


@pytest.mark.parametrize("url", ["", " ", "https://example.com/" + "x" * 3000])
def test_a_link_that_makes_no_code_is_refused(url: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"link|large"):
        qr_svg(url)
    with pytest.raises(ValueError, match=r"link|large"):
        qr_png(url, tmp_path / "code.png")
    assert not (tmp_path / "code.png").exists()


def test_without_the_extra_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "segno", None)
    with pytest.raises(ImportError, match="extra 'qr'"):
        qr_svg(URL)
