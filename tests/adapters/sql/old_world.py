"""A small but full world, written into the tables of the first migration by hand, as its version of the library did.

What is in it is said once, in entities; the rows below are those of migration 0001 and never change, whatever later
migrations do to them. Money, moments and JSON are written by the types of columns, everything else as it is.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from typing import Any, Final

import attrs
from alembic import command
from sqlalchemy import Connection, column, insert, table
from sqlalchemy.types import TypeEngine

from referral_adapters.sql import schema
from referral_adapters.sql.types import COUNT, WORDS, Amount, CanonicalJson, Day, Moment
from referral_core.entities.actor import Actor, Role
from referral_core.entities.case import CarriedOffer, Case, CaseStatus
from referral_core.entities.contract import Contract, ContractStatus
from referral_core.entities.discount_group import DiscountGroup, GroupStatus, Side
from referral_core.entities.grant import Grant, GrantStatus
from referral_core.entities.promo_code import Ending, Issuing, PromoCode
from referral_core.entities.referral import FeeNote, Offer, Referral, ReferralStatus
from referral_core.entities.trace import GENESIS, TraceEntry, TraceNote, account_subject, group_subject
from referral_core.values.effective_period import EffectivePeriod
from referral_core.values.errors import Reason
from referral_core.values.moment import written
from referral_core.values.money import Money
from referral_core.values.timeline import Timeline

Row = dict[str, Any]
Head = tuple[str, int, str]

MARI: Final = Actor("Mari", Role.SUPERVISOR)
PORTAL: Final = Actor.system("portal")
SECRET: Final = "5ec2e7" * 10


def on(number: float) -> datetime:
    """Return a moment so many days into the old world's year, down to the microsecond."""
    return datetime(2021, 1, 1, 10, 20, 30, 123456, tzinfo=UTC) + timedelta(days=number)


def amounts(*spans: tuple[float, float | None, str]) -> Timeline[Money]:
    found: Timeline[Money] = Timeline()
    for start, end, amount in spans:
        found = found.adding(EffectivePeriod(on(start), None if end is None else on(end)), Money(amount))
    return found


# ── what is in it ─────────────────────────────────────────────────────────────────────────────────────────────────────

REFERRER_THEN: Final = DiscountGroup(
    id="referrer", side=Side.REFERRER, name="referrer", amounts=amounts((0, None, "10"))
)
REFERRER: Final = attrs.evolve(REFERRER_THEN, amounts=amounts((0, 60, "10"), (60, None, "15")))
ONLINE: Final = DiscountGroup(
    id="referee-self-service", side=Side.REFEREE, name="Sõbrad", amounts=amounts((0, 50, "7"), (70, None, "12"))
)
MANUAL: Final = DiscountGroup(
    id="referee-manual",
    side=Side.REFEREE,
    name="referee-manual",
    amounts=amounts((0, None, "0")),
    switches=((on(30), GroupStatus.DISABLED), (on(31), GroupStatus.ENABLED)),
)
GROUPS: Final = (REFERRER, ONLINE, MANUAL)
GROUP_STATES: Final = ((on(0), REFERRER_THEN), (on(0), ONLINE), (on(0), attrs.evolve(MANUAL, switches=())),
                       (on(31), MANUAL), (on(60), REFERRER))  # fmt: skip


def contract(number: int, of: str, concluded: float, **rest: Any) -> Contract:  # noqa: ANN401
    """Return a contract on the account of the same number."""
    return Contract(
        id=f"K{number}", account=f"A{number}", customer=of, product=rest.pop("product", "electricity"),
        segment="household", channel=rest.pop("channel", "self-service"), concluded_at=on(concluded), **rest,
    )  # fmt: skip


ACTIVE, CONCLUDED = ContractStatus.ACTIVE, ContractStatus.CONCLUDED
CONTRACTS: Final = (
    contract(1, "ann", 0, status=ContractStatus.TERMINATED, activated_at=on(1), ended_at=on(100)),
    contract(2, "ben", 10, status=ACTIVE, activated_at=on(20), starts_on=date(2021, 2, 1), first_name="Ben"),
    contract(3, "cem", 30, product="gas"),
    contract(4, "dot", 40, status=ContractStatus.WITHDRAWN, ended_at=on(45)),
    contract(5, "eve", 50, channel="sales-portal", status=ACTIVE, activated_at=on(60), warned_code="NOSUCH",
             warnings=(Reason.CODE_UNKNOWN,)),
    contract(6, "ann", 90, status=ACTIVE, activated_at=on(95)),
    contract(7, "fay", 75, channel="sales-portal", status=ACTIVE, activated_at=on(80)),
    contract(8, "gus", 105, status=ACTIVE, activated_at=on(110)),
)  # fmt: skip


