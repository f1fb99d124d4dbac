"""The detection of files that are no feed, by their first lines; and the byte-order mark before a feed."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, TypeVar

from referral_adapters.wire.json_text import without_mark
from referral_core.values.errors import ArgumentInvalid, ReferralError

Line = TypeVar("Line", str, bytes, "str | bytes")

LOOKED_AT: Final = 20
"""How many lines that are not blank are looked at before a file is said to be no feed."""
_MOST_HELD: Final = 1_000
"""How many lines are held back at most, blank ones among them."""
_SHOWN: Final = 4096
"""How much of a line is looked at, in bytes."""

_UTF16: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_CONTROL: Final = re.compile(rb"[\x00-\x08\x0e-\x1f\x7f]")
_OBJECT: Final = re.compile(rb"\{\s*[\"}]")
_LIST: Final = re.compile(rb"\[\s*(\{|$)")
_FORMATS: Final = {
    "XML or HTML": re.compile(rb"<"),
    "PDF": re.compile(rb"%PDF-"),
    "TOML": re.compile(rb"[\w.-]+\s*=|\[+[A-Za-z_][\w.-]*\]+$"),
    "YAML": re.compile(rb"---$|[A-Za-z_][\w-]*:(\s|$)|- \w"),
}
_DELIMITERS: Final = (b",", b";", b"\t")


_NO_LINES: Final = (str, bytes, bytearray, memoryview, Mapping)
"""What can be gone through and is no lines: each character, byte or key would pass for one."""


class NotAFeed(ReferralError):
    """A file is no feed at all: binary, or text in another format. The message is one sentence; nothing was done."""

    def __init__(self, looks_like: str) -> None:
        super().__init__(f"it {looks_like}; a feed has one JSON object on each line, in UTF-8")
        self.looks_like = looks_like

    def __reduce__(self) -> tuple[object, ...]:
        """Keep what it looks like when the error is pickled."""
        return NotAFeed, (self.looks_like,)


def checked_lines(lines: object) -> Iterable[Any]:
    """Return the lines of a feed as they are given.

    :raises ArgumentInvalid: they are no lines but one text, whose characters would pass for lines, or a path.
    """
    if isinstance(lines, Iterable) and not isinstance(lines, _NO_LINES):
        return lines
    raise ArgumentInvalid("lines", f"must be lines, as of a file opened to be read, not {type(lines).__name__}")


def checked_line(line: Line) -> Line:
    """Return a line of a feed.

    :raises ArgumentInvalid: it is neither text nor bytes.
    """
    if not isinstance(line, str | bytes):
        raise ArgumentInvalid("line", f"must be text or bytes, not {type(line).__name__}")
    return line


def feed_of(lines: Iterable[Line]) -> Iterator[Line]:
    """Yield the lines of a feed, the first one without a byte-order mark.

    The lines of a file of another kind look odd from the first one on: odd lines are held back until a line looks like
    one of a feed.

    :raises NotAFeed: no line does; none was yielded.
    """
    rest = without_first_mark(lines)
    held: list[Line] = []
    odd: list[bytes] = []
    for line in rest:
        beginning = _beginning(checked_line(line))
        if not beginning and not held:  # whatever follows, a blank line does nothing
            yield line
            continue
        held.append(line)
        if beginning:
            odd.append(beginning)
        if _looks_like_an_event(odd) or len(odd) == LOOKED_AT or len(held) == _MOST_HELD:
            break
    _refuse_another_format(odd)
    yield from held
    yield from rest


def without_first_mark(lines: Iterable[Line]) -> Iterator[Line]:
    """Yield lines, the first without the byte-order mark that some editors put before it."""
    each = iter(lines)
    for first in each:
        yield without_mark(checked_line(first))
        yield from each


def _beginning(line: str | bytes) -> bytes:
    part = line[:_SHOWN]
    return (part.encode(errors="surrogatepass") if isinstance(part, str) else part).strip()


def _looks_like_an_event(lines: list[bytes]) -> bool:
    """Tell whether the last of some lines is an object, whole or broken, and the first does not begin a longer text."""
    first, last = lines[0], lines[-1]
    if first == b"{" or _LIST.match(first) or last == b"{":
        return False
    return _OBJECT.match(last) is not None or (last.startswith(b"{") and not _CONTROL.search(last))


def _refuse_another_format(lines: list[bytes]) -> None:
    if not lines or _looks_like_an_event(lines):
        return
    first = lines[0]
    if first.startswith(_UTF16) or b"\0" in first[:4]:
        raise NotAFeed("is binary, or text in UTF-16")
    if any(_CONTROL.search(line) for line in lines):
        raise NotAFeed("is binary")
    if _LIST.match(first):
        raise NotAFeed("begins like one JSON list")
    if first == b"{" and len(lines) > 1:
        raise NotAFeed("begins like one JSON object that is spread over many lines")
    # Words that begin like nothing known may be slips of whoever writes the feed, and are told line by line.
    for looks_like, form in _FORMATS.items():
        if form.match(first):
            raise NotAFeed(f"begins like {looks_like}")
    if len(lines) > 1 and _is_table(*lines[:2]):
        raise NotAFeed("begins like CSV")


def _is_table(first: bytes, second: bytes) -> bool:
    return any(first.count(delimiter) == second.count(delimiter) > 0 for delimiter in _DELIMITERS)
