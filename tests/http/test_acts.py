"""The acts as the client asks for them: who gets in, what a request may say, and what is shown to whom (A1, A4, S6)."""

from __future__ import annotations

import types
from collections.abc import Iterator
from typing import Any, Final, Union, get_args, get_origin, get_type_hints

import attrs
import pytest
from pydantic import ValidationError

from referral_adapters.http import Limiter, Rate
from referral_adapters.http.acts import ACCOUNT_ACTS, ENDPOINTS, act_body, wire_params
from referral_adapters.http.app import ENDPOINTS as DESCRIBED
from referral_adapters.http.endpoint import Endpoint
from referral_adapters.http.visibility import VISIBLE_FROM, visible_to
from referral_core.entities.actor import Role
from referral_core.rules.decision import Decision
from referral_core.session import ACTS
from referral_core.values.name import digest_key, joined_key
from tests.http.conftest import Opening
from tests.http.door import ROLES, Door, HttpAnswer
from tests.http.test_checks import UNUSABLE, with_codes

NAMES: Final = [endpoint.name for endpoint in ENDPOINTS]
WHY: Final = {"reason": "so"}
PROPER: Final[dict[str, dict[str, Any]]] = {
    "account.activity": {"account": "A"},
    "account.list": {"customer": "C-1"},
    "account.movements": {"account": "A"},
    "account.referrals": {"account": "A", "limit": 2},
    "account.show": {"account": "A"},
    "amount.preview": {"group": "referrer", "amount": "12"},
    "amount.set": {"group": "referrer", "amount": {"amount": "12", "currency": "EUR"}, "from": "2021-04-01"},
    "bill.cancelled": {"bill": "2021-01-F"},
    "bill.issued": {"bill": "bill", "account": "E", "amount": "3"},
    "case.abandon": {"case": "LT-7"},
    "case.finish": {"case": "LT-7", "contract": "K-2", "account": "B", "customer": "C-2"},
    "case.list": {"open_only": True},
    "case.open": {"case": "LT-1", "customer": "C-2", "code": "A123"},
    "case.show": {"case": "LT-7"},
    "code.attach": {"contract": "K-5", "code": "A123", "honour": {"moment": "2021-03-04T12:00:00Z"}, **WHY},
    "code.check": {"code": "A123"},
    "code.due": {"page": 5},
    "code.end": {"code": "A123", **WHY},
    "code.issue": {"account": "A", "replace": True, **WHY},
    "code.launch": {"page": 5, **WHY},
    "code.present": {"account": "A"},
    "code.shared": {"code": "A123", "means": "link"},
    "code.show": {"code": "A123"},
    "contract.activated": {"contract": "K-3"},
    "contract.annulled": {"contract": "K-4"},
    "contract.concluded": {"contract": "K-2", "account": "B", "customer": "C-2", "code": "A123"},
    "contract.terminated": {"contract": "K-4"},
    "contract.withdrawn": {"contract": "K-5"},
    "customer.erasable": {"customer": "C-9"},
    "customer.erase": {"customer": "C-9", **WHY},
    "discount.transfer": {"from": "G", "to": "G2"},
    "grant.backlog": {},
    "grant.pay": {"most": 1},
    "grant.pay-all": {},
    "grant.retry": {"key": "referee/K-8", **WHY},
    "grant.stuck": {},
    "group.add": {"group": "referee-fair", "side": "referee"},
    "group.disable": {"group": "referrer"},
    "group.enable": {"group": "referrer"},
    "group.list": {},
    "group.rename": {"group": "referrer", "name": "Friends"},
    "group.show": {"group": "referrer"},
    "referral.change-group": {"contract": "K-3", "group": "referee-self-service", **WHY},
    "referral.hold": {"contract": "K-3", **WHY},
    "referral.release": {"contract": "K-12", **WHY},
    "referral.void": {"contract": "K-3", "side": "referee", **WHY},
    "referral.explain": {"contract": "K-4"},
    "sharing.figures": {"account": "A"},
    "sharing.text": {"code": "A123", "language": "en"},
    "sign-up.list": {"limit": 2},
    "sign-up.show": {"contract": "K-4"},
    "termination-fee.note": {"contract": "K-4", "amount": "7", **WHY},
    "termination-fee.propose": {"contract": "K-4"},
    "trace.account": {"account": "A"},
    "trace.contract": {"contract": "K-4"},
    "trace.seal": {},
    "programme.apply": {},
    "programme.diff": {},
    "trace.show": {"subject": "account:A", "period": {"start": "2021-01-06T00:00:00Z", "end": None}},
    "trace.verify": {},
    "trace.verify-state": {},
}
OF_CUSTOMERS: Final = [name for name in NAMES if ACTS[name].least is Role.CUSTOMER]


