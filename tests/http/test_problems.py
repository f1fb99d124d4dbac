"""Problems: whatever goes wrong is told in one form (RFC 9457), in the caller's language, and tells nothing else."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from typing import Any, Final

import attrs
import pytest

from referral_adapters.http import ServiceStore, SlidingLimiter, retry
from referral_adapters.http.models.answer import Problem
from referral_adapters.http.monitoring import Answered
from referral_adapters.memory import ContinuousDiscounts, FlakyBilling, MemoryStore
from referral_adapters.memory.flaky_billing import Fault
from referral_adapters.sql import StoreFailed
from referral_core import Programme
from referral_core.desk import ReferralDesk
from referral_core.programme.settings import Checking
from referral_core.values.errors import ArgumentInvalid, ConcurrentChange
from tests.http.conftest import Opening
from tests.http.document import PROBLEM, Document
from tests.http.door import NOW, Door, HttpAnswer
from tests.http.proper_requests import BY_NAME, PROPER

JSON: Final = {"Content-Type": "application/json"}
SIGN_UP: Final = {"contract": "K-2", "account": "B", "customer": "C-2", "code": "A123"}


def problem(told: HttpAnswer) -> dict[str, Any]:
    """Return a problem, in the one form that all have."""
    assert told.headers["content-type"] == PROBLEM
    said: dict[str, Any] = told.json()
    Problem.model_validate(said, strict=True, extra="forbid")
    assert said["status"] == told.status
    assert said["type"].startswith("urn:referral:problem:")
    assert len(said.get("messages", [])) == len(said.get("reasons", []))
    return said


# ── every kind ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "kind"),
    [
        ("GET", "/nowhere", None, 404, "unknown"),
        ("GET", "/accounts/", None, 404, "unknown"),
        ("PUT", "/bills", None, 405, "method-not-allowed"),
        ("POST", "/bills", b"{", 400, "malformed"),
        ("POST", "/bills", b"\xff", 400, "malformed"),
        ("POST", "/bills", b"[" * 60_000, 400, "malformed"),
        ("POST", "/bills", b"9" * 6_000, 400, "malformed"),
        ("POST", "/bills", b" " * 70_000, 413, "too-large"),
        ("POST", "/bills", b"{}", 422, "invalid"),
        ("POST", "/bills", b"[]", 422, "invalid"),
        ("POST", "/bills", b"null", 422, "invalid"),
        ("POST", "/bills", None, 422, "invalid"),
        ("POST", "/contracts/K-4/withdraw", None, 409, "refused"),
        ("POST", "/contracts", {"contract": "K-2", "account": "B", "customer": "C-2", "code": "NONE2"}, 409, "refused"),
        ("GET", "/contracts/K-99", None, 404, "unknown"),
        ("GET", "/codes/NONE2", None, 404, "unknown"),
        ("GET", "/contracts?limit=0", None, 422, "invalid"),
        ("GET", "/contracts?cursor=%00", None, 422, "invalid"),
        ("GET", "/accounts/A/activity?cursor=SG8", None, 422, "invalid"),
        ("GET", "/accounts/A/referrals?cursor=SG8", None, 422, "invalid"),
        ("GET", "/grants/nobody/K-4/retry", None, 405, "method-not-allowed"),
        ("POST", "/grants/nobody/K-4/retry", {"reason": "x"}, 422, "invalid"),
        ("GET", "/trace", None, 422, "invalid"),
    ],
    ids=str,
)
def test_every_kind_of_fault_has_its_status(
    in_memory: Door, method: str, path: str, body: object, status: int, kind: str
) -> None:
    told = in_memory.ask(method, path, body)
    assert (told.status, told.kind) == (status, kind)
    problem(told)


def test_another_method_is_told_which_there_is(in_memory: Door) -> None:
    assert in_memory.ask("DELETE", "/bills").headers["allow"] == "POST"
    assert in_memory.ask("DELETE", "/events").headers["allow"] == "GET, POST"
    assert in_memory.ask("OPTIONS", "/groups/referrer/name").headers["allow"] == "PUT"


def test_what_is_no_json_by_its_type_is_not_read(in_memory: Door) -> None:
    body = b'{"bill": "b", "account": "E", "amount": "1"}'
    for kind in ("text/plain", "application/xml", "multipart/form-data; boundary=x", "x", "application/jsonx", ";"):
        told = in_memory.ask("POST", "/bills", body, headers={"Content-Type": kind})
        assert told.status == 422, kind
        problem(told)


def test_a_rule_that_says_no_is_told_with_its_reason_the_field_and_a_sentence(in_memory: Door) -> None:
    said = problem(in_memory.ask("POST", "/bills", {"bill": "b", "account": "Q", "amount": "1"}))
    assert (said["status"], said["reasons"]) == (404, ["account-unknown"])
    assert said["errors"] == [{"field": "account", "message": said["detail"], "reason": "account-unknown"}]


def test_all_fields_at_fault_are_named_with_their_reasons(in_memory: Door) -> None:
    body = {"amount": "1.005", "from": "2021-01-01T00:00:00", "until": 7, "correction": "yes", "more": 1}
    said = problem(in_memory.ask("POST", "/groups/referrer/amounts", body))
    assert {fault["field"]: fault.get("reason") for fault in said["errors"]} == {
        "amount": "amount-invalid", "from": "moment-naive", "until": None, "correction": None, "more": None
    }  # fmt: skip
    assert sorted(said["reasons"]) == ["amount-invalid", "moment-naive"]


def test_no_text_holds_what_a_database_cannot_keep(in_postgres: Door) -> None:
    told = [
        in_postgres.ask("POST", "/code-checks", {"code": "A\0"}),
        in_postgres.ask("GET", "/codes/A%00"),
        in_postgres.ask("GET", "/trace?subject=%00"),
        in_postgres.ask("GET", "/accounts/A%00"),
        in_postgres.ask("POST", "/codes/A123/end", {"reason": "\0"}),
        in_postgres.ask("POST", "/codes/A123/end", {"reason": "\ud800"}),
    ]
    assert [each.status for each in told] == [422] * 6


def test_what_was_given_is_not_given_back(in_memory: Door) -> None:
    secret = "<script>alert('secret')</script>"
    body = {"bill": secret, "account": secret, "amount": secret, "at": secret}
    told = in_memory.ask("POST", "/bills", body)
    assert len(problem(told)["errors"]) == 4
    assert "alert" not in told.body.decode()


@pytest.mark.parametrize(
    ("accepts", "sentence"),
    [
        ("en", "You are not allowed to do this."), ("et", "Teil ei ole selleks õigust."),
        ("lv, en;q=0.5", "Jums nav tiesību to darīt."), ("de, ru-EE;q=0.1", "У вас нет на это прав."),
        ("de", "You are not allowed to do this."), ("", "You are not allowed to do this."),
    ],
)  # fmt: skip
def test_sentences_are_in_the_language_that_is_liked_best(in_memory: Door, accepts: str, sentence: str) -> None:
    told = problem(in_memory.ask("GET", "/groups", by="customer:C-1", headers={"Accept-Language": accepts}))
    assert (told["reasons"], told["messages"]) == (["not-allowed"], [sentence])


# ── what is not the caller's fault ────────────────────────────────────────────────────────────────────────────────────


class Broken:
    """A store that fails, with everything else of a real one."""

    def __init__(self, store: ServiceStore, error: Exception) -> None:
        self._store, self._error = store, error

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the store has
        if name in {"groups", "contracts"}:
            raise self._error
        return getattr(self._store, name)

    def transaction(self) -> AbstractContextManager[object]:
        """Fail, before anything is begun."""
        raise self._error


PASSWORD: Final = "postgresql://referral:hunter2@db.example.com"


Breaking = Callable[[Exception], Door]


@pytest.fixture
def broken(in_memory: Door) -> Breaking:
    """Return what has the store behind the door fail."""

    def breaking(error: Exception) -> Door:
        service = in_memory.service
        store: Any = Broken(service.store, error)
        object.__setattr__(service, "store", store)
        object.__setattr__(service, "desk", ReferralDesk(service.programme, store))
        return in_memory

    return breaking


@pytest.mark.parametrize(
    ("error", "status", "kind"),
    [
        (StoreFailed(f"cannot reach {PASSWORD}"), 503, "store-unavailable"),
        (ConcurrentChange("others"), 409, "concurrent-change"),
        (RuntimeError(f"defect at {PASSWORD}"), 500, "defect"),
        (KeyError("C-1"), 500, "defect"),
    ],
    ids=["a store that is away", "others all the time", "a defect", "another defect"],
)
def test_what_fails_inside_is_told_without_its_details(
    broken: Breaking,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    status: int,
    kind: str,
) -> None:
    monkeypatch.setattr(retry, "_PAUSE", 0)
    door: Door = broken(error)
    with caplog.at_level(logging.INFO, "referral_adapters.http"):
        told = door.ask("POST", "/contracts", SIGN_UP, headers={"X-Request-ID": "r-1"})
    assert (told.status, told.kind) == (status, kind)
    assert problem(told).keys() == {"type", "title", "status"}
    assert "hunter2" not in told.body.decode()
    assert ("retry-after" in told.headers) == (status != 500)
    assert Document(door.document()).faults(BY_NAME["conclude-contract"], told) == [] or status == 500
    causes = [record for record in caplog.records if record.exc_info]
    assert [record.levelname for record in causes] == {500: ["ERROR"], 503: ["WARNING"], 409: []}[status]
    assert all(record.__dict__["request_id"] == "r-1" for record in caplog.records)


def test_an_argument_of_the_wrong_type_is_an_improper_field(broken: Breaking) -> None:
    told = broken(ArgumentInvalid("contract", "must be text")).ask("POST", "/contracts", SIGN_UP)
    assert (told.status, told.kind) == (422, "invalid")
    assert problem(told)["errors"] == [{"field": "contract", "message": "must be text"}]


@pytest.mark.rule("B2")
def test_billing_that_is_away_delays_what_is_due_and_loses_nothing(opening: Opening) -> None:
    billing = FlakyBilling(ContinuousDiscounts(), lambda _: Fault.BEFORE)
    door = opening()
    store = MemoryStore(Programme.default(), billing=billing)
    object.__setattr__(door.service, "store", store)
    door = Door(door._portal, store)
    for group, amount in (("referrer", "10"), ("referee-self-service", "7")):
        assert door.ask("POST", f"/groups/{group}/amounts", {"amount": amount}).status == 200
    assert door.ask("POST", "/contracts", SIGN_UP | {"code": None}).status == 201
    code = door.ask("POST", "/contracts/K-2/activate").json()["code_started"]
    friend = {"contract": "K-3", "account": "D", "customer": "C-3", "code": code}
    assert door.ask("POST", "/contracts", friend).status == 201
    assert door.ask("POST", "/contracts/K-3/activate").status == 200
    assert door.ask("POST", "/payouts").json() == {"granted": 0, "taken_back": 0, "waiting": 2, "stuck": 0}
    for told in (
        door.ask("POST", "/bills", {"bill": "b", "account": "D", "amount": "1"}),
        door.ask("GET", "/accounts/D"),
    ):
        assert (told.status, told.kind, told.headers["retry-after"]) == (503, "billing-unavailable", "5")
        problem(told)
    billing.recover()
    door.clock.now = datetime.fromisoformat("2021-03-17T12:00:00+02:00")
    assert door.ask("POST", "/payouts").json() == {"granted": 2, "taken_back": 0, "waiting": 0, "stuck": 0}
    bill = door.ask("POST", "/bills", {"bill": "b", "account": "D", "amount": "1"})
    assert bill.json()["taken"] == "1.00"


def test_whoever_asks_too_often_is_told_when_to_come_again(opening: Opening) -> None:
    seconds = iter([0.0, 0.0, 1.5])
    programme = Programme(checking=Checking(per_caller=1, per_address=1))
    door = opening(programme=programme, limiter=SlidingLimiter(clock=lambda: next(seconds)))
    asked = [door.ask("POST", "/code-checks", {"code": "A123"}, by=None) for _ in range(3)]
    assert [told.status for told in asked] == [200, 429, 429]
    assert [told.headers.get("retry-after") for told in asked] == [None, "60", "59"]
    assert problem(asked[1])["type"].endswith(":too-many")


# ── the log ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@contextmanager
def logged(caplog: pytest.LogCaptureFixture) -> Iterator[list[logging.LogRecord]]:
    with caplog.at_level(logging.DEBUG):
        caplog.clear()
        yield caplog.records


PERSONAL: Final = ("C-1", "C-2", "K-2", "A123", "NONE2", "LT-7", "Bearer", "eyJ", "Ann", "/accounts/A", "192.0.2.1")


def test_the_log_has_a_record_of_every_request_and_nothing_of_persons(
    in_sqlite: Door, caplog: pytest.LogCaptureFixture
) -> None:
    with logged(caplog) as records:
        for by in ("system", "customer:C-1", None):
            in_sqlite.ask("GET", "/accounts/A", by=by)
            in_sqlite.ask("GET", "/codes/A123", by=by)
            in_sqlite.ask("POST", "/code-checks", {"code": "NONE2", "customer": "C-1"}, by=by)
            in_sqlite.ask("POST", "/contracts", SIGN_UP | {"first_name": "Ann"}, by=by)
            in_sqlite.ask("POST", "/contracts", b'{"first_name": "Ann"', by=by)
            in_sqlite.ask("POST", "/events", [{"id": "C-1", "data": {"code": "A123"}}], by=by)
    ours = [record for record in records if record.name == "referral_adapters.http"]
    assert len(ours) == 18
    told = " ".join(str(record.__dict__) for record in records if record.name != "asyncio")
    assert [word for word in PERSONAL if word in told] == []
    fields = {"request_id", "endpoint", "role", "status", "seconds"}
    assert all(fields <= record.__dict__.keys() for record in ours)


def test_a_request_keeps_the_id_that_it_came_with(in_memory: Door) -> None:
    for proper in ("r-1", "0d5b9a2e-7c1f", "x" * 100, "a.b:c_d"):
        told = in_memory.ask("GET", "/health", headers={"X-Request-ID": proper})
        assert told.headers["x-request-id"] == proper
    drawn = set()
    for improper in ("", "x" * 101, "a b", "a\r\nSet-Cookie: x=1", "<b>", "ä"):
        told = in_memory.ask("GET", "/health", headers={"X-Request-ID": improper})
        drawn.add(told.headers["x-request-id"])
        assert len(told.headers["x-request-id"]) == 32
        assert "set-cookie" not in told.headers
    assert len(drawn) == 6
    assert in_memory.clock.now == NOW


# ── a client that leaves ──────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", ["check-code", "conclude-contract", "bring-events", "attach-code"])
def test_a_client_that_leaves_amid_a_body_is_no_defect(
    in_memory: Door, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    answered: list[Answered] = []
    object.__setattr__(in_memory.service, "observers", (answered.append,))
    request = in_memory.request(BY_NAME[name].method, PROPER[name].path, b'{"code": ')
    with caplog.at_level(logging.DEBUG):
        in_memory.send(attrs.evolve(request, is_left=True))
    assert [each.status for each in answered] == [499]
    assert [record for record in caplog.records if record.exc_info] == []
