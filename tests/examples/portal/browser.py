"""People at a browser of their own, each with its window; and the portal they look at, served on this machine."""

from __future__ import annotations

import os
import re
import shutil
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Final, Literal

import attrs
import uvicorn
from fastapi import FastAPI
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

PICTURES: Final = Path(__file__).parents[3] / "docs" / "_static" / "portal"
SIZES: Final = {"phone": (390, 844), "desk": (1280, 800)}
NAMES: Final = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS: Final = (
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--no-first-run",
)

COLOURS: Final = 160
"""So many are enough for a picture of a page, which is small then."""

Size = Literal["phone", "desk"]
EVERYTHING: Final = bool(os.environ.get("REFERRAL_PICTURES"))
"""Whether stories are gone through at a desk too, and every page is looked at in both lights, as for new pictures."""
STORIES_ON: Final[tuple[Size, ...]] = ("phone", "desk") if EVERYTHING else ("phone",)
"""A phone is where pages fail first."""


def chromium() -> str | None:
    """Return where Chromium is: ``REFERRAL_CHROMIUM``, or one of its names on the path."""
    return os.environ.get("REFERRAL_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)


@contextmanager
def browsing(executable: str) -> Iterator[Browser]:
    """Run a browser without a window."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=list(ARGUMENTS))
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def serving(portal: FastAPI) -> Iterator[str]:
    """Serve a portal on a free port of this machine, and tell its address."""
    server = uvicorn.Server(uvicorn.Config(portal, log_level="warning", ws="none", loop="asyncio", http="h11"))
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(64)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


@attrs.frozen
class Somebody:
    """A person at a browser, on a phone or at a desk; whatever the page's scripts complain about is remembered."""

    page: Page
    address: str
    size: Size
    complaints: list[str]

    @classmethod
    def at(cls, browser: Browser, address: str, size: Size, language: str = "en") -> Somebody:
        """Return somebody who has just opened the portal's start."""
        width, height = SIZES[size]
        context: BrowserContext = browser.new_context(
            viewport={"width": width, "height": height}, locale=language, reduced_motion="reduce"
        )
        context.grant_permissions(["clipboard-read", "clipboard-write"], origin=address)
        context.set_default_timeout(15_000)
        somebody = cls(context.new_page(), address, size, [])
        somebody.page.on("pageerror", lambda error: somebody.complaints.append(str(error)))
        somebody.page.on("console", lambda message: somebody.hears(message.type, message.text))
        somebody.opens("/")
        return somebody

    def hears(self, kind: str, text: str) -> None:
        """Remember what the console says of policies that a page breaks, and of scripts that fail."""
        if kind in {"error", "warning"} and "Failed to load resource" not in text:
            self.complaints.append(text)

    def opens(self, path: str) -> None:
        """Open a page of the portal."""
        self.page.goto(f"{self.address}{path}")

    def becomes(self, name: str) -> None:
        """Pick a person at the start."""
        self.opens("/")
        self.page.get_by_role("button", name=re.compile(f"^{re.escape(name)}")).click()  # a role may follow

    def presses(self, name: str) -> None:
        """Press the button of this name."""
        self.page.get_by_role("button", name=name, exact=True).click()

    def waits(self, months: int) -> None:
        """Move the clock on by so many months."""
        for _ in range(months):
            self.presses("+1 month")

    def reads(self, id_: str) -> str:
        """Return the text of the element with this id."""
        return self.page.locator(f"#{id_}").inner_text()

    def fits(self) -> bool:
        """Tell whether the page is no wider than the window."""
        return bool(self.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))

    def pictures(self, story: str, of: str = "body") -> None:
        """Keep a picture of the window beside the documentation, when ``REFERRAL_PICTURES`` asks for it.

        What it is ``of`` is at the top of the window, as far as the page is long enough.
        """
        assert self.fits()
        self.page.locator(of).evaluate("element => element.scrollIntoView({block: 'start'})")
        if os.environ.get("REFERRAL_PICTURES"):
            PICTURES.mkdir(parents=True, exist_ok=True)
            width, _ = SIZES[self.size]
            taken = self.page.screenshot(scale="css", animations="disabled")
            few = Image.open(BytesIO(taken)).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
            few.save(PICTURES / f"{story}-{width}.png", optimize=True)

    def leaves(self) -> None:
        """Close the browser, having had nothing to complain about."""
        self.page.context.close()
        assert self.complaints == []