def ask(door: Door, name: str, body: object = None, *, by: str | None = "system", **more: Any) -> HttpAnswer:  # noqa: ANN401
    """Ask for an act in somebody's name."""
    return door.ask("POST", f"/acts/{name}", PROPER[name] if body is None else body, by=by, **more)


def written(door: Door) -> object:
    """Return what changes whenever anything is written."""
    return list(door.service.store.trace.heads()), door.service.store.promo_codes.times_shared("A")


# ── ids and names ─────────────────────────────────────────────────────────────────────────────────────────────────────

NAMED: Final = {
    name: [each.wire for each in wire_params(ACTS[name]) or () if each.kind.name in {"id", "channel", "name"}]
    for name in NAMES
}
UNFIT: Final = ("", " ", "a\u200bb", "\u3164", "a\0b", "\ud800", "x" * 201)


@pytest.mark.rule("D2")
@pytest.mark.parametrize("name", [name for name, fields in NAMED.items() if fields])
def test_what_is_no_id_and_no_name_is_refused_by_its_reason_and_its_field(name: str) -> None:
    for field in NAMED[name]:
        for unfit in UNFIT:
            with pytest.raises(ValidationError) as caught:
                act_body(name).model_validate({**PROPER[name], field: unfit})
            assert [(each["type"], each["loc"]) for each in caught.value.errors()] == [("name-invalid", (field,))]
        typed = act_body(name).model_validate({**PROPER[name], field: "Ma\u0308nd"})
        assert typed.model_dump(by_alias=True)[field] == "M\u00e4nd"


@pytest.mark.rule("D2")
@pytest.mark.parametrize("endpoint", DESCRIBED, ids=lambda endpoint: endpoint.name)
def test_bodies_of_the_other_endpoints_say_so_too(endpoint: Endpoint) -> None:
    if endpoint.body_model is None:
        return
    for field in endpoint.fields:
        if field.kind.name in {"id", "channel", "name"}:
            for unfit in UNFIT:
                with pytest.raises(ValidationError) as caught:
                    endpoint.body_model.model_validate({**(endpoint.example or {}), field.wire: unfit})
                assert [(each["type"], each["loc"]) for each in caught.value.errors()] == [
                    ("name-invalid", (field.wire,))
                ]


@pytest.mark.rule("D2")
@pytest.mark.parametrize("place", ["/accounts/%E2%80%8B", "/accounts?customer=%E3%85%A4", "/contracts?channel=%20"])
def test_paths_and_queries_say_so_too(in_memory: Door, place: str) -> None:
    said = in_memory.ask("GET", place)
    assert (said.status, said.reasons) == (422, ["name-invalid"])


@pytest.mark.rule("D2", "S4")
def test_a_customer_is_one_however_the_id_and_the_token_are_typed(door: Door) -> None:
    first, second = "Ma\u0308nd", "M\u00e4nd"
    for typed, contract in ((first, "N-1"), (second, "N-2")):
        given = {"contract": contract, "account": first, "customer": typed}
        assert ask(door, "contract.concluded", given).status == 200
    code = ask(door, "code.present", {"account": second}).json()["answer"]["text"]
    for typed in (first, second):
        assert ask(door, "account.list", {"customer": first}, by=f"customer:{typed}").json()["answer"] == [second]
        limited = ask(door, "account.show", {"account": second}, by=f"customer:{first}", accounts=[typed])
        assert limited.json()["answer"]["customer"] == second
        told = ask(door, "code.check", {"code": code, "customer": typed}).json()["answer"]
        assert "self-referral" in told["reasons"]


@pytest.mark.rule("D2", "A1")
def test_a_token_whose_subject_or_limits_are_no_ids_is_refused(in_memory: Door) -> None:
    for unfit in ("\u3164", "a\u200bb", " "):
        assert ask(in_memory, "group.list", {}, by=f"system:{unfit}").status == 401
        for claim in ("accounts", "channels", "segments"):
            limits: dict[str, Any] = {claim: [unfit]}
            assert ask(in_memory, "group.list", {}, **limits).status == 401


