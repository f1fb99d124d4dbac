"""Passing codes on, over the wire."""

from __future__ import annotations

import attrs

from referral_adapters.http.client.wire import Wire
from referral_adapters.http.models.sharings import FiguresAnswer, SharingTextAnswer


@attrs.frozen
class Sharings:
    """Records sharing, and gives what is shared and what came of it (T1, T2)."""

    _wire: Wire

    def share(self, account: str, *, means: str, key: str | None = None) -> FiguresAnswer:
        """Record that the account's code was passed on by some means; return what sharing brought so far (T2).

        :raises Refusal: ``code-unknown``, ``code-pending``, ``code-ended``, ``account-unknown``.
        """
        return self._wire.act(FiguresAnswer, "accounts", account, "sharings", key=key, body={"means": means})

    def text(self, account: str) -> SharingTextAnswer:
        """Return title, text and link for share sheets, in the client's language (T1).

        :raises Refusal: ``code-unknown``, ``code-pending``, ``code-ended``, ``account-unknown``.
        """
        return self._wire.read(SharingTextAnswer, "accounts", account, "sharing-text")

    def qr_code(self, account: str) -> str:
        """Return the sharing link as a QR code, drawn in SVG (T1).

        :raises Refusal: as :meth:`text`.
        """
        return self._wire.read_text("accounts", account, "qr-code")

    def figures(self, account: str) -> FiguresAnswer:
        """Return how often the account's code was sent and used, what it earned and what is on the way (T2).

        :raises Refusal: ``account-unknown``.
        """
        return self._wire.read(FiguresAnswer, "accounts", account, "figures")