def code(text: str, number: int, of: str, issued: float, **rest: Any) -> PromoCode:  # noqa: ANN401
    """Return a code of the account of this number."""
    how: dict[str, Any] = {"issued_by": "portal", "issuing": Issuing.AUTOMATIC, **rest}
    return PromoCode(text=text, account=f"A{number}", customer=of, issued_at=on(issued), **how)


OLD: Final = code("ANNOLD", 1, "ann", 0)
ANN: Final = code("ANN2021", 1, "ann", 5, issued_by="Mari", issuing=Issuing.BY_HAND, starts_at=on(5))
DOT: Final = code("DOTCODE", 4, "dot", 40)
BEN: Final = code("BENCODE", 2, "ben", 10)
CODE_STATES: Final = (
    OLD,
    attrs.evolve(OLD, starts_at=on(1)),
    attrs.evolve(OLD, starts_at=on(1), ends_at=on(5), ending=Ending.REPLACED, ending_reason="ann wished for a name"),
    ANN,
    BEN,
    attrs.evolve(BEN, starts_at=on(20)),
    code("CEMCODE", 3, "cem", 30),
    DOT,
    attrs.evolve(DOT, ends_at=on(45), ending=Ending.CONTRACTS_ENDED),
    code(
        "EVECODE",
        5,
        "eve",
        50,
        starts_at=on(60),
        ends_at=on(400),
        ending=Ending.BY_HAND,
        ending_reason="moves",
        ended_by_hand_at=on(400),
    ),
    attrs.evolve(ANN, ends_at=on(100), ending=Ending.CONTRACTS_ENDED),
    code("ANNLATER", 6, "ann", 90, issuing=Issuing.LAUNCH, starts_at=on(95)),
    code("FAYCODE", 7, "fay", 75, starts_at=on(80)),
    code("GUSCODE", 8, "gus", 105, starts_at=on(110)),
)
"""Every state of every code, in the order in which they were recorded."""
CODES: Final = tuple({each.text: each for each in CODE_STATES}.values())


def offer(of: str, amount: str, start: float, end: float | None) -> Offer:
    return Offer(of, Money(amount), EffectivePeriod(on(start), None if end is None else on(end)))


def referral(number: int, of: str, by: str, concluded: float, **rest: Any) -> Referral:  # noqa: ANN401
    """Return the referral of the contract of this number, by ann's or ben's code."""
    account, text = {"ann": ("A1", "ANN2021"), "ben": ("A2", "BENCODE")}[by]
    given: dict[str, Any] = {
        "referrer_offer": offer("referrer", "10", 0, 60), "referee_offer": offer("referee-self-service", "7", 0, 50),
        "channel": "self-service", **rest,
    }  # fmt: skip
    return Referral(contract=f"K{number}", code=text, referrer=account, referrer_customer=by, referee=f"A{number}",
                    referee_customer=of, concluded_at=on(concluded), **given)  # fmt: skip


NOTES: Final = (
    FeeNote(Money("7"), "left after a month", on(101), "Mari"),
    FeeNote(Money("0.50"), None, on(102), "portal"),
)
K2: Final = referral(2, "ben", "ann", 10)
K4: Final = referral(4, "dot", "ann", 40)
K7: Final = referral(7, "fay", "ben", 75, channel="sales-portal", honoured_moment=on(45), case="S1")
LATE: Final = {"referrer_offer": offer("referrer", "15", 60, None),
               "referee_offer": offer("referee-self-service", "12", 70, None)}  # fmt: skip
K8: Final = referral(8, "gus", "ben", 105, **LATE)
REFERRAL_STATES: Final = (
    (on(10), K2),
    (on(20), K2.granted(on(20))),
    (on(30), referral(3, "cem", "ann", 30)),
    (on(40), K4),
    (on(45), K4.cancelled(on(45))),
    (on(75), K7),
    (on(80), K7.granted(on(80))),
    (on(101), K2.granted(on(20)).with_fee_note(NOTES[0])),
    (on(102), K2.granted(on(20)).with_fee_note(NOTES[0]).with_fee_note(NOTES[1])),
    (on(105), K8),
    (on(110), K8.granted(on(110))),
)
REFERRALS: Final = tuple({each.contract: each for _, each in REFERRAL_STATES}.values())