# ── who gets in ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_every_act_has_a_proper_request_here() -> None:
    assert set(PROPER) == set(NAMES)
    assert not {endpoint.path for endpoint in DESCRIBED} & {endpoint.path for endpoint in ENDPOINTS}


@pytest.mark.rule("A1")
@pytest.mark.parametrize("name", NAMES)
def test_the_least_role_and_those_above_it_get_in_and_nobody_else(opening: Opening, name: str) -> None:
    outside, least = opening(), ROLES.index(ACTS[name].least)
    before = written(outside)
    for role in ROLES[:least]:
        told = ask(outside, name, by=role)
        assert (told.status, told.reasons) == (403, ["not-allowed"]), role
        assert ask(outside, name, b"{", by=role).body == told.body, role
    told = ask(outside, name, by=None)
    assert (told.status, told.kind) == (401, "not-authenticated")
    assert written(outside) == before
    for role in ROLES[least:]:
        told = ask(opening(), name, by="customer:C-1" if role == "customer" else role)
        assert told.status == 200, (role, told.body)
        assert "answer" in told.json()


@pytest.mark.rule("A1")
@pytest.mark.parametrize("name", NAMES)
def test_a_token_for_some_accounts_opens_those_alone(opening: Opening, name: str) -> None:
    door = opening()
    before = written(door)
    for role in ("customer:C-1", "agent", "system") if name in ACCOUNT_ACTS - {"account.list", "code.check"} else ():
        for accounts in (["E"], []):
            assert ask(door, name, by=role, accounts=accounts).reasons == ["not-allowed"], (role, accounts)
    if name not in ACCOUNT_ACTS:
        told = ask(door, name, accounts=["A", "B", "E", "G", "G2"])
        assert (told.status, told.reasons) == (403, ["not-allowed"])
    assert written(door) == before
    if name in ACCOUNT_ACTS:
        assert ask(door, name, accounts=["A"]).status == 200


def test_a_token_for_some_accounts_lists_those_alone(in_memory: Door) -> None:
    body = {"customer": "C-6"}
    assert ask(in_memory, "account.list", body, by="customer:C-6").json()["answer"] == ["G", "G2"]
    assert ask(in_memory, "account.list", body, by="customer:C-6", accounts=["G2", "A"]).json()["answer"] == ["G2"]


@pytest.mark.rule("A1")
@pytest.mark.parametrize("name", [name for name in OF_CUSTOMERS if "account" in PROPER[name]])
def test_a_customer_cannot_tell_an_account_of_somebody_else_from_none(door: Door, name: str) -> None:
    theirs, nobodys = (ask(door, name, {"account": account}, by="customer:C-1") for account in ("E", "Q"))
    assert theirs.status == nobodys.status == 403
    assert theirs.body == nobodys.body


@pytest.mark.rule("A4")
@pytest.mark.parametrize("name", ["code.shared", "sharing.text"])
def test_nobody_finds_out_here_which_codes_there_are(door: Door, name: str) -> None:
    before = written(with_codes(door))
    theirs, nobodys, over = (
        ask(door, name, PROPER[name] | {"code": code}, by="customer:C-6") for code in ("A123", "NONE2", "ENDED1")
    )
    assert theirs.status == nobodys.status == over.status == 403
    assert theirs.body == nobodys.body == over.body
    assert written(door) == before
    own, none = (
        ask(door, name, PROPER[name] | {"code": code}, by="customer:C-1", accounts=["G2"]) for code in ("A123", "NONE2")
    )
    assert (own.status, own.body) == (403, none.body)
    ended = ask(door, name, PROPER[name] | {"code": "ended-1"}, by="customer:C-4")
    assert ended.reasons == ["code-ended"], "of one's own code one is told"


