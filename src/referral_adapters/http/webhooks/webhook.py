"""Webhooks: where events are sent to."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Final
from urllib.parse import SplitResult, urlsplit

import attrs

SHORTEST_SECRET: Final = 24
"""The bytes that a secret has at least, as the Standard Webhooks scheme asks for."""
_LONGEST_NAME: Final = 200


@attrs.frozen
class Webhook:
    """A receiver of events: its name, by which its place is kept; its URL; and the secrets that sign what it gets.

    Everything is signed with each secret, so that a receiver can go over to a new one: give both, let the receiver take
    the new one, leave out the old one. A new webhook begins with the event ``after`` a position, at first with all of
    them. An answer is waited for ``timeout`` seconds, all in all.

    The URL is https, or leads to this machine; ``insecure`` admits http to others. Which addresses a process may reach
    is for the host's network to say: a name can lead anywhere.
    """

    name: str
    url: str = attrs.field(repr=False)
    secrets: tuple[bytes, ...] = attrs.field(repr=False)
    after: int = attrs.field(default=0, kw_only=True)
    timeout: float = attrs.field(default=10.0, kw_only=True)
    insecure: bool = attrs.field(default=False, kw_only=True)

    def __attrs_post_init__(self) -> None:
        faults = [*self._name_faults(), *self._url_faults(), *self._secret_faults()]
        if self.after < 0 or self.timeout <= 0:
            faults.append("a position is 0 or above, and a timeout above 0")
        if faults:
            raise ValueError(f"webhook {self.name!r}: {'; '.join(faults)}")

    def _name_faults(self) -> list[str]:
        is_name = 0 < len(self.name) <= _LONGEST_NAME and self.name.isprintable()
        return [] if is_name else [f"a name has 1 to {_LONGEST_NAME} printable characters"]

    def _url_faults(self) -> list[str]:
        try:
            parts = urlsplit(self.url)
            host, _ = parts.hostname, parts.port
        except ValueError:
            return ["the URL is none"]
        if not self.url.isascii() or not self.url.isprintable() or " " in self.url or not host:
            return ["the URL is none"]
        if "@" in parts.netloc or parts.fragment:
            return ["the URL has a password or a fragment, which would not be sent"]
        return [] if self._is_safe(parts, host) else ["the URL is not https"]

    def _is_safe(self, parts: SplitResult, host: str) -> bool:
        return parts.scheme == "https" or (parts.scheme == "http" and (self.insecure or _is_this_machine(host)))

    def _secret_faults(self) -> list[str]:
        is_secret = self.secrets and all(len(secret) >= SHORTEST_SECRET for secret in self.secrets)
        return [] if is_secret else [f"there is at least one secret, of at least {SHORTEST_SECRET} bytes"]


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
