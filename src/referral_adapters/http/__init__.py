"""The rules over HTTP: a router for a host's own FastAPI app, or a whole app; needs the extra ``http``.

Everything that a feed can do, and what people look at besides, in resources named by the words of the rules. A
:class:`Service` says what the endpoints work on: a programme, a store, who is who, and what time it is.

The other side of the wire is :class:`ReferralClient`; whoever sends what is published uses a :class:`Deliverer`. Both
need the extra ``client`` and no server, so what this module exports is imported when it is first asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from referral_adapters.http.app import completed, create_app, referral_router
    from referral_adapters.http.caller import Authentication, Caller, NotAuthenticated
    from referral_adapters.http.client import (
        CallFailed,
        Changed,
        InProcess,
        Listing,
        Persistence,
        ReferralClient,
        RemoteRefusal,
        RequestInvalid,
        TokenRefused,
        TooMany,
        Unavailable,
        Unexpected,
        Unreachable,
    )
    from referral_adapters.http.limits import Limiter, Rate, SlidingLimiter
    from referral_adapters.http.observing import Answered, JsonLines, Observer, PrometheusFigures, log
    from referral_adapters.http.pauses import Pauses
    from referral_adapters.http.service import Service, ServiceStore
    from referral_adapters.http.tokens import JwtAuthentication
    from referral_adapters.http.webhooks import (
        Delivered,
        Deliverer,
        HttpSend,
        OutgoingStore,
        Pace,
        Reply,
        Send,
        SignatureInvalid,
        Standing,
        Unanswered,
        Webhook,
        redeliver,
        resume,
        secret_of,
        sign,
        standings,
        verify,
    )

__all__ = [
    "Answered",
    "Authentication",
    "CallFailed",
    "Caller",
    "Changed",
    "Delivered",
    "Deliverer",
    "HttpSend",
    "InProcess",
    "JsonLines",
    "JwtAuthentication",
    "Limiter",
    "Listing",
    "NotAuthenticated",
    "Observer",
    "OutgoingStore",
    "Pace",
    "Pauses",
    "Persistence",
    "PrometheusFigures",
    "Rate",
    "ReferralClient",
    "RemoteRefusal",
    "Reply",
    "RequestInvalid",
    "Send",
    "Service",
    "ServiceStore",
    "SignatureInvalid",
    "SlidingLimiter",
    "Standing",
    "TokenRefused",
    "TooMany",
    "Unanswered",
    "Unavailable",
    "Unexpected",
    "Unreachable",
    "Webhook",
    "completed",
    "create_app",
    "log",
    "redeliver",
    "referral_router",
    "resume",
    "secret_of",
    "sign",
    "standings",
    "verify",
]

_WHERE: Final = {
    "Answered": "observing",
    "Authentication": "caller",
    "CallFailed": "client",
    "Caller": "caller",
    "Changed": "client",
    "Delivered": "webhooks",
    "Deliverer": "webhooks",
    "HttpSend": "webhooks",
    "InProcess": "client",
    "JsonLines": "observing",
    "JwtAuthentication": "tokens",
    "Limiter": "limits",
    "Listing": "client",
    "NotAuthenticated": "caller",
    "Observer": "observing",
    "OutgoingStore": "webhooks",
    "Pace": "webhooks",
    "Pauses": "pauses",
    "Persistence": "client",
    "PrometheusFigures": "observing",
    "Rate": "limits",
    "ReferralClient": "client",
    "RemoteRefusal": "client",
    "Reply": "webhooks",
    "RequestInvalid": "client",
    "Send": "webhooks",
    "Service": "service",
    "ServiceStore": "service",
    "SignatureInvalid": "webhooks",
    "SlidingLimiter": "limits",
    "Standing": "webhooks",
    "TokenRefused": "client",
    "TooMany": "client",
    "Unanswered": "webhooks",
    "Unavailable": "client",
    "Unexpected": "client",
    "Unreachable": "client",
    "Webhook": "webhooks",
    "completed": "app",
    "create_app": "app",
    "log": "observing",
    "redeliver": "webhooks",
    "referral_router": "app",
    "resume": "webhooks",
    "secret_of": "webhooks",
    "sign": "webhooks",
    "standings": "webhooks",
    "verify": "webhooks",
}
"""The module of this package that each name comes from."""


def __getattr__(name: str) -> object:
    """Import a name when it is first asked for."""
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module  # noqa: PLC0415 - with the server

    value: object = getattr(import_module(f"{__name__}.{_WHERE[name]}"), name)
    globals()[name] = value
    return value
