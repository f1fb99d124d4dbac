"""Everything that can be asked of a service can be asked by the client, in the desk's words."""

from __future__ import annotations

import json
import re
from datetime import date, timedelta
from functools import partial
from typing import Final

import httpx
import pytest

from referral_adapters.http.app import ENDPOINTS
from referral_adapters.http.client import Changed, ReferralClient
from referral_core import Refusal, Side
from referral_core.values.reason import Reason
from tests.http.client.world import NOON, World


@pytest.fixture
def world() -> World:
    return World()


class Noting(httpx.BaseTransport):
    """Notes what goes through."""

    def __init__(self, app: httpx.BaseTransport, sent: set[tuple[str, str]]) -> None:
        self._app = app
        self._sent = sent

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self._sent.add((request.method, request.url.path))
        return self._app.handle_request(request)


def codes_and_sharing(world: World, client: ReferralClient) -> None:
    code = world.with_code()
    assert client.codes.show(code).status == "active"
    assert client.sharings.share("A", means="link").sent == 1
    assert code in client.sharings.text("A").url
    assert client.sharings.qr_code("A").startswith("<svg")
    word = client.codes.issue("A", text="ann-2021", replace=True, reason="asked for")
    assert word.code == client.codes.present("A").code == "ANN2021"
    planned = client.codes.end("ann2021", reason="on a coupon site", ends_at=NOON + timedelta(days=3))
    assert planned.end == "2021-03-04T14:00:00+02:00"


def sign_ups(world: World, client: ReferralClient) -> None:
    code = world.with_code()
    assert client.sign_ups.check(code.lower(), customer="ben").referee_amount == "7.00"
    signed = client.sign_ups.conclude("K-B", account="B", customer="ben", code=code, starts_on=date(2021, 4, 1))
    assert signed.referral is not None
    assert signed.contract.starts_on == "2021-04-01"
    client.groups.set_amount("referee-manual", "5")
    moved = client.sign_ups.change_group("K-B", group="referee-self-service", reason="began there", seen=None)
    assert moved.referee_group == "referee-self-service"
    world.now += timedelta(days=1)
    client.sign_ups.conclude("K-C", account="C", customer="cleo")
    attached = client.sign_ups.attach("K-C", code=code, honoured_moment=NOON, reason="began then")
    assert attached.referral is not None
    assert attached.referral.honoured_moment == "2021-03-01T14:00:00+02:00"
    assert client.sign_ups.find("K-C").referral == attached.referral
    assert [each.contract.contract for each in client.sign_ups.all(open_only=True)] == ["K-B", "K-C"]
    assert client.contracts.withdraw("K-C").referral is not None


def contracts_and_money(world: World, client: ReferralClient) -> None:
    client.sign_ups.conclude("K-B", account="B", customer="ben", code=world.with_code())
    assert len(client.contracts.activate("K-B", at=NOON).legs) == 2
    assert client.payouts.pay_due().granted == 2
    assert client.payouts.stuck() == []
    assert client.payouts.retry("K-B", Side.REFEREE, reason="to be sure").status == "granted"
    assert client.referrals.explain("K-B").verified
    assert client.discounts.bill("bill-1", account="B", amount="3").taken == "3.00"
    assert client.discounts.propose_fee("K-B") == "0.00"
    assert client.discounts.note_fee("K-B", amount="3", reason="left early").fee_notes[0].amount == "3.00"
    client.sign_ups.conclude("K-B2", account="B2", customer="ben")
    client.contracts.activate("K-B2")
    client.contracts.terminate("K-B")
    assert client.discounts.transfer("B", "B2").moved == "4.00"


def accounts(world: World, client: ReferralClient) -> None:
    contracts_and_money(world, client)
    assert client.accounts.of_customer("ben") == ["B", "B2"]
    assert client.accounts.show("B2").balance.unused == "4.00"
    assert [seen.side for seen in client.accounts.referrals("B")] == ["referee"]
    assert [each.amount for each in client.accounts.movements("B2")] == ["4.00"]
    assert [each.moment for each in client.accounts.activity("B2")]
    assert client.sharings.figures("A").earned == "10.00"
    client.contracts.terminate("K-B2")
    assert client.customers.erase("ben", reason="asked for").accounts == 2


def cases(world: World, client: ReferralClient) -> None:
    assert client.cases.open("LT-1", customer="dora", code=world.with_code()).discount_amount == "7.00"
    client.cases.open("LT-2", customer="eve")
    assert [case.case for case in client.cases.all(open_only=True)] == ["LT-1", "LT-2"]
    finished = client.cases.finish("LT-1", contract="K-D", account="D", customer="dora")
    assert finished.sign_up.referral is not None
    assert client.cases.abandon("LT-2") == client.cases.find("LT-2")


def groups(_: World, client: ReferralClient) -> None:
    added = client.groups.add("referee-fair", side=Side.REFEREE, name="Fair")
    assert client.groups.rename("referee-fair", name="Spring fair", seen=added).name == "Spring fair"
    assert client.groups.disable("referee-fair").status == "disabled"
    assert client.groups.enable("referee-fair").status == "enabled"
    first, last = date(2021, 4, 1), date(2021, 4, 30)
    assert len(client.groups.preview("referrer", "12", starts_at=first, ends_at=last).after) == 3
    assert len(client.groups.set_amount("referrer", "12", starts_at=first, ends_at=last).amounts) == 3
    assert client.groups.find("referrer") in client.groups.all()


