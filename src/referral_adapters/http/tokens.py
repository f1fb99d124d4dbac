"""Bearer tokens: signed JSON Web Tokens (RFC 7519, RFC 6750) that say who asks, in which role (A1)."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from threading import Lock
from time import time
from typing import Any, Final

import jwt
from starlette.requests import Request

from referral_adapters.http.caller import Caller, NotAuthenticated
from referral_core.entities.actor import Actor, Role

_KEPT: Final = 10_000
"""So many tokens that were found to hold are remembered, so that a signature is computed once and not per request."""
_LONGEST: Final = 8_000
_LONGEST_ID: Final = 200


class JwtAuthentication:
    """Reads ``Authorization: Bearer`` tokens that the host's keys have signed.

    ``keys`` are by key id (``kid``); with one key under ``""`` a token needs none. Claims: ``sub``, the actor's id, for
    a customer the customer's own; ``role``; ``segments``, a list, where staff are limited to some; ``channels``, a
    list, where a distributor is limited to some; ``accounts``, a list, where the token is for some accounts and nothing
    else; ``exp``, which every token must have. ``issuer`` and ``audience`` must be the token's where they are given.
    Only ``algorithms`` are believed, whatever a token says of itself.
    """

    def __init__(
        self,
        keys: Mapping[str, Any],
        *,
        algorithms: Sequence[str],
        issuer: str | None = None,
        audience: str | None = None,
        leeway: float = 10.0,
    ) -> None:
        if not keys or not algorithms or "none" in {name.lower() for name in algorithms}:
            raise ValueError("tokens need at least one key and one algorithm that signs")
        self._keys = dict(keys)
        self._algorithms = list(algorithms)
        self._issuer, self._audience, self._leeway = issuer, audience, leeway
        self._known: OrderedDict[str, tuple[Caller, float]] = OrderedDict()
        self._lock = Lock()

    def __call__(self, request: Request) -> Caller | None:
        """Return who a request's token says asks; ``None`` when it has none.

        :raises NotAuthenticated: it is no token of ours, expired, or says something of its bearer that cannot be.
        """
        given = request.headers.getlist("authorization")
        if not given:
            return None
        scheme, _, token = given[0].partition(" ")
        if len(given) > 1 or scheme.lower() != "bearer" or not token or len(token) > _LONGEST:
            raise NotAuthenticated("Send one bearer token.", error="invalid_request")
        known = self._known.get(token)
        if known is not None and time() < known[1]:
            return known[0]
        caller, until = self._read(token)
        with self._lock:
            self._known[token] = caller, until
            while len(self._known) > _KEPT:
                self._known.popitem(last=False)
        return caller

    def _read(self, token: str) -> tuple[Caller, float]:
        try:
            kid = jwt.get_unverified_header(token).get("kid", "")
            key = self._keys.get(kid if isinstance(kid, str) else "")
            if key is None:
                raise _refused()
            claims = jwt.decode(
                token,
                key,
                algorithms=self._algorithms,
                issuer=self._issuer,
                audience=self._audience,
                leeway=self._leeway,
                options={"require": ["exp", "sub"], "verify_aud": self._audience is not None},
            )
            return _caller(claims), float(claims["exp"])
        except jwt.ExpiredSignatureError:
            raise NotAuthenticated("The token has expired.", error="invalid_token") from None
        except (jwt.PyJWTError, ValueError, TypeError, OverflowError, RecursionError):
            raise _refused() from None


def _caller(claims: Mapping[str, Any]) -> Caller:
    subject, role = claims.get("sub"), claims.get("role")
    if not isinstance(subject, str) or not 0 < len(subject) <= _LONGEST_ID or not subject.isprintable():
        raise _refused()
    if not isinstance(role, str) or role not in list(Role):
        raise NotAuthenticated("The token names no role that there is.", error="invalid_token")
    actor = Actor(subject, Role(role), _words(claims, "segments"), _words(claims, "channels"))
    return Caller(actor, _words(claims, "accounts"))


def _words(claims: Mapping[str, Any], claim: str) -> frozenset[str] | None:
    """Return a claim that limits; one of another kind limits to nothing at all rather than not at all."""
    value = claims.get(claim)
    if value is None:
        return None
    if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
        raise _refused()
    return frozenset(value)


def _refused() -> NotAuthenticated:
    return NotAuthenticated("The token does not hold.", error="invalid_token")
