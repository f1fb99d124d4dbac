"""Standard output as a stream of bytes."""

from __future__ import annotations

import io
import sys
from typing import BinaryIO


def standard_output() -> BinaryIO:
    """Return standard output for bytes, always buffered, so that a write is never cut short; flush it at the end.

    Python has none that is buffered where ``PYTHONUNBUFFERED`` is set, as it often is in containers.
    """
    stream = sys.stdout.buffer
    if isinstance(stream, io.RawIOBase):
        return open(stream.fileno(), "wb", closefd=False)
    return stream
