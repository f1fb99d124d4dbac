"""Permissions by role, and the reasons of manual acts (A1, A2)."""

from __future__ import annotations

from typing import Final

from referral_core.entities.actor import Actor, Role
from referral_core.values.errors import Reason, Refusal

_RANK: Final = {role: rank for rank, role in enumerate(Role)}


def permit_role(actor: Actor, act: str, least: Role, *, channels: bool) -> None:
    """Refuse an act with ``not-allowed`` unless the actor's role and limit to channels permit it (A1, P2).

    ``least`` is the least role that may ask for the act. ``channels`` permits it to actors who are limited to some
    channels, too.
    """
    if _RANK[actor.role] < _RANK[least]:
        raise Refusal(Reason.NOT_ALLOWED, message=f"{act} asks for the role {least}, not {actor.role}", field="actor")
    if actor.channels is not None and not channels:
        raise Refusal(
            Reason.NOT_ALLOWED, message=f"{act} is not for those who sign up in some channels only", field="actor"
        )


def given_reason(reason: str | None) -> str | None:
    """Return a reason without surrounding blanks, ``None`` for a blank one."""
    return (reason or "").strip() or None


def required_reason(actor: Actor, act: str, reason: str | None) -> str | None:
    """Return the reason of a manual act; refuse with ``reason-missing`` when a person gives none or a blank one."""
    given = given_reason(reason)
    if given is None and actor.is_person:
        raise Refusal(Reason.REASON_MISSING, message=f"{act} by a person needs a reason", field="reason")
    return given