def grant(number: int, side: Side, amount: str, effective: float, status: GrantStatus, attempts: int) -> Grant:
    known = {each.contract: each for each in REFERRALS}[f"K{number}"]
    account = known.referrer if side is Side.REFERRER else known.referee
    return Grant(referral=f"K{number}", side=side, account=account, amount=Money(amount),
                 effective_from=on(effective), status=status, attempts=attempts)  # fmt: skip


GRANTS: Final = (
    grant(2, Side.REFERRER, "10", 20, GrantStatus.GRANTED, 1),
    grant(2, Side.REFEREE, "7", 20, GrantStatus.GRANTED, 2),
    grant(7, Side.REFERRER, "10", 80, GrantStatus.SENDING, 1),
    grant(7, Side.REFEREE, "7", 80, GrantStatus.UNCERTAIN, 1),
    grant(8, Side.REFERRER, "15", 110, GrantStatus.DUE, 0),
    grant(8, Side.REFEREE, "12", 110, GrantStatus.DUE, 0),
)
POSTED: Final = ("referrer/K2", "referee/K2", "referrer/K7")
"""Billing has the third one, and its answer was lost."""
BILLS: Final = {"B1": "A1", "B2": "A2", "B3": "A3"}
MOVEMENTS: Final = (
    ("A1", "granted", "referrer/K2", "10"),
    ("A2", "granted", "referee/K2", "7"),
    ("A2", "granted", "referrer/K7", "10"),
    ("A1", "consumed", "B1", "3.99"),
    ("A2", "consumed", "B2", "9"),
    ("A1", "transferred_out", "T1", "6.01"),
    ("A6", "transferred_in", "T1", "6.01"),
)
LOTS: Final = (("A2", 2, 80, "8"), ("A6", 1, 20, "6.01"))
CASES: Final = (
    Case(id="S1", customer="fay", opened_at=on(45), product="electricity", segment="household",
         carried=CarriedOffer("BENCODE", K7.referrer_offer, K7.referee_offer), status=CaseStatus.FINISHED,
         contract="K7"),
    Case(id="S2", customer="hal", opened_at=on(46), product="gas", segment="household",
         carried=CarriedOffer("BENCODE", K7.referrer_offer, K7.referee_offer)),
    Case(id="S3", customer="ivy", opened_at=on(47), product="electricity", segment="household",
         warnings=(Reason.CODE_UNKNOWN,), status=CaseStatus.ABANDONED),
)  # fmt: skip
SHARINGS: Final = (("A1", "ANN2021", "link"), ("A1", "ANN2021", "sms"), ("A2", "BENCODE", "Щ-mail"))
EVENTS: Final = {("/feed", "1"): "digest-1", ("/feed", "2"): "digest-2", ("/other", "1"): "digest-3"}


def chained(*notes: TraceNote, salt: str = "ab" * 16) -> tuple[TraceEntry, ...]:
    """Return notes on one subject as the rows of its chain."""
    rows: list[TraceEntry] = []
    for each in notes:
        rows.append(TraceEntry.chained(each, rows[-1] if rows else None, salt))
    return tuple(rows)


def note(subject: str, number: float, act: str, actor: Actor = MARI, reason: str | None = None) -> TraceNote:
    return TraceNote(subject, on(number), act, actor, None, {"code": "ANN2021", "ends": None}, reason)


_ANN: Final = chained(
    note(account_subject("A1"), 0, "code.issue", PORTAL),
    note(account_subject("A1"), 5, "code.issue", MARI, "ann wished for a name"),
    note(account_subject("A1"), 100, "code.end", PORTAL),
)
CHAINS: Final = {
    account_subject("A1"): (_ANN[0], _ANN[1].erased(), _ANN[2]),
    account_subject("A2"): chained(note(account_subject("A2"), 10, "code.issue", PORTAL)),
    group_subject("referrer"): chained(
        note(group_subject("referrer"), 0, "amount.set", MARI, "the start"),
        note(group_subject("referrer"), 60, "amount.set", MARI, "spring"),
    ),
}


def seal(number: int, moment: datetime, heads: Iterable[Head], previous: str) -> tuple[Row, str]:
    """Return the row of a seal, hashed as the first version did, and its hash."""
    listed = sorted(heads)
    content = [number, written(moment), previous, listed]
    digest = sha256(json.dumps(content, separators=(",", ":")).encode()).hexdigest()
    return {"number": number, "moment": moment, "heads": listed, "previous": previous, "hash": digest}, digest


