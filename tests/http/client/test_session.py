"""Whatever a session does can be asked for over the wire, in the same words."""

from __future__ import annotations

from datetime import date, timedelta
from functools import partial
from typing import Final

import attrs
import httpx
import pytest

from referral_adapters.http import acts
from referral_adapters.http.client import Changed, RemoteSession, RequestInvalid, pages
from referral_core import Actor, ArgumentInvalid, EffectivePeriod, Money, Refusal, Side
from referral_core.entities.contract import ContractStatus
from referral_core.entities.discount_group import GroupStatus
from referral_core.entities.grant import GrantStatus
from referral_core.entities.promo_code import CodeStatus
from referral_core.entities.reversal import Reversal
from referral_core.entities.wait import Wait
from referral_core.services.payouts import Backlog
from referral_core.session import ACTS
from referral_core.values.errors import Reason
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


def codes_and_sharing(world: World, client: RemoteSession) -> None:
    code = world.with_code()
    assert client.codes.show(code).status_at(NOON) is CodeStatus.ACTIVE
    assert client.codes.check(code.lower(), customer="ben").usable
    assert client.sharing.share(code, means="link").account == "A"
    assert client.sharing.figures("A").sent == 1
    assert code in client.sharing.text(code, language="et").url
    assert client.qr_code("A").startswith("<svg")
    word = client.codes.issue("A", code="ann-2021", replace=True, reason="asked for")
    assert word == client.codes.present("A")
    assert word.text == "ANN2021"
    planned = client.codes.end("ann2021", reason="on a coupon site", ends_at=NOON + timedelta(days=3))
    assert planned.ends_at == NOON + timedelta(days=3)


def sign_ups(world: World, client: RemoteSession) -> None:
    code = world.with_code()
    check = client.codes.check(code.lower(), customer="ben")
    assert check.referee is not None
    assert check.referee.amount == Money("7")
    signed = client.sign_ups.conclude("K-B", account="B", customer="ben", code=code, starts_on=date(2021, 4, 1))
    assert signed.decision == attrs.evolve(check, code=code)
    assert signed.referral is not None
    assert signed.contract.starts_on == date(2021, 4, 1)
    client.groups.set_amount("referee-manual", Money("5"))
    moved = client.referrals.change_group("K-B", group="referee-self-service", reason="began there")
    assert moved.referee_offer.group == "referee-self-service"
    (seen,) = client.accounts.referrals("B")
    assert (seen.waits_for, seen.expected_on, seen.bills) == (Wait.START, date(2021, 4, 1), ())
    assert client.referrals.hold("K-B", reason="looks odd").held_at is not None
    assert client.referrals.release("K-B", reason="a family") == moved
    assert client.referrals.void("K-B", side=Side.REFERRER, reason="paid otherwise").void_sides == (Side.REFERRER,)
    world.now += timedelta(days=1)
    client.sign_ups.conclude("K-C", account="C", customer="cleo")
    attached = client.sign_ups.attach("K-C", code=code, honour=NOON, reason="began then")
    assert attached.referral is not None
    assert attached.referral.honoured_moment == NOON
    assert client.sign_ups.find("K-C").referral == attached.referral
    assert [each.contract.id for each in pages(client.sign_ups.page, open_only=True)] == ["K-B", "K-C"]
    assert client.contracts.withdraw("K-C").cancelled is not None


def contracts_and_money(world: World, client: RemoteSession) -> None:
    client.sign_ups.conclude("K-B", account="B", customer="ben", code=world.with_code())
    assert len(client.contracts.activate("K-B", at=NOON).grants) == 2
    assert client.payouts.backlog() == Backlog(waiting=2, stuck=0)
    assert client.payouts.pay_due(most=1).granted == 1
    assert client.payouts.pay_all().granted == 1
    assert list(client.payouts.stuck()) == []
    assert client.payouts.retry("referee/K-B", reason="to be sure").status is GrantStatus.GRANTED
    assert client.referrals.explain("K-B").mismatches == ()
    assert client.discounts.bill("bill-1", account="B", amount=Money("3")) == Money("3")
    assert client.discounts.propose_fee("K-B") == Money("0")
    assert client.discounts.note_fee("K-B", amount=Money("3"), reason="left early").fee_notes[0].amount == Money("3")
    client.sign_ups.conclude("K-B2", account="B2", customer="ben")
    client.contracts.activate("K-B2")
    client.contracts.terminate("K-B")
    assert client.discounts.transfer("B", "B2", key="move-1") == Money("4")
    assert client.discounts.transfer("B", "B2", key="move-1") == Money("4")