# ── what is shown ─────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("S6", "A4")
def test_all_codes_that_cannot_be_used_look_the_same_to_a_customer(door: Door) -> None:
    with_codes(door)

    def told(code: str, by: str = "customer:C-2", **more: str) -> Any:  # noqa: ANN401 - any JSON
        answer = ask(door, "code.check", {"code": code, **more}, by=by).json()["answer"]
        return {**answer, "code": ""}

    nothing = told("NONE2")
    assert nothing["reasons"] == ["code-unknown"]
    assert nothing["referrer"] is nothing["referee"] is None
    for code in UNUSABLE.values():
        assert told(code) == nothing
    assert told("A123", product="water") == nothing
    assert told("A123", by="customer:C-1") == told("A123", by="customer:C-4") == nothing
    # One that is there is known by its own spelling, one that is not by that of who asks: neither shows.
    spelled = [ask(door, "code.check", {"code": code}, by="customer:C-2").json() for code in ("ended-1", "never-1")]
    assert [each["answer"]["code"] for each in spelled] == ["ENDED1", "NEVER1"]


@pytest.mark.rule("S5", "S6")
def test_of_a_code_that_can_be_used_a_customer_is_told_what_it_brings_them(door: Door) -> None:
    mine = ask(door, "code.check", {"code": "a-123"}, by="customer:C-2").json()["answer"]
    assert mine["referee"]["amount"] == {"amount": "7.00", "currency": "EUR"}
    assert mine["referrer"] is None
    assert mine["referee"]["group"] == ""
    assert mine["referee"]["period"]["start"] == mine["judged_at"]
    staffs = ask(door, "code.check", {"code": "a-123"}, by="agent").json()["answer"]
    assert staffs["referrer"]["amount"] == {"amount": "10.00", "currency": "EUR"}
    assert staffs["referee"]["group"] == "referee-self-service"
    assert staffs["referee"]["period"]["end"] is None


@pytest.mark.rule("A1")
def test_a_customer_checks_for_nobody_else(door: Door) -> None:
    for customer in ("C-4", "nobody"):
        told = ask(door, "code.check", {"code": "A123", "customer": customer}, by="customer:C-2")
        assert (told.status, told.reasons) == (403, ["not-allowed"])


@pytest.mark.rule("A4")
def test_checks_are_slowed_down_here_as_elsewhere(opening: Opening) -> None:
    taken = list[str]()

    class Counting(Limiter):
        def take(self, key: str, rate: Rate) -> float:
            taken.append(key)
            return 0.0 if len(taken) < 5 else 7.0

    door = opening(limiter=Counting())
    assert ask(door, "code.check", by="customer:C-2").status == 200
    assert door.ask("POST", "/code-checks", {"code": "A123"}, by="customer:C-2").status == 200
    told = ask(door, "code.check", by="customer:C-2")
    assert (told.status, told.kind, told.headers["retry-after"]) == (429, "too-many", "7")
    assert {*taken[:2]} == {*taken[2:4]}
    assert (ask(door, "code.check", by="system").status, taken[-1]) == (429, "caller 6 10 system the system")


@pytest.mark.rule("S6")
def test_a_customer_is_not_told_who_their_friends_are_nor_what_staff_wrote(door: Door) -> None:
    concluding = {"contract": "K-W", "account": "A", "customer": "C-1", "channel": "sales-portal", "code": "NONE2"}
    assert ask(door, "contract.concluded", concluding).status == 200
    for name in OF_CUSTOMERS:
        told = ask(door, name, by="customer:C-1")
        assert told.status == 200
        for hidden in ("C-4", "C-66", '"K-4"', '"E"', "Anu", "crm", "short one", "NONE2", "referee-self"):
            assert hidden not in told.body.decode(), (name, hidden)
    staffs = ask(door, "account.show", by="agent").body.decode()
    for shown in ("Anu", "short one", "NONE2", "code-unknown"):
        assert shown in staffs


