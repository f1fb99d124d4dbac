"""Who may do what: the rulebook's table of roles, written out once more, against every act and role (A1)."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from referral_core.entities.actor import Actor, Role
from referral_core.rules.permissions import LEAST_ROLE, permit, permit_own, required_reason
from tests.phrases import actor, refused

WORDS: Final = {
    Role.CUSTOMER: "code.check code.shared code.present sharing.text sharing.figures account.show",
    Role.AGENT: """
        contract.concluded code.attach code.issue referral.change-group referral.explain
        case.open case.finish case.abandon
        account.activity sign-up.show case.show group.show code.show
    """,
    Role.SUPERVISOR: "code.end discount.transfer termination-fee.note termination-fee.propose grant.retry",
    Role.ADMINISTRATOR: """
        group.add group.rename group.disable group.enable amount.set
        customer.erase trace.show trace.verify trace.seal contract.import code.launch
    """,
    Role.SYSTEM: "contract.activated contract.terminated contract.withdrawn bill.issued grant.pay",
}
"""What each role may do beyond the one before it, by the acts' names."""

LEAST: Final = {word: role for role, words in WORDS.items() for word in words.split()}
FOLLOWING: Final = {word for word in ("code.start", "referral.record", "referral.cancel", "grant.due", "grant.posted")}
"""What nobody asks for: it follows by itself."""

ROLES: Final = (Role.CUSTOMER, Role.AGENT, Role.SUPERVISOR, Role.ADMINISTRATOR, Role.SYSTEM)
STAFF: Final = (Role.AGENT, Role.SUPERVISOR, Role.ADMINISTRATOR)

segments = st.frozensets(st.sampled_from(("household", "micro-business", "industry")))


def limited(role: Role, *to: str) -> Actor:
    return Actor("Mari", role, frozenset(to))


# ── roles ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("A1")
@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("act", LEAST)
def test_a_role_may_do_what_its_own_line_says_and_what_the_roles_before_it_may(act: str, role: Role) -> None:
    if ROLES.index(role) >= ROLES.index(LEAST[act]):
        permit(actor(role), act)
        permit(actor(role), act, ["household", "industry"])
    else:
        with refused("not-allowed", field="actor", naming=f"{act} asks for the role {LEAST[act]}, not {role}"):
            permit(actor(role), act)


@pytest.mark.rule("A1")
def test_every_act_that_can_be_asked_for_has_a_least_role() -> None:
    assert dict(LEAST_ROLE) == LEAST
    assert set(Act) - set(LEAST) == FOLLOWING


@pytest.mark.rule("A1")
@pytest.mark.parametrize("act", sorted(FOLLOWING))
def test_nobody_asks_for_what_follows_by_itself(act: str) -> None:
    with pytest.raises(KeyError):
        permit(Actor.system(), act)


# ── segments ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("A1")
@given(st.sampled_from(sorted(LEAST)), st.sampled_from(ROLES), segments, segments)
def test_an_actor_limited_to_segments_touches_no_other(
    act: str, role: Role, own: frozenset[str], touched: frozenset[str]
) -> None:
    admitted = ROLES.index(role) >= ROLES.index(LEAST[act]) and all(segment in own for segment in touched)
    with nullcontext() if admitted else refused("not-allowed", field="actor"):
        permit(limited(role, *own), act, sorted(touched))


@pytest.mark.rule("A1")
def test_the_refusal_of_a_segment_names_the_actors_own() -> None:
    with refused("not-allowed", field="actor", naming="code.issue touches a segment outside industry, micro-business"):
        permit(limited(Role.AGENT, "micro-business", "industry"), "code.issue", ["household"])


@pytest.mark.rule("A1")
def test_a_limit_that_names_no_segment_admits_none() -> None:
    permit(limited(Role.SYSTEM), "group.add")
    with refused("not-allowed", field="actor"):
        permit(limited(Role.SYSTEM), "code.issue", ["household"])


@pytest.mark.rule("A1")
def test_the_role_is_refused_before_the_segment() -> None:
    with refused("not-allowed", naming="asks for the role supervisor"):
        permit(limited(Role.AGENT, "micro-business"), "code.end", ["household"])


# ── customers ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("A1")
def test_a_customer_has_their_own_accounts_only() -> None:
    permit_own(actor("customer", "ann"), "ann", "code.shared")
    for other in ("ann", None):
        with refused("not-allowed", field="actor", naming="code.shared is for the customer's own accounts"):
            permit_own(actor("customer", "ben"), other, "code.shared")


@pytest.mark.rule("A1")
@pytest.mark.parametrize("role", [*STAFF, Role.SYSTEM])
def test_staff_and_systems_have_everybodys(role: Role) -> None:
    permit_own(actor(role, "mari"), "ann", "code.shared")
    permit_own(actor(role, "mari"), None, "code.shared")


# ── reasons ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("A2")
@pytest.mark.parametrize("given_reason", [None, "", " ", "\t\n", "\u00a0\u2003"])
@pytest.mark.parametrize("role", [Role.CUSTOMER, *STAFF])
def test_a_person_has_to_give_a_reason(role: Role, given_reason: str | None) -> None:
    with refused("reason-missing", field="reason", naming="code.end by a person needs a reason"):
        required_reason(actor(role), "code.end", given_reason)


@pytest.mark.rule("A2")
@pytest.mark.parametrize("given_reason", [None, "", " \n"])
def test_a_system_need_not_and_a_blank_reason_is_none(given_reason: str | None) -> None:
    assert required_reason(Actor.system(), "code.end", given_reason) is None


@pytest.mark.rule("A2")
@pytest.mark.parametrize("role", ROLES)
def test_a_reason_is_kept_without_the_blanks_around_it(role: Role) -> None:
    assert required_reason(actor(role), "code.end", " moved  away\n") == "moved  away"
    assert required_reason(actor(role), "code.end", "x") == "x"