def _seals() -> tuple[Row, ...]:
    first = [(name, 1, rows[0].hash) for name, rows in CHAINS.items() if "A2" not in name]
    rest = [(name, len(rows), rows[-1].hash) for name, rows in CHAINS.items() if "referrer" not in name]
    one, digest = seal(1, on(6), first, GENESIS)
    two, _ = seal(2, on(120), rest, digest)
    return one, two


SEALS: Final = _seals()

# ── as rows of migration 0001 ─────────────────────────────────────────────────────────────────────────────────────────


def make(connection: Connection) -> None:
    """Make the tables of the first migration, in the transaction that is open, and write the old world into them."""
    command.upgrade(schema.configuration(connection), "0001")
    for name, rows in world().items():
        for row in rows:
            given = {key: value for key, value in row.items() if value is not None}
            columns = [column(key, _type(value)) for key, value in given.items()]
            connection.execute(insert(table(name, *columns)), given)


def _type(value: object) -> TypeEngine[Any]:
    kinds: dict[type, TypeEngine[Any]] = {datetime: Moment(), date: Day(), Decimal: Amount(), int: COUNT, str: WORDS}
    return kinds.get(type(value), CanonicalJson())


def world() -> dict[str, list[Row]]:
    """Return every row, by table, in an order in which they can be written."""
    return {
        "settings": [{"name": "secret", "value": SECRET}, {"name": "programme", "value": "EUR"}],
        "code_numbers": [{"name": "all", "next": 7}],
        **_groups(),
        "accounts": [{"account": each.account, "customer": each.customer} for each in CONTRACTS],
        "contracts": [_contract(each) for each in CONTRACTS],
        **_codes(),
        **_referrals(),
        "grants": [_grant_row(each) for each in GRANTS],
        "posted_grants": [{"key": key} for key in POSTED],
        "bills": [{"bill": bill, "account": account} for bill, account in BILLS.items()],
        "transfers": [{"key": "T1", "moved": Decimal("6.01")}, {"key": "T0", "moved": Decimal(0)}],
        "discount_movements": [
            {"account": account, "kind": kind, "reference": reference, "amount": Decimal(amount)}
            for account, kind, reference, amount in MOVEMENTS
        ],
        "discount_lots": [
            {"account": account, "number": number, "effective_from": on(effective), "unused": Decimal(unused)}
            for account, number, effective, unused in LOTS
        ],
        "cases": [_case(each) for each in CASES],
        "sharings": [
            {"account": account, "id": f"{number:032}", "code": text, "means": means, "at": on(50)}
            for number, (account, text, means) in enumerate(SHARINGS)
        ],
        "events": [{"source": source, "id": id_, "digest": digest} for (source, id_), digest in EVENTS.items()],
        "trace_entries": [_entry(each) for rows in CHAINS.values() for each in rows],
        "seals": list(SEALS),
    }


def _contract(of: Contract) -> Row:
    row = attrs.asdict(of, recurse=False)
    return {**row, "warnings": [each.value for each in of.warnings], "status": of.status.value}


def _codes() -> dict[str, list[Row]]:
    states, places, history = dict[str, Row](), dict[str, int](), []
    for each in CODE_STATES:
        row = attrs.asdict(each, recurse=False)
        del row["ended_by_hand_at"]  # which the first version did not keep apart from the end
        ending = None if each.ending is None else each.ending.value
        revision = states[each.text]["revision"] + 1 if each.text in states else 1
        row |= {"issuing": each.issuing.value, "ending": ending, "revision": revision}
        if revision == 1:
            places[each.account] = places.get(each.account, 0) + 1
        place = states[each.text]["place"] if each.text in states else places[each.account]
        states[each.text] = {**row, "place": place}
        recorded = max(filter(None, (each.issued_at, each.starts_at)))
        key = {"account": each.account, "text": each.text, "revision": revision}
        history.append({**key, "recorded_at": recorded + timedelta(days=500), "state": plain(row)})
    texts = [{"text": each.text, "account": each.account} for each in CODES]
    return {"code_texts": texts, "promo_codes": list(states.values()), "promo_code_history": history}


def _groups() -> dict[str, list[Row]]:
    present, history = dict[str, Row](), []
    for recorded, each in GROUP_STATES:
        revision = present[each.id]["revision"] + 1 if each.id in present else 1
        row = {"id": each.id, "side": each.side.value, "name": each.name, "compared_name": each.name.casefold()}
        kept = [_amount(each.id, start, end, value) for start, end, value in _spans(each)]
        switches = [{"group_id": each.id, "at": at, "status": status.value} for at, status in each.switches]
        place = present[each.id]["place"] if each.id in present else len(present) + 1
        present[each.id] = {**row, "place": place, "stamp": f"{revision:032}", "revision": revision}
        state = plain({**row, "amounts": kept, "switches": switches})
        history.append({"id": each.id, "revision": revision, "recorded_at": recorded, "state": state})
    return {
        "discount_groups": list(present.values()),
        "amount_periods": [_amount(each.id, *span) for each in GROUPS for span in _spans(each)],
        "group_switches": [
            {"group_id": each.id, "at": at, "status": status.value} for each in GROUPS for at, status in each.switches
        ],
        "discount_group_history": history,
    }


