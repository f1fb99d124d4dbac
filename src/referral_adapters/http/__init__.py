"""The rules over HTTP: a router for a host's own FastAPI app, or a whole app; needs the extra ``http``.

Everything that a feed can do, and what people look at besides, in resources named by the words of the rules. A
:class:`Service` says what the endpoints work on: a programme, a store, who is who, and what time it is.

The other side of the wire is :mod:`referral_adapters.http.client`, which needs the extra ``client`` and no server. What
this module exports is therefore imported when it is first asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from referral_adapters.http.app import completed, create_app, referral_router
    from referral_adapters.http.caller import Authentication, Caller, NotAuthenticated
    from referral_adapters.http.limits import Limiter, Rate, SlidingLimiter
    from referral_adapters.http.observing import Answered, JsonLines, Observer, PrometheusFigures
    from referral_adapters.http.service import Service, ServiceStore
    from referral_adapters.http.tokens import JwtAuthentication

__all__ = [
    "Answered",
    "Authentication",
    "Caller",
    "JsonLines",
    "JwtAuthentication",
    "Limiter",
    "NotAuthenticated",
    "Observer",
    "PrometheusFigures",
    "Rate",
    "Service",
    "ServiceStore",
    "SlidingLimiter",
    "completed",
    "create_app",
    "referral_router",
]

_WHERE: Final = {
    "Answered": "observing",
    "Authentication": "caller",
    "Caller": "caller",
    "JsonLines": "observing",
    "JwtAuthentication": "tokens",
    "Limiter": "limits",
    "NotAuthenticated": "caller",
    "Observer": "observing",
    "PrometheusFigures": "observing",
    "Rate": "limits",
    "Service": "service",
    "ServiceStore": "service",
    "SlidingLimiter": "limits",
    "completed": "app",
    "create_app": "app",
    "referral_router": "app",
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
