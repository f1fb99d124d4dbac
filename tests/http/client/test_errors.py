"""What goes wrong over there is told as if it had been here."""

from __future__ import annotations

import pickle
from http import HTTPStatus

import httpx
import pytest

from referral_adapters.http import NotAuthenticated
from referral_adapters.http.client import (
    CallFailed,
    Persistence,
    RemoteCodeRefused,
    RemoteRefusal,
    RequestInvalid,
    TokenRefused,
    Unavailable,
    Unexpected,
    connect,
)
from referral_adapters.http.problems import invalid_field, problem_of
from referral_core import BillingUnavailable, ConcurrentChange, ReferralError, Refusal
from referral_core.rules.decision import CodeRefused
from referral_core.values.errors import Reason
from tests.http.client.world import QUICK, URL, World


def told(error: Exception, language: str = "en") -> ReferralError:
    """Return what a client raises when an error was raised by a service."""
    answer = problem_of(error).response(language)

    def transport(_: httpx.Request) -> httpx.Response:
        return httpx.Response(answer.status_code, headers=dict(answer.headers), content=bytes(answer.body))

    client = connect(URL, transport=httpx.MockTransport(transport), persistence=Persistence(tries=1))
    with pytest.raises(ReferralError) as caught:
        client.codes.end("A123", reason="why not")
    return caught.value


@pytest.mark.parametrize("field", [None, "amount"])
@pytest.mark.parametrize("reason", Reason)
def test_every_refusal_comes_back_as_it_was(reason: Reason, field: str | None) -> None:
    refusal = Refusal(reason, message="so it is", field=field)
    back = told(refusal)
    assert isinstance(back, Refusal)
    assert (back.reasons, back.message, back.field) == (refusal.reasons, refusal.message, refusal.field)


@pytest.mark.rule("S5", "S6")
def test_a_refused_code_tells_every_reason_over_the_wire() -> None:
    world = World()
    code = world.with_code()
    world.system.codes.end(code, reason="passed around")
    estonian = world.client(language="et")
    with pytest.raises(Refusal) as caught:
        estonian.sign_ups.conclude("K-2", account="A", customer="ann", code=code)
    assert caught.value.reasons == (Reason.CODE_ENDED, Reason.EXISTING_CUSTOMER, Reason.SELF_REFERRAL)
    assert caught.value.field == "code"
    assert isinstance(caught.value, RemoteCodeRefused)
    assert isinstance(caught.value, CodeRefused)
    assert caught.value.decision.code == code
    assert caught.value.decision.reasons == caught.value.reasons
    back = pickle.loads(pickle.dumps(caught.value))
    assert (back.decision, back.message, back.problem) == (
        caught.value.decision,
        caught.value.message,
        caught.value.problem,
    )
    assert len(caught.value.problem.messages) == 3
    english = Refusal(Reason.CODE_ENDED, message="x")
    assert caught.value.problem.messages != told_messages(english)


def told_messages(refusal: Refusal) -> list[str]:
    back = told(refusal)
    assert isinstance(back, RemoteRefusal)
    return back.problem.messages


@pytest.mark.rule("A1")
def test_who_may_not_is_refused_as_by_a_desk() -> None:
    with pytest.raises(Refusal) as caught:
        World().client("agent:eva").codes.end("A123", reason="why not")
    assert caught.value.reasons == (Reason.NOT_ALLOWED,)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (NotAuthenticated("Who are you?"), TokenRefused),
        (ConcurrentChange("at once"), ConcurrentChange),
        (BillingUnavailable("away"), BillingUnavailable),
        (ReferralError("gone"), Unavailable),
        (invalid_field("body.code", "is none"), RequestInvalid),
        (RuntimeError("secret"), Unexpected),
    ],
)
def test_each_trouble_has_its_error(error: Exception, kind: type[Exception]) -> None:
    back = told(error)
    assert type(back) is kind
    assert "secret" not in str(back)


def test_improper_fields_are_named() -> None:
    with pytest.raises(RequestInvalid) as caught:
        World().system.under(key="k").launch.issue_codes(page=-1, most=-1)
    assert [fault.field for fault in caught.value.faults] == ["page", "most"]
    assert caught.value.request_id
    assert caught.value.key
    assert RequestInvalid("not sent").faults == ()


def test_a_wrong_address_is_not_taken_for_a_refusal() -> None:
    world = World()
    client = connect(f"{URL}/elsewhere", transport=world.app, persistence=QUICK)
    with pytest.raises(Unexpected) as caught:
        client.codes.show("A123")
    assert caught.value.status == HTTPStatus.NOT_FOUND


def test_reasons_that_this_client_does_not_know_are_left_out() -> None:
    problem = {"type": "x", "title": "No.", "status": 409, "reasons": ["of-tomorrow", "code-ended"]}
    client = connect(URL, transport=httpx.MockTransport(lambda _: httpx.Response(409, json=problem)))
    with pytest.raises(Refusal) as caught:
        client.codes.show("A123")
    assert caught.value.reasons == (Reason.CODE_ENDED,)
    assert caught.value.message == "No."


def test_errors_cross_to_another_process_whole() -> None:
    refusal = told(Refusal(Reason.CODE_ENDED, message="over", field="code"))
    assert isinstance(refusal, RemoteRefusal)
    back = pickle.loads(pickle.dumps(refusal))
    assert (back.reasons, back.message, back.field) == (refusal.reasons, "over", "code")
    assert back.problem == refusal.problem
    failed = told(ReferralError("gone"))
    assert isinstance(failed, CallFailed)
    assert pickle.loads(pickle.dumps(failed)).key == failed.key
