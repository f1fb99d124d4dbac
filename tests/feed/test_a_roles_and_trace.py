"""A1 and A2: who may do what, and the trace that it leaves."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, Final

import pytest

from tests.feed.story import Story, moment

ROLES: Final = ("customer", "agent", "supervisor", "administrator", "system")
FACTS: Final = (
    "contract.activated",
    "contract.terminated",
    "contract.withdrawn",
    "contract.annulled",
    "bill.issued",
    "bill.cancelled",
)

# Every act, with the first of the roles that may do it; facts are for the system alone.
FIRST: Final = {
    "code.check": "customer",
    "code.shared": "customer",
    "contract.concluded": "agent",
    "code.attach": "agent",
    "code.issue": "agent",
    "referral.change-group": "agent",
    "case.open": "agent",
    "case.finish": "agent",
    "case.abandon": "agent",
    "code.end": "supervisor",
    "referral.hold": "supervisor",
    "referral.release": "supervisor",
    "referral.void": "supervisor",
    "discount.transfer": "supervisor",
    "termination-fee.note": "supervisor",
    "group.add": "administrator",
    "group.rename": "administrator",
    "group.disable": "administrator",
    "group.enable": "administrator",
    "amount.set": "administrator",
    **dict.fromkeys(FACTS, "system"),
}

WHY: Final = "it was asked for"

ACTS: Final[dict[str, dict[str, Any]]] = {
    "code.check": {"code": "A123"},
    "code.shared": {"code": "A123", "means": "link"},
    "contract.concluded": {"contract": "NEW", "account": "C", "customer": "c", "channel": "sales-portal"},
    "code.attach": {"contract": "BARE", "code": "A123"},
    "code.issue": {"account": "A", "replace": True, "reason": WHY},
    "referral.change-group": {"contract": "OPEN", "group": "referee-manual", "reason": WHY},
    "referral.hold": {"contract": "OPEN", "reason": WHY},
    "referral.release": {"contract": "HELD", "reason": WHY},
    "referral.void": {"contract": "OPEN", "reason": WHY},
    "case.open": {"case": "C2", "customer": "c", "code": "A123"},
    "case.finish": {"case": "C1", "contract": "NEW", "account": "CASE", "customer": "case"},
    "case.abandon": {"case": "C1"},
    "code.end": {"code": "A123", "reason": WHY},
    "discount.transfer": {"from": "LEFT", "to": "STAYED"},
    "termination-fee.note": {"contract": "PAID", "amount": "5", "reason": WHY},
    "group.add": {"group": "fair", "side": "referee"},
    "group.rename": {"group": "referee-manual", "name": "By hand"},
    "group.disable": {"group": "referee-manual"},
    "group.enable": {"group": "closed"},
    "amount.set": {"group": "referee-manual", "amount": "9"},
    "contract.activated": {"contract": "OPEN"},
    "contract.terminated": {"contract": "PAID"},
    "contract.withdrawn": {"contract": "OPEN"},
    "contract.annulled": {"contract": "PAID"},
    "bill.issued": {"bill": "R1", "account": "PAID", "amount": "3"},
    "bill.cancelled": {"bill": "R0"},
}


def scene() -> Story:
    """Return a programme in which every one of the acts is there to be done."""
    story = Story().with_amounts()
    code = story.referrer("A", text="A123")
    left = story.referrer("LEFT")
    story.concluded("PAID", account="PAID", code=left)
    story.activated("PAID")
    story.bill("R0", "PAID", "1")
    story.terminated("K-LEFT")
    story.supplied("K-STAYED", account="STAYED", customer="left", since="2021-01-20 12:00")
    story.concluded("OPEN", account="OPEN", code=code)
    story.concluded("HELD", account="HELD", code=code)
    story.hold("HELD")
    story.concluded("BARE", account="BARE")
    story.case_opened("C1", customer="case", code=code)
    story.group("add", "closed", side="referee")
    story.group("disable", "closed")
    story.summary()
    return story


def allowed(kind: str, role: str) -> bool:
    return ROLES.index(role) >= ROLES.index(FIRST[kind])


# ── A1 ────────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("A1", "A6")
@pytest.mark.parametrize("role", [*ROLES, None])
@pytest.mark.parametrize("kind", FIRST)
def test_every_act_and_every_role(kind: str, role: str | None) -> None:
    story = scene()
    then = "done" if allowed(kind, role or "system") else "refused not-allowed"
    story.send(kind, ACTS[kind], role=role, actor="a", at="2021-02-01 12:00", then=then)


@pytest.mark.rule("A1")
@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("kind", ["contract.concluded", "code.attach"])
def test_honouring_and_choosing_a_group_are_for_agents_and_above(kind: str, role: str) -> None:
    story = scene()
    data = ACTS[kind] | {"code": "A123", "group": "referee-self-service", "reason": WHY}
    data |= {"honour": {"moment": "2021-01-06T12:00:00+02:00"}}
    then = "done" if role != "customer" else "refused not-allowed"
    story.send(kind, data, role=role, actor="Mari", at="2021-02-01 12:00", then=then)


@pytest.mark.rule("A1")
@pytest.mark.parametrize("role", ["customer", "agent", "supervisor"])
def test_corrections_are_for_administrators(role: str) -> None:
    story = scene()
    data = {"group": "referrer", "amount": "9", "from": "2021-01-01", "correction": True, "reason": WHY}
    story.send("amount.set", data, role=role, then="refused not-allowed")


@pytest.mark.rule("A1")
@pytest.mark.parametrize("kind", [kind for kind in FIRST if FIRST[kind] not in {"customer", "system"}])
def test_what_is_not_allowed_can_be_done_by_somebody_who_may_under_the_same_id(kind: str) -> None:
    story = scene()
    story.send(
        kind, ACTS[kind], role="customer", actor="a", event="x", at="2021-02-01 12:00", then="refused not-allowed"
    )
    story.send(kind, ACTS[kind], role=FIRST[kind], actor="Mari", event="x", at="2021-02-01 12:00")


@pytest.mark.rule("A1")
def test_a_self_service_sign_up_comes_from_the_portal_as_system() -> None:
    story = scene()
    data = {"contract": "NEW", "account": "C", "customer": "c", "code": "A123"}
    story.send("contract.concluded", data, role="customer", actor="c", then="refused not-allowed")
    story.send("contract.concluded", data, role="system", actor="portal")


# ── A2 ────────────────────────────────────────────────────────────────────────────────────────────────────────────────

MANUAL: Final = [
    "code.issue",
    "code.end",
    "referral.change-group",
    "referral.hold",
    "referral.release",
    "referral.void",
    "group.add",
    "group.rename",
    "group.disable",
    "group.enable",
    "amount.set",
    "discount.transfer",
    "termination-fee.note",
    "code.attach",
    "contract.concluded",
    "case.open",
    "case.finish",
    "case.abandon",
]


@pytest.mark.rule("A2")
@pytest.mark.parametrize("kind", MANUAL)
def test_every_manual_act_leaves_a_row_with_who_when_and_why(kind: str) -> None:
    story = scene()
    before = story.trace()
    data = dict(ACTS[kind])
    if kind in {"contract.concluded", "code.attach"}:
        data |= {"code": "A123", "group": "referee-self-service", "reason": WHY}
    story.send(kind, data, role="administrator", actor="Mari", at="2021-02-01 12:00")
    rows = [row for row in story.trace() if row not in before]
    mine = [row for row in rows if row.actor == "Mari"]
    assert mine, rows
    assert {str(row.role) for row in mine} == {"administrator"}
    assert {row.moment for row in mine} == {moment("2021-02-01 12:00")}
    if "reason" in data:
        assert WHY in {row.reason for row in mine}
    assert all(row.act and row.subject for row in mine)
    assert any(row.before != row.after for row in mine), mine


@pytest.mark.rule("A2")
def test_a_sign_up_by_staff_leaves_a_row_without_a_code_too() -> None:
    story = scene()
    story.send("contract.concluded", ACTS["contract.concluded"], role="agent", actor="Mari", at="2021-02-01 12:00")
    rows = [row for row in story.chain("account:C") if row.actor == "Mari"]
    assert "contract.concluded" in {str(row.act) for row in rows}


@pytest.mark.rule("A2", "S9")
def test_a_warning_is_kept_with_the_sign_up() -> None:
    story = scene()
    data = ACTS["contract.concluded"] | {"code": "NOSUCH42"}
    story.send("contract.concluded", data, at="2021-02-01 12:00", then="warned code-unknown")
    kept = story.store.contracts.find("NEW")
    assert kept is not None
    assert [str(reason) for reason in kept.warnings] == ["code-unknown"]
    assert any("code-unknown" in str(row.after) for row in story.chain("account:C"))


@pytest.mark.rule("A2")
@pytest.mark.parametrize(
    ("kind", "subject"),
    [
        ("code.issue", "account:A"),
        ("code.end", "account:A"),
        ("group.add", "group:fair"),
        ("group.rename", "group:referee-manual"),
        ("group.disable", "group:referee-manual"),
        ("amount.set", "group:referee-manual"),
    ],
)
def test_a_row_is_on_the_account_or_group_it_is_about(kind: str, subject: str) -> None:
    story = scene()
    before = len(story.chain(subject))
    story.send(kind, ACTS[kind], role="administrator", actor="Mari", at="2021-02-01 12:00")
    rows = story.chain(subject)[before:]
    assert "Mari" in {row.actor for row in rows}
    assert subject in story.chains()


@pytest.mark.rule("A2", "D5")
def test_a_correction_leaves_a_row_with_its_reason() -> None:
    story = scene()
    before = len(story.chain("group:referrer"))
    story.amount("referrer", "9", from_="2021-01-01", correction=True, reason="typed wrong", role="administrator")
    rows = story.chain("group:referrer")[before:]
    assert [row.reason for row in rows] == ["typed wrong"]


@pytest.mark.rule("A2", "S10")
@pytest.mark.parametrize("kind", ["contract.concluded", "code.attach"])
def test_honouring_leaves_a_row_with_its_reason(kind: str) -> None:
    story = scene()
    before = story.trace()
    data = ACTS[kind] | {"code": "A123", "honour": {"moment": "2021-01-06T12:00:00+02:00"}, "reason": WHY}
    story.send(kind, data, role="agent", actor="Mari", at="2021-02-01 12:00")
    assert [row for row in story.trace() if row not in before and (row.actor, row.reason) == ("Mari", WHY)]


@pytest.mark.rule("A2", "C3")
def test_automatic_issuing_and_ending_leave_rows() -> None:
    story = Story().with_amounts()

    def rows() -> int:
        return len(story.chain("account:A"))

    seen = [rows()]
    for act, at in (("concluded", "2021-01-10"), ("activated", "2021-01-11"), ("terminated", "2021-01-12")):
        data = {"contract": "K1"} | ({"account": "A", "customer": "a"} if act == "concluded" else {})
        story.send(f"contract.{act}", data, at=f"{at} 12:00")
        seen.append(rows())
    assert seen[0] == 0
    assert seen[1] > seen[0]
    assert seen[3] > seen[2]
    assert {str(row.role) for row in story.trace() if row.subject == "account:A"} == {"system"}


@pytest.mark.rule("A2", "C3")
def test_a_pending_code_that_ends_by_withdrawal_leaves_a_row() -> None:
    story = Story().with_amounts()
    story.concluded("K1", account="A")
    before = len(story.chain("account:A"))
    story.withdrawn("K1")
    assert len(story.chain("account:A")) > before


@pytest.mark.rule("A2", "B1")
def test_granting_leaves_a_row_for_each_side() -> None:
    story = Story().with_amounts()
    code = story.referrer("A")
    story.concluded("K1", account="B", code=code)
    story.summary()
    before = story.chain("referral:K1")
    story.activated("K1")
    story.summary()
    rows = story.chain("referral:K1")[len(before) :]
    for side, amount in (("referrer", "10.00"), ("referee", "7.00")):
        assert [row for row in rows if side in str(row.after) and amount in str(row.after)], rows


@pytest.mark.rule("A2")
def test_rows_are_only_added_each_with_the_hash_of_the_one_before() -> None:
    story = scene()
    before = story.chains()
    for kind in MANUAL:
        if kind not in {"code.issue", "discount.transfer"}:
            story.send(kind, ACTS[kind], role="administrator", actor="Mari", then="*")
    after = story.chains()
    for subject, rows in before.items():
        assert after[subject][: len(rows)] == rows
    for rows in after.values():
        for earlier, later in pairwise(rows):
            assert later.previous == earlier.hash
            assert later.number == earlier.number + 1
    assert story.trace()


@pytest.mark.rule("A2")
def test_what_was_refused_or_repeated_leaves_no_row() -> None:
    story = scene()
    story.end("A123", role="supervisor")
    rows = len(story.trace())
    story.again()
    story.end("A123", role="supervisor", then="refused code-ended")
    story.end("A123", role="agent", then="refused not-allowed")
    story.check("A123", "code-ended", role="agent")
    assert len(story.trace()) == rows
