"""Codes by hand, over the wire."""

from __future__ import annotations

from datetime import datetime

import attrs

from referral_adapters.http.client.wire import Wire
from referral_adapters.http.models.codes import CodeAnswer


@attrs.frozen
class Codes:
    """Issues, ends and shows codes (C5, C9, C11)."""

    _wire: Wire

    def issue(
        self,
        account: str,
        *,
        text: str | None = None,
        replace: bool = False,
        reason: str | None = None,
        key: str | None = None,
    ) -> CodeAnswer:
        """Issue a code to an account, of a chosen text or drawn, also in place of the present one (C9).

        :raises Refusal: ``code-overlap``, ``code-taken``, ``code-malformed``, ``no-contract``, ``account-unknown``,
            ``reason-missing``.
        """
        body = {"code": text, "replace": replace, "reason": reason}
        return self._wire.act(CodeAnswer, "accounts", account, "codes", key=key, body=body)

    def end(
        self,
        code: str,
        *,
        reason: str,
        ends_at: datetime | None = None,
        seen: CodeAnswer | None = None,
        key: str | None = None,
    ) -> CodeAnswer:
        """End a code now or at a later moment (C5); with ``seen``, only if it still is what was seen.

        :raises Refusal: ``code-unknown``, ``code-ended``, ``moment-past``, ``reason-missing``.
        :raises Changed: it is not what was seen.
        """
        body = {"at": ends_at, "reason": reason}
        return self._wire.act(CodeAnswer, "codes", code, "end", key=key, body=body, seen=seen)

    def present(self, account: str) -> CodeAnswer:
        """Return the present code of an account, or its last one (C11).

        :raises Refusal: ``code-unknown`` when it never had one, ``account-unknown``.
        """
        return self._wire.read(CodeAnswer, "accounts", account, "code")

    def show(self, code: str) -> CodeAnswer:
        """Return a code, whoever holds or held it (C11).

        :raises Refusal: ``code-unknown``.
        """
        return self._wire.read(CodeAnswer, "codes", code)