def taking_back(world: World, client: RemoteSession) -> None:
    client.sign_ups.conclude("K-B", account="B", customer="ben", code=world.with_code())
    client.contracts.activate("K-B")
    client.payouts.pay_due()
    assert client.discounts.bill("bill-1", account="B", amount=Money("3")) == Money("3")
    assert client.referrals.void("K-B", side=Side.REFEREE, take_back=True, reason="nobody there").referee_void_at
    retried = client.payouts.retry("take-back referee/K-B B", reason="to be sure")
    assert isinstance(retried, Reversal)
    annulled = client.contracts.annul("K-B").contract
    assert (annulled.status, annulled.annulled_at) == (ContractStatus.ANNULLED, world.now)
    assert client.payouts.pay_due().taken_back == 2
    assert client.payouts.retry("take-back referee/K-B B", reason="to be sure").amount == Money("4")
    assert client.discounts.cancel_bill("bill-1") == Money("3")
    assert client.accounts.show("B").balance.taken_back == Money("7")
    assert {each.kind.value for each in client.accounts.movements("B")} == {
        "granted", "consumed", "given-back", "taken-back",
    }  # fmt: skip


def accounts(world: World, client: RemoteSession) -> None:
    contracts_and_money(world, client)
    assert client.accounts.of_customer("ben") == ("B", "B2")
    assert client.accounts.show("B2").balance.unused == Money("4")
    (seen,) = client.accounts.referrals("B")
    assert (seen.side, seen.waits_for, seen.granted_at) == (Side.REFEREE, Wait.NOTHING, NOON)
    assert [(use.bill, use.amount) for use in seen.bills or ()] == [("bill-1", Money("3"))]
    assert [each.amount for each in client.accounts.movements("B2")] == [Money("4")]
    assert [each.moment for each in client.accounts.activity("B2")]
    assert client.sharing.figures("A").earned == Money("10")
    client.contracts.terminate("K-B2")
    assert client.customers.erasable("ben").accounts == ("B", "B2")
    assert client.customers.erase("ben", reason="asked for").data.accounts == ("B", "B2")


def cases(world: World, client: RemoteSession) -> None:
    opened = client.cases.open("LT-1", customer="dora", code=world.with_code())
    assert opened.case.carried is not None
    assert opened.case.carried.referee.amount == Money("7")
    client.cases.open("LT-2", customer="eve")
    assert [case.id for case in client.cases.page(open_only=True)] == ["LT-1", "LT-2"]
    finished = client.cases.finish("LT-1", contract="K-D", account="D", customer="dora")
    assert finished.sign_up.referral is not None
    assert client.cases.abandon("LT-2") == client.cases.find("LT-2")


def groups(_: World, client: RemoteSession) -> None:
    added = client.groups.add("referee-fair", side=Side.REFEREE, name="Fair")
    assert client.under(seen=added).groups.rename("referee-fair", name="Spring fair").name == "Spring fair"
    assert client.groups.disable("referee-fair").switches[-1][1] is GroupStatus.DISABLED
    assert client.groups.enable("referee-fair").switches[-1][1] is GroupStatus.ENABLED
    first, last = date(2021, 4, 1), date(2021, 4, 30)
    preview = client.groups.preview("referrer", Money("12"), starts=first, ends=last)
    assert len(preview.after) == 3
    assert client.groups.set_amount("referrer", Money("12"), starts=first, ends=last).amounts == preview.after
    assert client.groups.find("referrer") in client.groups.all()


