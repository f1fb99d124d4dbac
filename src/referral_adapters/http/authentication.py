"""Authentication: who asks over HTTP, and the bearer tokens that say so (A1; RFC 6750, RFC 7519)."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from threading import Lock
from time import time
from typing import Any, Final, Protocol

import attrs
import jwt
from starlette.requests import Request

from referral_core.entities.actor import Actor, Role
from referral_core.values.errors import Reason, Refusal
from referral_core.values.name import names

PUBLIC: Actor = Actor("public", Role.CUSTOMER)
"""The actor of a request without a token: a visitor who tries a code before there is a contract."""


class NotAuthenticated(Exception):
    """A request's credentials do not hold, or are missing where an endpoint needs them.

    ``why`` is a sentence for the caller, without anything that a stranger should not know. ``error`` is a code of
    RFC 6750.
    """

    def __init__(self, why: str, *, error: str | None = None) -> None:
        super().__init__(why)
        self.why = why
        self.error = error


def _accounts(values: Iterable[str] | None) -> frozenset[str] | None:
    return None if values is None else names(values, "accounts")


@attrs.frozen
class Caller:
    """The actor of a request, and the accounts that its token is limited to; ``None`` is no limit but the rules' own.

    A caller who is limited to accounts may ask about those, check codes, and nothing else. The accounts are ids, in the
    form in which ids are kept.

    :raises Refusal: ``name-invalid``: one of them is no id.
    """

    actor: Actor
    accounts: frozenset[str] | None = attrs.field(default=None, converter=_accounts)

    @property
    def is_customer(self) -> bool:
        """Tell whether the caller is a customer, who sees their own accounts only and gets one neutral message (S6)."""
        return self.actor.role is Role.CUSTOMER

    def enter(self, account: str) -> None:
        """Refuse with ``not-allowed`` an account that the caller's token leaves out."""
        if self.accounts is not None and account not in self.accounts:
            raise Refusal(Reason.NOT_ALLOWED, message="the token is limited to other accounts", field="account")


class Authentication(Protocol):
    """Turns a request into its caller: by tokens, by a session of the host's, by whatever the host has."""

    def __call__(self, request: Request) -> Caller | None:
        """Return the caller of a request; ``None`` when the request has no credentials.

        Called for every request, in the event loop: it must not wait for anything.

        :raises NotAuthenticated: the credentials do not hold.
        """
        ...


_KEPT: Final = 10_000
"""The valid tokens that are remembered, so that a signature is computed once and not for every request."""
_LONGEST_TOKEN: Final = 8_000


class JwtAuthentication:
    """Reads ``Authorization: Bearer`` tokens that the host's keys have signed.

    ``keys`` are by key id (``kid``); with one key under ``""`` a token needs none. Claims: ``sub``, the actor's id, for
    a customer the customer's own; ``role``; ``segments``, a list, where staff are limited to some; ``channels``, a
    list, where a distributor is limited to some; ``accounts``, a list, where the token is for some accounts and nothing
    else; ``exp``, which every token must have. ``issuer`` and ``audience`` must be the token's where they are given.
    Only ``algorithms`` are accepted, whatever a token claims.

    :raises ValueError: there is no key or no algorithm that signs, or a secret is shorter than its algorithm's digest:
        32 bytes for HS256.
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
        _refuse_short_secrets(keys, algorithms)
        self._keys = dict(keys)
        self._algorithms = list(algorithms)
        self._issuer, self._audience, self._leeway = issuer, audience, leeway
        self._known: OrderedDict[str, tuple[Caller, float]] = OrderedDict()
        self._lock = Lock()

    def __call__(self, request: Request) -> Caller | None:
        """Return the caller that a request's token names; ``None`` when it has none.

        :raises NotAuthenticated: the token is none of the host's, has expired, or has claims that cannot be.
        """
        given = request.headers.getlist("authorization")
        if not given:
            return None
        scheme, _, token = given[0].partition(" ")
        if len(given) > 1 or scheme.lower() != "bearer" or not token or len(token) > _LONGEST_TOKEN:
            raise NotAuthenticated("Send one bearer token.", error="invalid_request")
        # Signature and claims never change: a token that was valid once is valid until it expires.
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


def _refuse_short_secrets(keys: Mapping[str, Any], algorithms: Sequence[str]) -> None:
    """Refuse secrets that are shorter than the digest they sign with (RFC 7518, 3.2): they can be found by trying.

    A key that is text or bytes is a secret wherever an algorithm signs with secrets. The PEM of a public key is text
    too, and longer than any digest.

    :raises ValueError: a secret is too short; it is named by its id alone.
    """
    needed = max((int(name[2:]) // 8 for name in algorithms if re.fullmatch(r"HS\d+", name)), default=0)
    for kid, key in keys.items():
        # PyJWT takes a JSON Web Key too, which keeps its secret inside.
        secret = getattr(key, "key", key) if isinstance(key, jwt.PyJWK) else key
        content = secret.encode() if isinstance(secret, str) else secret
        if isinstance(content, bytes) and len(content) < needed:
            raise ValueError(f"the secret {kid!r} has {len(content)} bytes: at least {needed} are needed")


def _caller(claims: Mapping[str, Any]) -> Caller:
    subject, role = claims.get("sub"), claims.get("role")
    if not isinstance(subject, str):
        raise _refused()
    if not isinstance(role, str) or role not in list(Role):
        raise NotAuthenticated("The token names no role that there is.", error="invalid_token")
    try:
        actor = Actor(subject, Role(role), _words(claims, "segments"), _words(claims, "channels"))
        return Caller(actor, _words(claims, "accounts"))
    except Refusal:  # the subject, or a limit, is no id
        raise _refused() from None


def _words(claims: Mapping[str, Any], claim: str) -> frozenset[str] | None:
    """Return a claim that limits its bearer.

    :raises NotAuthenticated: the claim is no list of words, which must not be taken for no limit.
    """
    value = claims.get(claim)
    if value is None:
        return None
    if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
        raise _refused()
    return frozenset(value)


def _refused() -> NotAuthenticated:
    return NotAuthenticated("The token does not hold.", error="invalid_token")
