"""The client: the services of a desk over the wire.

Needs the extra ``client``: cattrs, httpx and pydantic, and nothing of a server. The services are those of a session,
with the same signatures, answers and errors.
"""

from __future__ import annotations

from referral_adapters.http.client.errors import (
    CallFailed,
    Changed,
    RemoteCodeRefused,
    RemoteRefusal,
    RequestInvalid,
    TokenRefused,
    TooMany,
    Unavailable,
    Unexpected,
    Unreachable,
)
from referral_adapters.http.client.pages import pages
from referral_adapters.http.client.session import InProcess, RemoteSession, connect
from referral_adapters.http.retry import Pauses, Persistence

__all__ = [
    "CallFailed",
    "Changed",
    "InProcess",
    "Pauses",
    "Persistence",
    "RemoteCodeRefused",
    "RemoteRefusal",
    "RemoteSession",
    "RequestInvalid",
    "TokenRefused",
    "TooMany",
    "Unavailable",
    "Unexpected",
    "Unreachable",
    "connect",
    "pages",
]
