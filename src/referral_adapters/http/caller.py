"""Who asks over HTTP, and how a host says so (A1)."""

from __future__ import annotations

from typing import Protocol

import attrs
from starlette.requests import Request

from referral_core.entities.actor import Actor, Role
from referral_core.values.errors import Reason, Refusal

PUBLIC: Actor = Actor("public", Role.CUSTOMER)
"""Somebody who has not said who they are: a visitor who tries a code before there is a contract."""


class NotAuthenticated(Exception):
    """What a request says of its caller does not hold, or it says nothing where something is asked for.

    ``why`` is a sentence for the one who asks; it says nothing that a stranger should not know.
    """

    def __init__(self, why: str, *, error: str | None = None) -> None:
        super().__init__(why)
        self.why = why
        self.error = error


@attrs.frozen
class Caller:
    """An actor at the door, and the accounts it is limited to; ``None`` means those the rules let it see.

    Whoever is limited to accounts may ask about those, check codes, and nothing else.
    """

    actor: Actor
    accounts: frozenset[str] | None = None

    @property
    def is_customer(self) -> bool:
        """Tell whether this is a customer, who sees their own accounts only and is told one neutral sentence (S6)."""
        return self.actor.role is Role.CUSTOMER

    def enter(self, account: str) -> None:
        """Refuse with ``not-allowed`` an account that the caller's token leaves out."""
        if self.accounts is not None and account not in self.accounts:
            raise Refusal(Reason.NOT_ALLOWED, message="the token is limited to other accounts", field="account")


class Authentication(Protocol):
    """What turns a request into its caller: tokens, a session of the host's, whatever the host has."""

    def __call__(self, request: Request) -> Caller | None:
        """Return who asks; ``None`` when the request says nothing about it.

        Called for every request, in the event loop: it must not wait for anything.

        :raises NotAuthenticated: what the request says does not hold.
        """
        ...