def test_it_was_decided_of_every_class_what_a_customer_sees_of_it() -> None:
    """A new class, or a new field of one, that customers may be answered is looked at by somebody."""
    shown: dict[str, set[str]] = {}
    for name in OF_CUSTOMERS:
        for kind in classes(ACTS[name].hints["return"]):
            hidden = VISIBLE_FROM.get(kind, {})
            shown[kind.__name__] = {each.name for each in attrs.fields(kind) if each.init and each.name not in hidden}
    assert shown == {
        "AccountView": {"account", "customer", "contracts", "codes", "figures", "balance"},
        "Balance": {"granted", "taken_back", "transferred_in", "transferred_out", "consumed", "parts"},
        "Contract": {
            "id", "account", "customer", "product", "segment", "channel", "concluded_at", "starts_on", "first_name",
            "status", "activated_at", "ended_at", "annulled_at",
        },
        # Made the same for every code that cannot be used, and left with the new customer's side of one that can.
        "Decision": {"code", "judged_at", "concluded_at", "reasons", "referrer", "referee"},
        "EffectivePeriod": {"start", "end"},
        "Money": {"amount", "currency"},
        "Movement": {"moment", "recorded_at", "kind", "amount", "reference", "balance_after"},
        "Offer": {"amount", "period"},
        "PromoCode": {"text", "account", "customer", "issued_at", "issuing", "starts_at", "ends_at", "ending"},
        "ReferralView": {
            "place", "side", "status", "waits_for", "concluded_at", "expected_on", "granted_at", "cancelled_at",
            "amount", "grant", "taken_back", "bills", "contract", "other",
        },
        "Sharing": {"code", "account", "means", "at"},
        "SharingFigures": {"sent", "used", "earned", "on_the_way"},
        "SharingText": {"title", "text", "url"},
        "UnusedPart": {"effective_from", "amount"},
        "Use": {"bill", "amount", "moment", "recorded_at"},
    }  # fmt: skip


def classes(kind: Any) -> Iterator[type[Any]]:  # noqa: ANN401 - any type
    """Yield the classes of objects that a value of a type is made of."""
    if get_origin(kind) in {tuple, Union, types.UnionType}:
        for part in get_args(kind):
            yield from classes(part)
    elif isinstance(kind, type) and attrs.has(kind):
        yield kind
        hints = get_type_hints(kind)
        for field in attrs.fields(kind):
            if field.init:
                yield from classes(hints[field.name])


def test_staff_are_shown_answers_as_they_are() -> None:
    decision = Decision("A", None, None, (), None, None)  # type: ignore[arg-type] # nobody looks into it
    assert visible_to(Role.AGENT, decision) is decision


# ── what a request may say ────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", NAMES)
def test_an_unknown_field_is_named(in_memory: Door, name: str) -> None:
    told = ask(in_memory, name, PROPER[name] | {"nonsense": 1}, by="system")
    assert (told.status, told.kind) == (422, "invalid")
    assert [fault["field"] for fault in told.json()["errors"]] == ["nonsense"]


@pytest.mark.parametrize("name", NAMES)
def test_every_field_of_another_kind_is_named(in_memory: Door, name: str) -> None:
    before = written(in_memory)
    for field in act_body(name).model_fields.values():
        wire = field.alias or ""
        wrongs: tuple[object, ...] = (5.5, [], {"x": 1}) if wire else ()
        for wrong in wrongs:
            told = ask(in_memory, name, PROPER[name] | {wire: wrong}, by="system")
            assert told.status == 422, (wire, wrong, told.body)
            assert {fault["field"].partition(".")[0] for fault in told.json()["errors"]} == {wire}
    assert written(in_memory) == before


@pytest.mark.parametrize("name", NAMES)
def test_null_is_as_if_it_were_not_there(opening: Opening, name: str) -> None:
    nothing = {field.alias: None for field in act_body(name).model_fields.values() if field.alias}
    plain, nulled = ask(opening(), name), ask(opening(), name, nothing | PROPER[name])
    assert (nulled.status, nulled.json().keys()) == (200, plain.json().keys())
    missing = {wire for wire, field in ((each.wire, each) for each in ACTS[name].fields) if field.required}
    told = ask(opening(), name, nothing | {"x": 1})
    assert {fault["field"] for fault in told.json()["errors"]} == missing | {"x"}


@pytest.mark.parametrize("body", [b"", b"[]", b'"x"', b"5", b"{", b'{"code": "A", "code": "B"}', b'{"code": NaN}'])
def test_a_body_is_an_object_of_proper_json(in_memory: Door, body: bytes) -> None:
    told = ask(in_memory, "code.show", body, headers={"content-type": "application/json"})
    assert told.status in {400, 422}
    assert told.kind in {"malformed", "invalid"}


def test_a_language_that_the_programme_has_not_is_named(in_memory: Door) -> None:
    told = ask(in_memory, "sharing.text", {"code": "A123", "language": "xx"})
    assert [fault["field"] for fault in told.json()["errors"]] == ["language"]


@pytest.mark.rule("M1")
def test_a_naive_moment_is_refused(in_memory: Door) -> None:
    for name, body in (
        ("code.end", {"at": "2021-03-16T12:00:00"}),
        ("trace.show", {"period": {"start": "2021-03-16T12:00:00", "end": None}}),
    ):
        assert ask(in_memory, name, PROPER[name] | body).reasons == ["moment-naive"]


