"""Who may do what (A1)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

from referral_core.entities.act import Act
from referral_core.entities.actor import Actor, Role
from referral_core.values.errors import Refusal
from referral_core.values.reason import Reason

_RANK: Final = {role: rank for rank, role in enumerate(Role)}

LEAST_ROLE: Final[Mapping[Act, Role]] = MappingProxyType(
    {
        Act.CODE_CHECK: Role.CUSTOMER,
        Act.CODE_SHARED: Role.CUSTOMER,
        Act.CODE_PRESENT: Role.CUSTOMER,
        Act.SHARING_TEXT: Role.CUSTOMER,
        Act.SHARING_FIGURES: Role.CUSTOMER,
        Act.ACCOUNT_SHOW: Role.CUSTOMER,
        Act.ACCOUNT_ACTIVITY: Role.AGENT,
        Act.SIGN_UP_SHOW: Role.AGENT,
        Act.CASE_SHOW: Role.AGENT,
        Act.GROUP_SHOW: Role.AGENT,
        Act.CODE_SHOW: Role.AGENT,
        Act.CONTRACT_CONCLUDED: Role.AGENT,
        Act.CODE_ATTACH: Role.AGENT,
        Act.CODE_ISSUE: Role.AGENT,
        Act.REFERRAL_CHANGE_GROUP: Role.AGENT,
        Act.REFERRAL_EXPLAIN: Role.AGENT,
        Act.CASE_OPEN: Role.AGENT,
        Act.CASE_FINISH: Role.AGENT,
        Act.CASE_ABANDON: Role.AGENT,
        Act.CODE_END: Role.SUPERVISOR,
        Act.DISCOUNT_TRANSFER: Role.SUPERVISOR,
        Act.TERMINATION_FEE_NOTE: Role.SUPERVISOR,
        Act.TERMINATION_FEE_PROPOSE: Role.SUPERVISOR,
        Act.GRANT_RETRY: Role.SUPERVISOR,
        Act.GROUP_ADD: Role.ADMINISTRATOR,
        Act.GROUP_RENAME: Role.ADMINISTRATOR,
        Act.GROUP_DISABLE: Role.ADMINISTRATOR,
        Act.GROUP_ENABLE: Role.ADMINISTRATOR,
        Act.AMOUNT_SET: Role.ADMINISTRATOR,
        Act.CUSTOMER_ERASE: Role.ADMINISTRATOR,
        Act.TRACE_SHOW: Role.ADMINISTRATOR,
        Act.TRACE_VERIFY: Role.ADMINISTRATOR,
        Act.TRACE_SEAL: Role.ADMINISTRATOR,
        Act.CONTRACT_IMPORT: Role.ADMINISTRATOR,
        Act.CODE_LAUNCH: Role.ADMINISTRATOR,
        Act.CONTRACT_ACTIVATED: Role.SYSTEM,
        Act.CONTRACT_TERMINATED: Role.SYSTEM,
        Act.CONTRACT_WITHDRAWN: Role.SYSTEM,
        Act.BILL_ISSUED: Role.SYSTEM,
        Act.GRANT_PAY: Role.SYSTEM,
    }
)
"""The least role for every act that somebody can ask for; facts are brought by systems alone."""


OF_CHANNELS: Final = frozenset(
    {Act.CODE_CHECK, Act.CONTRACT_CONCLUDED, Act.CODE_ATTACH, Act.SIGN_UP_SHOW, Act.GROUP_SHOW}
)
"""All that an actor who is limited to some channels may ask for (P2)."""


def permit(actor: Actor, act: Act, segments: Iterable[str] = ()) -> None:
    """Refuse with ``not-allowed`` unless the actor's role and segments admit the act (A1), and its channels (P2).

    ``segments`` are those of the contracts the act touches; an actor limited to some segments may touch no other. They
    are not looked at when the actor is not limited. In which channel an act is, :func:`permit_channel` looks at.
    """
    if _RANK[actor.role] < _RANK[LEAST_ROLE[act]]:
        raise Refusal(
            Reason.NOT_ALLOWED, message=f"{act} asks for the role {LEAST_ROLE[act]}, not {actor.role}", field="actor"
        )
    if actor.channels is not None and act not in OF_CHANNELS:
        raise Refusal(
            Reason.NOT_ALLOWED, message=f"{act} is not for those who sign up in some channels only", field="actor"
        )
    if actor.segments is not None and not actor.segments.issuperset(segments):
        raise Refusal(
            Reason.NOT_ALLOWED,
            message=f"{act} touches a segment outside {', '.join(sorted(actor.segments))}",
            field="actor",
        )


def permit_channel(actor: Actor, channel: str, act: Act) -> None:
    """Refuse with ``not-allowed`` an act in a channel that the actor does not serve (P2)."""
    if not actor.serves(channel):
        raise Refusal(Reason.NOT_ALLOWED, message=f"{act} is in another channel than the actor's", field="channel")


def permit_own(actor: Actor, customer: str | None, act: Act) -> None:
    """Refuse with ``not-allowed`` when a customer asks for an act on another's account, or on nobody's (A1)."""
    if actor.role is Role.CUSTOMER and actor.id != customer:
        raise Refusal(Reason.NOT_ALLOWED, message=f"{act} is for the customer's own accounts", field="actor")


def given_reason(reason: str | None) -> str | None:
    """Return a reason without the blanks around it; one that is only blank is none."""
    return (reason or "").strip() or None


def required_reason(actor: Actor, act: Act, reason: str | None) -> str | None:
    """Return the reason of a manual act; refuse with ``reason-missing`` when a person gives none or a blank one."""
    given = given_reason(reason)
    if given is None and actor.is_person:
        raise Refusal(Reason.REASON_MISSING, message=f"{act} by a person needs a reason", field="reason")
    return given