def trace_and_events(world: World, client: ReferralClient) -> None:
    world.system.sign_ups.conclude("K-B", account="B", customer="ben", code=world.with_code())
    assert next(iter(client.trace.rows("group:referrer", since=NOON, act="amount.set"))).act == "amount.set"
    assert [row.subject for row in client.trace.rows_of_contract("K-B")]
    assert client.trace.seal() is not None
    assert client.trace.seal() is None
    assert client.events.bring(event("1")).outcome == "done"
    results = client.events.bring_all([event("1"), event("2"), {}])
    assert [each.outcome for each in results] == ["repeated", "refused", "invalid"]
    assert [each.sequence for each in client.events.since()][:2] == ["1", "2"]


PARTS: Final = (codes_and_sharing, sign_ups, contracts_and_money, accounts, cases, groups, trace_and_events)


def test_whatever_a_service_answers_can_be_asked_for_over_the_wire() -> None:
    sent = set[tuple[str, str]]()
    for part in PARTS:
        world = World()
        part(world, world.client(through=partial(Noting, sent=sent)))
    asked = {
        endpoint.name
        for endpoint in ENDPOINTS
        for method, path in sent
        if method == endpoint.method and re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", endpoint.path), path)
    }
    assert {endpoint.name for endpoint in ENDPOINTS} - asked == {"get-health", "get-readiness"}


def event(id_: str) -> dict[str, object]:
    return {
        "specversion": "1.0",
        "id": id_,
        "source": "crm",
        "type": "group.add",
        "time": "2021-03-01T12:00:00Z",
        "actor": "crm",
        "actorrole": "system",
        "data": {"group": "referee-summer", "side": "referee"},
    }


def test_an_edit_is_done_only_on_what_was_seen(world: World) -> None:
    groups = world.system.groups
    seen = groups.find("referrer")
    groups.set_amount("referrer", "11", starts_at=date(2021, 4, 1), seen=seen)
    with pytest.raises(Changed) as caught:
        groups.set_amount("referrer", "12", starts_at=date(2021, 5, 1), seen=seen)
    assert caught.value.status == 412
    assert [period.amount for period in groups.find("referrer").amounts] == ["10.00", "11.00"]


def test_what_an_act_answered_was_seen_too(world: World) -> None:
    code, client = world.with_code(), world.system
    client.groups.set_amount("referee-manual", "5")
    concluded = client.sign_ups.conclude("K-B", account="B", customer="ben")
    assert concluded.etag is not None
    attached = client.sign_ups.attach("K-B", code=code, seen=concluded)
    client.sign_ups.change_group("K-B", group="referee-self-service", reason="began there", seen=attached)
    with pytest.raises(Changed):
        client.sign_ups.change_group("K-B", group="referee-self-service", reason="began there", seen=attached)


def test_what_was_seen_in_a_list_is_compared_by_what_it_says(world: World) -> None:
    groups = world.system.groups
    seen = next(group for group in groups.all() if group.group == "referrer")
    assert (seen.etag, seen) == (None, groups.find("referrer"))
    groups.rename("referrer", name="Friends", seen=seen)
    with pytest.raises(Changed):
        groups.rename("referrer", name="Others", seen=seen)


def test_time_that_passes_is_no_edit(world: World) -> None:
    groups = world.system.groups
    groups.set_amount("referrer", "11", starts_at=date(2021, 4, 1))
    seen = groups.find("referrer")
    world.now += timedelta(days=40)
    assert (seen.amount, groups.find("referrer").amount) == ("10.00", "11.00")
    assert groups.rename("referrer", name="Friends", seen=seen).name == "Friends"


class Newer(httpx.BaseTransport):
    """A service that says more than this client knows."""

    def __init__(self, app: httpx.BaseTransport) -> None:
        self._app = app

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        answer = self._app.handle_request(request)
        content = {**json.loads(answer.read()), "since": "the next edition"} if answer.is_success else answer.json()
        return httpx.Response(answer.status_code, json=content, headers={"etag": answer.headers.get("etag", "")})


def test_what_a_newer_service_said_was_seen(world: World) -> None:
    groups = world.client(through=Newer).groups
    seen = groups.find("referrer")
    groups.rename("referrer", name="Friends", seen=seen)
    with pytest.raises(Changed):
        groups.rename("referrer", name="Others", seen=seen)


@pytest.mark.rule("M1")
def test_a_naive_moment_is_refused_before_it_is_sent(world: World) -> None:
    with pytest.raises(Refusal) as caught:
        world.system.contracts.activate("K-1", at=NOON.replace(tzinfo=None))
    assert caught.value.reasons == (Reason.MOMENT_NAIVE,)


def test_ids_have_their_place_in_a_path_whatever_they_hold(world: World) -> None:
    world.system.sign_ups.conclude("K?1#&", account="A%2F", customer="ann")
    assert world.system.sign_ups.find("K?1#&").contract.account == "A%2F"
    assert world.system.accounts.show("A%2F").customer == "ann"