def trace_and_events(world: World, client: RemoteSession) -> None:
    world.system.sign_ups.conclude("K-B", account="B", customer="ben", code=world.with_code())
    today = EffectivePeriod.starting(NOON)
    assert next(client.trace.rows("group:referrer", period=today, act="amount.set")).own_faults() == ()
    assert list(client.trace.rows("group:referrer", period=EffectivePeriod.starting(NOON + timedelta(days=1)))) == []
    assert [row.subject for row in client.trace.rows_of_contract("K-B")]
    assert [row.subject for row in client.trace.rows_of_account("B")]
    seal = client.trace.seal()
    assert seal is not None
    assert client.trace.seal() is None
    assert client.trace.verify(expected=seal.hash).faults == ()
    assert client.trace.verify_state().faults == ()
    assert client.events.bring(event("1")).outcome == "done"
    results = client.events.bring_all([event("1"), event("2"), {}])
    assert [each.outcome for each in results] == ["repeated", "refused", "invalid"]
    assert [each.sequence for each in client.events.since()][:2] == ["1", "2"]


def the_launch(_: World, client: RemoteSession) -> None:
    assert client.launch.due(page=10).accounts == ()
    assert client.launch.issue_codes(most=1, reason="the first of April").codes == ()


def the_programme(_: World, client: RemoteSession) -> None:
    assert client.programme.diff().is_empty
    assert client.programme.apply().is_empty


PARTS: Final = (
    codes_and_sharing, sign_ups, contracts_and_money, taking_back, accounts, cases, groups, trace_and_events,
    the_launch, the_programme,
)  # fmt: skip


def test_whatever_a_session_does_can_be_asked_for_over_the_wire() -> None:
    sent = set[tuple[str, str]]()
    for part in PARTS:
        world = World()
        part(world, world.client(through=partial(Noting, sent=sent)))
    assert {endpoint.name for endpoint in acts.ENDPOINTS} == {
        path.removeprefix("/acts/") for _, path in sent if path.startswith("/acts/")
    }
    assert {path for _, path in sent if not path.startswith("/acts/")} == {"/accounts/A/qr-code", "/events"}


def test_what_only_a_program_can_hand_over_is_not_sent(world: World) -> None:
    assert {*ACTS} - {endpoint.name for endpoint in acts.ENDPOINTS} == {"contract.import", "grant.pay-these"}
    with pytest.raises(RequestInvalid, match="only a program"):
        world.system.payouts.pay([])
    with pytest.raises(RequestInvalid, match="stop"):
        world.system.payouts.pay_due(stop=lambda: True)


def test_answers_are_those_of_a_session(world: World) -> None:
    here = world.service.desk.session(actor=Actor.system("crm"), now=NOON)
    world.system.sign_ups.conclude("K-B", account="B", customer="ben", code=world.with_code())
    world.system.contracts.activate("K-B")
    assert world.system.sign_ups.find("K-B") == here.sign_ups.find("K-B")
    assert world.system.referrals.explain("K-B") == here.referrals.explain("K-B")
    assert world.system.accounts.show("A") == here.accounts.show("A")
    assert world.system.groups.all() == here.groups.all()
    assert [*world.system.trace.rows("account:A")] == [*here.trace.rows("account:A")]


def test_a_wrong_argument_is_refused_before_it_is_sent(world: World) -> None:
    with pytest.raises(ArgumentInvalid, match="account"):
        world.system.accounts.show(5)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="nonsense"):
        world.system.accounts.show("A", nonsense=1)  # type: ignore[call-arg]


@pytest.mark.rule("M3")
def test_an_amount_keeps_its_currency(world: World) -> None:
    with pytest.raises(Refusal) as caught:
        world.system.groups.set_amount("referrer", Money("7", "SEK"))
    assert caught.value.reasons == (Reason.CURRENCY_MISMATCH,)


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
    client = world.system
    seen = client.groups.find("referrer")
    client.under(seen=seen).groups.set_amount("referrer", Money("11"), starts=date(2021, 4, 1))
    with pytest.raises(Changed) as caught:
        client.under(seen=seen).groups.set_amount("referrer", Money("12"), starts=date(2021, 5, 1))
    assert caught.value.status == 412
    amounts = client.groups.find("referrer").amounts
    assert [span.value for span in amounts] == [Money("10"), Money("11")]


