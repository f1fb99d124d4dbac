"""The rules over HTTP: a router for a host's own FastAPI app, or a whole app; needs the extra ``http``.

Everything that a feed can do, and what people look at besides, in resources named by the words of the rules. A
:class:`Service` says what the endpoints work on: a programme, a store, who is who, and what time it is.
"""

from __future__ import annotations

from referral_adapters.http.app import completed, create_app, referral_router
from referral_adapters.http.caller import Authentication, Caller, NotAuthenticated
from referral_adapters.http.limits import CheckLimits, Limiter, Rate, SlidingLimiter
from referral_adapters.http.service import Service, ServiceStore
from referral_adapters.http.tokens import JwtAuthentication

__all__ = [
    "Authentication",
    "Caller",
    "CheckLimits",
    "JwtAuthentication",
    "Limiter",
    "NotAuthenticated",
    "Rate",
    "Service",
    "ServiceStore",
    "SlidingLimiter",
    "completed",
    "create_app",
    "referral_router",
]
