"""The use cases over the wire: what the desk does in one process, asked of a service in another.

Needs the extra ``client``: httpx and pydantic, and nothing of a server. The nouns are those of the desk, and what a
rule refuses is raised as the same :class:`~referral_core.Refusal`. Answers are plain values with the fields of the
OpenAPI document: amounts as text, moments as RFC 3339 in the programme's zone.
"""

from __future__ import annotations

from referral_adapters.http.client.client import ReferralClient
from referral_adapters.http.client.errors import (
    CallFailed,
    Changed,
    RemoteRefusal,
    RequestInvalid,
    TokenRefused,
    TooMany,
    Unavailable,
    Unexpected,
    Unreachable,
)
from referral_adapters.http.client.in_process import InProcess
from referral_adapters.http.client.listing import Listing
from referral_adapters.http.client.persistence import Persistence
from referral_adapters.http.pauses import Pauses

__all__ = [
    "CallFailed",
    "Changed",
    "InProcess",
    "Listing",
    "Pauses",
    "Persistence",
    "ReferralClient",
    "RemoteRefusal",
    "RequestInvalid",
    "TokenRefused",
    "TooMany",
    "Unavailable",
    "Unexpected",
    "Unreachable",
]