def test_codes_and_sign_ups_are_edited_only_as_they_were_seen(world: World) -> None:
    client, code = world.system, world.with_code()
    seen = client.codes.show(code)
    client.codes.end(code, ends_at=NOON + timedelta(days=1))
    with pytest.raises(Changed):
        client.under(seen=seen).codes.end(code)
    signed = client.sign_ups.conclude("K-B", account="B", customer="ben", code=code)
    client.groups.set_amount("referee-manual", Money("5"))
    again = client.sign_ups.find("K-B")
    client.under(seen=signed).referrals.change_group("K-B", group="referee-manual")
    with pytest.raises(Changed):
        client.under(seen=again).referrals.change_group("K-B", group="referee-self-service")


def test_what_was_seen_is_what_this_client_was_answered(world: World) -> None:
    group = world.system.groups.find("referrer")
    for other in (attrs.evolve(group), "referrer"):
        with pytest.raises(ValueError, match="answered"):
            world.system.under(seen=other)
    with pytest.raises(ValueError, match="answered"):
        world.client().under(seen=group)


def test_what_an_act_answered_was_seen_too(world: World) -> None:
    code, client = world.with_code(), world.system
    client.groups.set_amount("referee-manual", Money("5"))
    concluded = client.sign_ups.conclude("K-B", account="B", customer="ben")
    attached = client.under(seen=concluded).sign_ups.attach("K-B", code=code)
    given = {"group": "referee-self-service", "reason": "began there"}
    client.under(seen=attached).referrals.change_group("K-B", **given)
    with pytest.raises(Changed):
        client.under(seen=attached).referrals.change_group("K-B", **given)


def test_what_was_seen_in_a_list_is_compared_by_what_it_says(world: World) -> None:
    client = world.system
    seen = next(group for group in client.groups.all() if group.id == "referrer")
    client.under(seen=seen).groups.rename("referrer", name="Freunde für immer")
    again = next(group for group in client.groups.all() if group.id == "referrer")
    with pytest.raises(Changed):
        client.under(seen=seen).groups.rename("referrer", name="Others")
    client.under(seen=again).groups.rename("referrer", name="Others")
    client.groups.set_amount("referee-manual", Money("5"))
    client.sign_ups.conclude("K-B", account="B", customer="ben")
    (signed,) = client.sign_ups.page()
    client.under(seen=signed).sign_ups.attach("K-B", code=world.with_code())


def test_time_that_passes_is_no_edit(world: World) -> None:
    client = world.system
    client.groups.set_amount("referrer", Money("11"), starts=date(2021, 4, 1))
    seen = client.groups.find("referrer")
    world.now += timedelta(days=40)
    assert client.under(seen=seen).groups.rename("referrer", name="Friends").name == "Friends"


class Newer(httpx.BaseTransport):
    """A service that says more than this client knows."""

    def __init__(self, app: httpx.BaseTransport) -> None:
        self._app = app

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        answer = self._app.handle_request(request)
        content = answer.json()
        if answer.is_success:
            content["answer"]["since"] = "the next edition"
        return httpx.Response(answer.status_code, json=content, headers={"etag": answer.headers.get("etag", "")})


def test_what_a_newer_service_said_was_seen(world: World) -> None:
    client = world.client(through=Newer)
    seen = client.groups.find("referrer")
    client.under(seen=seen).groups.rename("referrer", name="Friends")
    with pytest.raises(Changed):
        client.under(seen=seen).groups.rename("referrer", name="Others")


def test_tags_are_forgotten_with_what_they_tell_of(world: World) -> None:
    client = world.client()
    kept = client.groups.all()
    assert len(client._tags._tags) == len(kept)
    del kept
    assert client._tags._tags == {}


@pytest.mark.rule("M1")
def test_a_naive_moment_is_refused_before_it_is_sent(world: World) -> None:
    with pytest.raises(Refusal) as caught:
        world.system.contracts.activate("K-1", at=NOON.replace(tzinfo=None))
    assert caught.value.reasons == (Reason.MOMENT_NAIVE,)


@pytest.mark.parametrize(("contract", "account"), [("K?1#&", "A%2F"), ("A/B", ".."), ("õ 1", ".")])
def test_ids_are_whatever_they_are(world: World, contract: str, account: str) -> None:
    world.system.sign_ups.conclude(contract, account=account, customer="ann")
    assert world.system.sign_ups.find(contract).contract.account == account
    assert world.system.accounts.show(account).customer == "ann"