def test_an_act_that_is_none_is_not_found(in_memory: Door) -> None:
    for name in ("nonsense", "contract.import", "grant.pay-these", "code.start"):
        assert in_memory.ask("POST", f"/acts/{name}", {}).status == 404
    told = in_memory.ask("GET", "/acts/code.show")
    assert (told.status, told.headers["allow"]) == (405, "POST")


def test_pages_go_on_where_they_ended(in_memory: Door) -> None:
    whole = ask(in_memory, "trace.account", {"account": "A"}).json()
    assert whole["next"] is None
    found, cursor = [], None
    while True:
        page = ask(in_memory, "trace.account", {"account": "A", "limit": 2, "cursor": cursor}).json()
        found += page["answer"]
        if (cursor := page["next"]) is None:
            break
        assert len(page["answer"]) == 2
    assert found == whole["answer"]
    assert len(found) > 4
    assert ask(in_memory, "trace.show", {"subject": "account:A", "cursor": "nonsense"}).status == 422


# ── doing ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("P6")
@pytest.mark.parametrize("name", [name for name in NAMES if not (ACTS[name].reads or ACTS[name].bulk)])
def test_a_request_sent_again_under_its_key_is_answered_again(opening: Opening, name: str) -> None:
    door, headers = opening(), {"idempotency-key": "order-4711"}
    first, again = ask(door, name, headers=headers), ask(door, name, headers=headers)
    assert (first.status, again.status, again.body) == (200, 200, first.body)
    assert again.headers["idempotency-replayed"] == "true"
    after = written(door)
    assert ask(door, name, headers=headers).body == first.body
    assert written(door) == after


def test_a_key_belongs_to_one_request(in_memory: Door) -> None:
    headers = {"idempotency-key": "k"}
    assert ask(in_memory, "group.add", headers=headers).status == 200
    told = ask(in_memory, "group.add", {"group": "other", "side": "referee"}, headers=headers)
    assert (told.status, told.kind) == (422, "idempotency-key-reused")


def test_what_is_edited_can_be_guarded(in_memory: Door) -> None:
    seen = ask(in_memory, "group.show").headers["etag"]
    assert ask(in_memory, "group.rename", headers={"if-match": seen}).status == 200
    told = ask(in_memory, "group.disable", headers={"if-match": seen})
    assert (told.status, told.kind) == (412, "changed")


@pytest.mark.rule("S5")
def test_a_refused_code_tells_its_decision(in_memory: Door) -> None:
    told = ask(in_memory, "contract.concluded", {"contract": "K", "account": "A", "customer": "C-1", "code": "A123"})
    assert told.status == 409
    assert told.json()["decision"]["reasons"] == told.reasons == ["existing-customer", "self-referral"]


@pytest.mark.rule("B2")
def test_what_is_due_is_sent_before_a_bill_looks(opening: Opening) -> None:
    door = opening()
    assert ask(door, "grant.backlog").json()["answer"] == {"waiting": 2, "stuck": 1}
    assert ask(door, "contract.activated").status == 200
    assert ask(door, "bill.issued", {"bill": "b", "account": "D", "amount": "3"}).json()["answer"]["amount"] == "3.00"


@pytest.mark.rule("A5")
def test_an_erased_name_does_not_live_on_in_what_was_answered(in_memory: Door) -> None:
    concluding = {"contract": "K-X", "account": "X", "customer": "C-X", "first_name": "Xenia"}
    acts = {
        "contract.concluded": concluding,
        "contract.withdrawn": {"contract": "K-X"},
        "customer.erase": {"customer": "C-X", "reason": "asked for"},
    }
    told = [ask(in_memory, name, body, headers={"idempotency-key": f"k-{name}"}) for name, body in acts.items()]
    assert [each.status for each in told] == [200, 200, 200]
    assert told[-1].json()["answer"]["data"]["accounts"] == ["X"]
    requests = in_memory.service.store.requests
    asker = joined_key(Role.SYSTEM, "the system")
    kept = [found for name in acts if (found := requests.answer(asker, digest_key(f"k-{name}")))]
    assert len(kept) == 1, "what named the customer, or their contracts, went with them"
    for each in kept:
        assert "Xenia" not in (each.text or "")
        assert '"C-X"' not in (each.text or "")