def _spans(group: DiscountGroup) -> list[tuple[datetime, datetime | None, Money]]:
    return [(span.period.start, span.period.end, span.value) for span in group.amounts]


def _amount(group: str, start: datetime, end: datetime | None, amount: Money) -> Row:
    return {"group_id": group, "starts_at": start, "ends_at": end, "amount": amount.amount, "currency": "EUR"}


def _offer(side: str, of: Offer | None) -> Row:
    if of is None:
        return {f"{side}_{name}": None for name in ("group", "amount", "currency", "from", "until")}
    return {
        f"{side}_group": of.group,
        f"{side}_amount": of.amount.amount,
        f"{side}_currency": of.amount.currency,
        f"{side}_from": of.period.start,
        f"{side}_until": of.period.end,
    }


def _referral(of: Referral, revision: int) -> Row:
    return {
        "contract": of.contract, "code": of.code, "referrer": of.referrer, "referrer_customer": of.referrer_customer,
        "referee": of.referee, "referee_customer": of.referee_customer, "concluded_at": of.concluded_at,
        "channel": of.channel, **_offer("referrer", of.referrer_offer), **_offer("referee", of.referee_offer),
        "honoured_moment": of.honoured_moment, "case_id": of.case, "status": of.status.value,
        "granted_at": of.granted_at, "cancelled_at": of.cancelled_at, "notes": len(of.fee_notes), "revision": revision,
    }  # fmt: skip


def _notes(of: Referral) -> list[Row]:
    return [
        {"contract": of.contract, "number": number, "amount": each.amount.amount, "currency": each.amount.currency,
         "reason": each.reason, "noted_at": each.noted_at, "noted_by": each.noted_by}
        for number, each in enumerate(of.fee_notes, 1)
    ]  # fmt: skip


def _referrals() -> dict[str, list[Row]]:
    revisions, history = dict[str, int](), []
    for recorded, each in REFERRAL_STATES:
        revision = revisions[each.contract] = revisions.get(each.contract, 0) + 1
        state = plain({**_referral(each, revision), "fee_notes": _notes(each)})
        history.append({"contract": each.contract, "revision": revision, "recorded_at": recorded, "state": state})
    live = [each for each in REFERRALS if each.status is not ReferralStatus.CANCELLED]
    return {
        "referrals": [_referral(each, revisions[each.contract]) for each in REFERRALS],
        "live_referrals": [{"customer": each.referee_customer, "contract": each.contract} for each in live],
        "fee_notes": [row for each in REFERRALS for row in _notes(each)],
        "referral_history": history,
    }


def _grant_row(of: Grant) -> Row:
    return {
        "referral": of.referral, "side": of.side.value, "key": f"{of.side.value}/{of.referral}", "account": of.account,
        "amount": of.amount.amount, "currency": "EUR", "effective_from": of.effective_from, "status": of.status.value,
        "attempts": of.attempts,
    }  # fmt: skip


def _case(of: Case) -> Row:
    carried = of.carried
    return {
        "id": of.id, "customer": of.customer, "opened_at": of.opened_at, "product": of.product, "segment": of.segment,
        "code": None if carried is None else carried.code,
        **_offer("referrer", None if carried is None else carried.referrer),
        **_offer("referee", None if carried is None else carried.referee),
        "warnings": [each.value for each in of.warnings], "status": of.status.value, "contract": of.contract,
    }  # fmt: skip


def _entry(of: TraceEntry) -> Row:
    names = ("subject", "number", "moment", "before", "after", "actor", "reason", "salt", "personal_digest", "previous",
             "hash")  # fmt: skip
    return {**{name: getattr(of, name) for name in names}, "act": of.act, "role": of.role.value}


def plain(value: object) -> Any:  # noqa: ANN401
    """Return what the first version wrote into a history: moments and amounts as text."""
    match value:
        case datetime():
            return written(value)
        case Decimal():
            return str(value)
        case Mapping():
            return {name: plain(each) for name, each in value.items()}
        case list():
            return [plain(each) for each in value]
    return value
