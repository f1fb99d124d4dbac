"""The rules over HTTP: a router for a host's own FastAPI app, or a whole app; needs the extra ``http``.

Everything that a feed can do, and everything that people look at, in resources named by the words of the rules. A
:class:`Service` holds what the endpoints work on: a programme, a store, the authentication and the clock.

The other side of the wire is :func:`connect`; a :class:`Deliverer` sends published events to webhooks. Both need the
extra ``client`` and no server, so each name of this module is imported when it is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from referral_adapters.http.app import completed, create_app, referral_router
    from referral_adapters.http.authentication import Authentication, Caller, JwtAuthentication, NotAuthenticated
    from referral_adapters.http.client import (
        CallFailed,
        Changed,
        InProcess,
        Persistence,
        RemoteCodeRefused,
        RemoteRefusal,
        RemoteSession,
        RequestInvalid,
        TokenRefused,
        TooMany,
        Unavailable,
        Unexpected,
        Unreachable,
        connect,
        pages,
    )
    from referral_adapters.http.monitoring import Answered, JsonLines, Observer, PrometheusFigures, log
    from referral_adapters.http.retry import Pauses
    from referral_adapters.http.service import Service, ServiceStore
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
    from referral_adapters.memory import SlidingLimiter
    from referral_core.ports.limiter import Limiter, Rate

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
    "NotAuthenticated",
    "Observer",
    "OutgoingStore",
    "Pace",
    "Pauses",
    "Persistence",
    "PrometheusFigures",
    "Rate",
    "RemoteCodeRefused",
    "RemoteRefusal",
    "RemoteSession",
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
    "connect",
    "create_app",
    "log",
    "pages",
    "redeliver",
    "referral_router",
    "resume",
    "secret_of",
    "sign",
    "standings",
    "verify",
]

_NAMES: Final = {
    "app": ("completed", "create_app", "referral_router"),
    "authentication": ("Authentication", "Caller", "JwtAuthentication", "NotAuthenticated"),
    "client": (
        "CallFailed", "Changed", "InProcess", "Persistence", "RemoteCodeRefused", "RemoteRefusal", "RemoteSession",
        "RequestInvalid", "TokenRefused", "TooMany", "Unavailable", "Unexpected", "Unreachable", "connect", "pages",
    ),
    "monitoring": ("Answered", "JsonLines", "Observer", "PrometheusFigures", "log"),
    "retry": ("Pauses",),
    "service": ("Service", "ServiceStore"),
    "webhooks": (
        "Delivered", "Deliverer", "HttpSend", "OutgoingStore", "Pace", "Reply", "Send", "SignatureInvalid", "Standing",
        "Unanswered", "Webhook", "redeliver", "resume", "secret_of", "sign", "standings", "verify",
    ),
}  # fmt: skip
"""The exported names of each module of this package."""
_MODULES: Final = {
    **{name: f"{__name__}.{module}" for module, names in _NAMES.items() for name in names},
    "Limiter": "referral_core.ports.limiter",
    "Rate": "referral_core.ports.limiter",
    "SlidingLimiter": "referral_adapters.memory",
}


def __getattr__(name: str) -> object:
    """Import a name when it is first used."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module  # noqa: PLC0415 - with the server

    value: object = getattr(import_module(_MODULES[name]), name)
    globals()[name] = value
    return value
