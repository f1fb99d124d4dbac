"""QR codes of sharing links (T1), by ISO/IEC 18004; needs the extra ``qr``."""

from __future__ import annotations

import os
from io import BytesIO
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from segno import QRCode

QUIET_ZONE: Final = 4
"""The modules left empty on each side, as the standard asks."""
PIXELS: Final = 8
"""The width of a module, in pixels."""


def qr_svg(url: str) -> str:
    """Return the QR code of a link as an SVG picture for a page or a file, black on white whatever is around it.

    :raises ValueError: the link is blank or longer than a QR code can hold.
    :raises ImportError: the extra ``qr`` is not installed.
    """
    out = BytesIO()
    _qr_code(url).save(
        out,
        kind="svg",
        xmldecl=False,
        nl=False,
        scale=PIXELS,
        border=QUIET_ZONE,
        light="#fff",
        title=url,
        omitsize=True,
    )
    # Without the role a screen reader passes over the picture, whose title is the link.
    return out.getvalue().decode().replace("<svg ", '<svg role="img" ', 1)


def qr_png(url: str, path: str | os.PathLike[str]) -> None:
    """Write the QR code of a link to ``path`` as a PNG picture.

    :raises ValueError: the link is blank or longer than a QR code can hold.
    :raises ImportError: the extra ``qr`` is not installed.
    """
    _qr_code(url).save(os.fspath(path), kind="png", scale=PIXELS, border=QUIET_ZONE)


def _qr_code(url: str) -> QRCode:
    try:
        import segno  # noqa: PLC0415 - so that this module imports without the extra
    except ImportError as missing:
        raise ImportError("QR codes need segno: install referral-core with its extra 'qr'") from missing
    if not url.strip():
        raise ValueError("a QR code needs a link")
    return segno.make_qr(url, error="m")
