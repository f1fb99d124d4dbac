"""What the client promises to a type checker: a session's own signatures; mypy reads this file, and it runs too."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Protocol, assert_type

import httpx

from referral_adapters.http.client import RemoteSession, connect, pages
from referral_adapters.http.models.events import PublishedEvent
from referral_adapters.memory import MemoryStore
from referral_adapters.wire.codec import unstructure
from referral_core import Actor, Decision, Money, Programme, PromoCode, ReferralDesk, Session
from referral_core.entities.case import Case
from referral_core.entities.grant import Grant
from referral_core.entities.reversal import Reversal
from referral_core.services.codes import Codes
from referral_core.services.sign_ups import SignUp

NOON = datetime(2021, 3, 1, 12, tzinfo=UTC)
DESK = ReferralDesk(Programme.default(), MemoryStore(Programme.default()))


def session() -> Session:
    return DESK.session(actor=Actor.system("crm"), now=NOON)


def answering(answer: object) -> RemoteSession:
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json={"answer": unstructure(answer), "next": None}))
    return connect("http://service.example", token=lambda: "t", transport=transport)


class Ending(Protocol):
    """What ``codes.end`` takes and returns on both sides, written out once more to hold them against."""

    def __call__(self, code: str, *, ends_at: datetime | None = None, reason: str | None = None) -> PromoCode: ...


def test_both_sides_say_the_same_of_what_they_take_and_return() -> None:
    here = session()
    signed = here.sign_ups.conclude("K-1", account="A", customer="ann", starts_on=date(2021, 4, 1))
    assert_type(signed, SignUp)
    there = answering(signed)
    assert_type(there.sign_ups.conclude("K-1", account="A", customer="ann", starts_on=date(2021, 4, 1)), SignUp)
    assert there.sign_ups.conclude("K-1", account="A", customer="ann") == signed
    assert_type(here.codes, Codes)
    assert_type(there.codes, Codes)
    code = signed.issued
    assert code is not None
    assert_type(here.codes.show(code.text), PromoCode)
    assert_type(answering(code).codes.show(code.text), PromoCode)
    assert_type(answering(code).codes.end("A123", ends_at=NOON, reason="why not"), PromoCode)
    assert_type(answering(None).codes.present("A"), PromoCode | None)
    assert_type(answering(here.codes.check("A123")).codes.check("A123"), Decision)
    assert_type(answering(Money("7")).discounts.propose_fee("K-1"), Money)
    both: tuple[Ending, Ending] = (here.codes.end, answering(code).codes.end)
    assert both[1]("A123", ends_at=NOON, reason="why not") == code


def test_lists_remember_what_they_hold() -> None:
    client = answering(())
    assert_type(client.cases.page(), tuple[Case, ...])
    assert_type(pages(client.cases.page, open_only=True), Iterator[Case])
    assert_type(client.payouts.stuck(), Iterator[Grant | Reversal])
    for case in pages(client.cases.page):
        assert_type(case, Case)
    assert_type(answering(()).events.follow(stop=lambda: True), Iterator[PublishedEvent])


def wrong_arguments_are_seen_before_anything_runs(here: Session, there: RemoteSession) -> None:
    here.codes.end(5)  # type: ignore[arg-type]
    there.codes.end(5)  # type: ignore[arg-type]
    here.codes.end("A123", nonsense=True)  # type: ignore[call-arg]
    there.codes.end("A123", nonsense=True)  # type: ignore[call-arg]
    with there:  # type: ignore[attr-defined] # a transaction does not cross the wire
        pass
