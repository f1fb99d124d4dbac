"""What is stored is held against the trace, in memory (A2); the whole list of tamperings is tried on databases."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

import attrs
import pytest

from referral_adapters.memory import ContinuousDiscounts, MemoryStore
from referral_adapters.memory.billing import Booking, Lot
from referral_core import Actor, ContractStatus, GrantStatus, Money, ReferralStatus, Role
from referral_core.entities.balance import MovementKind
from referral_core.entities.personal_data import PSEUDONYM
from referral_core.entities.reversal import reversal_key
from referral_core.entities.trace import TraceNote, account_subject
from referral_core.services import state_verification
from referral_core.services.context import Context
from referral_core.services.state_comparison import StateFault
from referral_core.services.state_verification import StateVerification, StateVerifier
from referral_core.values.effective_period import EffectivePeriod
from referral_core.values.errors import TraceUnreadable
from referral_core.values.timeline import Span, Timeline
from tests.lived_store import MARI, NOW, PROGRAMME, SECRET, WHY, live, session, take_back
from tests.phrases import at, contract, euros

pytestmark = pytest.mark.rule("A2")

Store = Any
"""A store in memory with its insides, which are changed behind its back."""


def lived_in() -> MemoryStore:
    store = MemoryStore(PROGRAMME, secret=SECRET)
    live(store)
    return store


def verified(store: MemoryStore, most: int = 99) -> StateVerification:
    return StateVerifier(store, most=most).run(NOW)


def test_a_store_in_which_everything_happened_is_as_its_trace_says(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[int] = []
    monkeypatch.setattr(state_verification, "STEP", 50)
    found = session(lived_in(), "2021-09-01").trace.verify_state(told=told.append)
    assert found.faults == ()
    assert found.holds
    assert found.compared > 60
    assert (found.in_words, found.contracts, found.bills) == (0, 0, 0)
    assert told == [50, 100]


def test_an_empty_store_is_as_its_trace_says_and_rows_about_nothing_stored_say_nothing() -> None:
    store = MemoryStore(PROGRAMME, secret=SECRET)
    assert verified(store).holds
    for subject in ("elsewhere", "referral:K-none"):
        store.trace.append(TraceNote(subject, NOW, "host.did", MARI, stored={}))
    assert verified(store).holds


def changed(kept: dict[str, Any], key: str, **fields: object) -> None:
    kept[key] = attrs.evolve(kept[key], **fields)


def contracts(store: Store) -> dict[str, Any]:
    return store.contracts._contracts  # type: ignore[no-any-return] # the insides


TAMPERINGS: Final[dict[str, Callable[[Store], object]]] = {
    "account:A: contract K-A2: status is withdrawn, and the trace says active": lambda store: changed(
        contracts(store), "K-A2", status=ContractStatus.WITHDRAWN
    ),
    "account:A: contract K-A2: is gone, and the trace tells of it": lambda store: (
        contracts(store).pop("K-A2"),
        store.contracts._of_account["A"].remove("K-A2"),
    ),
    "account:A: contract K-X: is stored, and no row tells of it": lambda store: store.contracts.put(
        contract("K-X", on="A", of="ann")
    ),
    "account:X: contract K-X: is stored, and no row tells of it": lambda store: store.contracts.put(
        contract("K-X", on="X", of="xan")
    ),
    "account:zz: contract K-X: is stored, and no row tells of it": lambda store: store.contracts.put(
        contract("K-X", on="zz", of="xan")
    ),
    "account:Z: contract K-Z: is gone, and the trace tells of it": lambda store: (
        contracts(store).pop("K-Z"),
        store.contracts._of_account.pop("Z"),
    ),
    "referral:K-due: referral K-due: is gone, and the trace tells of it": lambda store: (
        store.referrals._referrals.pop("K-due"),
        store.referrals._of_referrer["A"].remove("K-due"),
    ),
    "group:gone: group gone: is gone, and the trace tells of it": lambda store: store.trace.append(
        TraceNote("group:gone", NOW, "group.add", MARI, None, {"name": "gone"}, None, {"group:gone": {"id": "gone"}})
    ),
    "account:I: contract I-1: is not as it was imported": lambda store: changed(contracts(store), "I-1", product="gas"),
    "programme: contract I-4: is gone, and the trace says that it was imported": lambda store: (
        contracts(store).pop("I-4"),
        store.contracts._of_account.pop("V"),
    ),
    "account:A: customer: its contracts and codes are of several customers": lambda store: changed(
        contracts(store), "K-A2", customer="thief"
    ),
    "account:of K-open: customer: is not the one to whom it belongs by the trace": lambda store: given_away(
        store, "of K-open", "thief"
    ),
    "account:of K-open: customer: is erased, or is not, otherwise than the trace says": lambda store: given_away(
        store, "of K-open", f"{PSEUDONYM}0"
    ),
    "account:A: code A123: is gone, and the trace tells of it": lambda store: store.promo_codes._of_account["A"].pop(),
    "account:of K-half: grant referee/K-half: is granted, and billing does not have it": lambda store: moved(
        store, "of K-half", "referee/K-half", None
    ),
    "account:A: grant referrer/K-left: amount is 90.00 EUR, and the trace says 10.00 EUR": lambda store: moved(
        store, "A", "referrer/K-left", Decimal("90.00")
    ),
    "account:A: bill R-3: is gone from billing, and the trace tells of it": lambda store: moved(
        store, "A", "R-3", None
    ),
    "account:A: bill R-9: is stored, and no row tells of it": lambda store: more_moved(store, "A", "consumed", "R-9"),
    "account:A: transfer T-9: is stored, and no row tells of it": lambda store: more_moved(
        store, "A", "transferred_out", "T-9"
    ),
    "account:A: grant referrer/K-9: was posted to billing, and there is no such grant of the account": lambda store: (
        more_moved(store, "A", "granted", "referrer/K-9")
    ),
    "account:A: discount: unused is 18.00 EUR, and the trace says 8.00 EUR": lambda store: store.billing._lots[
        "A"
    ].append(store.billing._lots["A"][0]._replace(unused=Decimal("10.00"))),
    "account:of K-half: discount: a part from 2021-02-08T10:00:00Z is as old as no grant of the account": (
        lambda store: store.billing._lots.update({"of K-half": [lot("2021-02-08 12:00", "referee/K-half", "10.00")]})
    ),
    "referral:K-open: referral K-open: referee_offer.amount is 90.00 EUR, and the trace says 3.00 EUR": lambda store: (
        referral_changed(store, "K-open", referee_offer=attrs.evolve(offer(store, "K-open"), amount=euros("90")))
    ),
    "referral:K-open: referral K-open: referee_customer is not the account's": lambda store: referral_changed(
        store, "K-open", referee_customer="thief"
    ),
    "referral:K-void: referral K-void: status is granted, and the trace says void": lambda store: referral_changed(
        store, "K-void", status=ReferralStatus.GRANTED
    ),
    "referral:K-due: grant referee/K-due: amount is 90.00 EUR, and the trace says 10.00 EUR": lambda store: changed(
        store.grants._postings, "referee/K-due", amount=euros("90")
    ),
    "referral:K-due: grant referee/K-due: is gone, and the trace says that it became due": lambda store: (
        store.grants._postings.pop("referee/K-due"),
        store.grants._of_account.pop("of K-due"),
        store.grants._unsettled.pop("referee/K-due"),
    ),
    "referral:K-due: grant referee/K-due: status is void, and its referral is granted": lambda store: changed(
        store.grants._postings, "referee/K-due", status=GrantStatus.VOID, wait_until=None
    ),
    "referral:K-stop: grant referee/K-stop: status is due, and its referral is held": lambda store: changed(
        store.grants._postings, "referee/K-stop", status=GrantStatus.DUE
    ),
    "referral:K-paid: grant referee/K-paid: status is due, and the trace says that billing confirmed it": (
        lambda store: changed(store.grants._postings, "referee/K-paid", status=GrantStatus.DUE)
    ),
    "referral:K-due: grant referee/K-due: status is granted, and the trace does not say that billing confirmed it": (
        lambda store: changed(store.grants._postings, "referee/K-due", status=GrantStatus.GRANTED, wait_until=None)
    ),
    "referral:K-none: grant referee/K-none: is of no referral": lambda store: store.grants.add(
        attrs.evolve(store.grants.find("referee/K-due"), referral="K-none")
    ),
    "referral:K-next: grant referee/K-next: is stored, and no row tells of it": lambda store: (
        store.referrals.add(referred(store, "K-next"), at=NOW),
        store.grants.add(attrs.evolve(store.grants.find("referee/K-due"), referral="K-next")),
    ),
    "referral:K-next: referral K-next: is stored, and no row tells of it": lambda store: store.referrals.add(
        referred(store, "K-next"), at=NOW
    ),
    "programme: case S-open: carried.referee.amount is 90.00 EUR, and the trace says 10.00 EUR": lambda store: changed(
        store.cases._cases, "S-open", carried=raised(store.cases.find("S-open").carried)
    ),
    "programme: case S-done: carried.referee.amount is 90.00 EUR, and the trace says 10.00 EUR": lambda store: changed(
        store.cases._cases, "S-done", carried=raised(store.cases.find("S-done").carried)
    ),
    "programme: case S-open: status is finished, and no row tells of it": lambda store: changed(
        store.cases._cases, "S-open", status=type(store.cases.find("S-open").status).FINISHED, contract="K-none"
    ),
    "programme: case S-left: is gone, and the trace tells of it": lambda store: store.cases._cases.pop("S-left"),
    "group:fair: group fair: name is Fair, and the trace says At the fair": lambda store: changed(
        store.groups._groups, "fair", name="Fair"
    ),
    "group:mine: group mine: has amounts, and no row tells of them": lambda store: store.groups.put(
        attrs.evolve(
            store.groups.find("fair"),
            id="mine",
            name="Mine",
            amounts=Timeline([Span(EffectivePeriod.starting(NOW), euros("90"))]),
        ),
        at=NOW,
    ),
    "group:fair: something stored: cannot be read: the name was cut off": lambda store: setattr(
        store.groups, "history", unreadable
    ),
    "referral:K-left: referral K-left, state 1: channel is other, and the trace says self-service": lambda store: (
        history_changed(store, channel="other")
    ),
    "referral:K-left: referral K-left: has lost a state of its history": lambda store: (
        store.referrals._history._records["K-left"].pop(0)
    ),
}
"""What is done behind the store's back, by what is found."""


def given_away(store: Store, account: str, customer: str) -> None:
    for each in store.contracts.of_account(account):
        changed(contracts(store), each.id, customer=customer)
    for code in store.promo_codes.of_account(account):
        replaced = attrs.evolve(code, customer=customer)
        store.promo_codes.replace(replaced, at=NOW)


def moved(store: Store, account: str, reference: str, amount: Decimal | None, kind: str | None = None) -> None:
    bookings = store.billing._movements._of_account[account]
    (found,) = [each for each in bookings if each.reference == reference and kind in {None, each.kind}]
    bookings.remove(found)
    if amount is not None:
        bookings.append(found._replace(amount=amount))


def lot(moment: str, key: str, unused: str) -> Lot:
    return Lot(at(moment), key, Decimal(unused), at(moment))


def more_moved(store: Store, account: str, kind: str, reference: str) -> None:
    moment = at("2021-08-30 12:00")
    store.billing._movements._of_account[account].append(Booking(kind, Decimal("1.00"), moment, moment, reference))


def offer(store: Store, contract: str) -> Any:  # noqa: ANN401 - of the insides
    return store.referrals.find(contract).referee_offer


def raised(carried: Any) -> Any:  # noqa: ANN401 - of the insides
    return attrs.evolve(carried, referee=attrs.evolve(carried.referee, amount=euros("90")))


def referral_changed(store: Store, contract: str, **fields: object) -> None:
    store.referrals.replace(attrs.evolve(store.referrals.find(contract), **fields), at=NOW)


def referred(store: Store, contract: str) -> Any:  # noqa: ANN401 - of the insides
    """Return a referral of one more contract, which nobody recorded."""
    found = store.referrals.find("K-due")
    return attrs.evolve(found, contract=contract, referee="next of K-left", referee_customer="c K-left")


def unreadable(_: str) -> None:
    raise ValueError("the name was cut off")


def history_changed(store: Store, **fields: object) -> None:
    states = store.referrals._history._records["K-left"]
    states[0] = attrs.evolve(states[0], state=attrs.evolve(states[0].state, **fields))


@pytest.mark.parametrize("named", TAMPERINGS)
def test_what_was_changed_behind_the_stores_back_is_named(named: str) -> None:
    store = lived_in()
    TAMPERINGS[named](store)
    found = verified(store)
    assert named in map(str, found.faults)
    assert not found.holds


def test_faults_beyond_the_most_are_counted() -> None:
    store = lived_in()
    for name in ("K-due", "K-stop", "K-half"):
        changed(contracts(store), name, product="gas")
    found = verified(store, most=2)
    assert (len(found.faults), found.more) == (2, 1)
    assert not found.holds
    assert not attrs.evolve(found, faults=()).holds


@pytest.mark.parametrize("most", [1, 9])
def test_bills_without_a_row_are_named_and_counted_as_others_are(most: int) -> None:
    store = lived_in()
    for number in range(3):
        more_moved(store, "A", "consumed", f"R-9{number}")
    store.billing._lots["A"][:] = [store.billing._lots["A"][0]._replace(unused=Decimal("5.00"))]  # type: ignore[attr-defined] # the insides
    found = verified(store, most=most)
    assert [fault.what for fault in found.faults] == ["bill R-90", "bill R-91", "bill R-92"][:most]
    assert found.more == 3 - len(found.faults)


def test_what_grows_while_it_is_compared_is_compared_again() -> None:
    store = lived_in()
    find = store.referrals.find

    def found_late(contract: str) -> object:
        store.referrals.find = find  # type: ignore[method-assign] # once
        session(store, "2021-07-01").referrals.void(contract, reason="found late")
        return find(contract)

    store.referrals.find = found_late  # type: ignore[method-assign,assignment] # an act that comes in between
    assert verified(store).faults == ()


def test_another_systems_billing_is_not_compared_and_its_grants_are() -> None:
    store = MemoryStore(PROGRAMME, secret=SECRET, billing=ContinuousDiscounts())
    live(store)
    store.billing._lots.clear()  # type: ignore[attr-defined] # the insides
    assert verified(store).holds
    changed(store.grants._postings, "referee/K-due", amount=euros("90"))
    assert not verified(store).holds


def test_a_row_that_cannot_be_read_hides_no_other() -> None:
    store = lived_in()
    chain = store.trace.chain

    def damaged(subject: str | None = None, *, after: tuple[str, int] | None = None) -> Any:  # noqa: ANN401 - rows
        for row in chain(subject, after=after):
            if (row.subject, row.number) == ("account:of K-due", 1):
                raise TraceUnreadable(row.subject, row.number)
            yield row

    store.trace.chain = damaged  # type: ignore[method-assign] # the first row is gone
    changed(contracts(store), "K-due", product="gas")
    assert "account:of K-due: contract K-due: product is gas, and the trace says electricity" in map(
        str, verified(store).faults
    )


# ── stores of earlier versions ────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def from_before(monkeypatch: pytest.MonkeyPatch) -> MemoryStore:
    """Return a store whose rows keep nothing that was stored; grants' rows stand on accounts, as in the first ones."""
    append = MemoryStore(PROGRAMME).trace.__class__.append

    def appended(self: Any, *notes: TraceNote) -> None:  # noqa: ANN401 - the trace
        for each in notes:
            note = attrs.evolve(each, stored=None, owner=None)
            contract = note.subject.removeprefix("referral:")
            if note.act.startswith("grant.") and contract == "K-paid":
                account = "A" if (note.after or {})["grant"] == "referrer/K-paid" else "of K-paid"
                append(self, attrs.evolve(note, subject=account_subject(account)))
            elif note.subject == "referral:K-void":
                append(self, attrs.evolve(note, subject=account_subject("of K-void")))
            else:
                append(self, note)

    with monkeypatch.context() as patch:
        patch.setattr(MemoryStore(PROGRAMME).trace.__class__, "append", appended)
        patch.setattr(Context, "trace_the_rest", lambda *_: None)
        return lived_in()


def test_what_an_earlier_version_did_not_keep_is_counted_and_is_no_fault(from_before: MemoryStore) -> None:
    found = verified(from_before)
    assert found.faults == ()
    assert found.compared == 0
    assert found.in_words > 30
    assert found.contracts == len(contracts(from_before))
    assert found.bills == 0
    more_moved(from_before, "A", "consumed", "R-9")
    from_before.billing._lots["A"][:] = [from_before.billing._lots["A"][0]._replace(unused=Decimal("7.00"))]  # type: ignore[attr-defined] # the insides
    assert (verified(from_before).faults, verified(from_before).bills) == ((), 1)


def test_what_an_earlier_version_said_in_words_is_compared(from_before: MemoryStore) -> None:
    amount = attrs.evolve(offer(from_before, "K-open"), amount=euros("90"))
    referral_changed(from_before, "K-open", referee_offer=amount)
    assert verified(from_before).faults == (
        StateFault("referral:K-open", "referral K-open", "referee_amount is 90.00 EUR, and the trace says 3.00 EUR"),
    )


def test_what_is_done_from_now_on_is_compared_in_all_fields(from_before: MemoryStore) -> None:
    session(from_before, "2021-08-01", Actor.system()).contracts.terminate("K-A2")
    session(from_before, "2021-08-01", Actor("mari", Role.ADMINISTRATOR)).groups.set_amount("fair", Money("4"))
    found = verified(from_before)
    assert found.faults == ()
    assert found.compared == 2
    changed(contracts(from_before), "K-A2", ended_at=NOW + timedelta(days=1))
    assert len(verified(from_before).faults) == 1


@pytest.mark.rule("A5")
def test_no_row_keeps_a_person_or_free_words() -> None:
    store = lived_in()
    owners = {owner for _, owner in store.contracts.accounts()} | {each.customer for each in store.cases.all()}
    persons = owners | {"c K-paid", "Ann", "NOBODYS", MARI.id, "crm", WHY}
    kept = [fields for row in store.trace.chain() for fields in (row.stored or {}).values()]
    values = {value for fields in kept for value in fields.values()}
    assert len(values) > 100
    assert not persons & values


@pytest.fixture(scope="module")
def taken_back() -> MemoryStore:
    store = lived_in()
    take_back(store)
    return store


@pytest.mark.rule("B11", "B12")
def test_what_was_taken_back_and_cancelled_is_as_the_trace_says(taken_back: MemoryStore) -> None:
    assert verified(taken_back).faults == ()
    moved = [each.kind for each in taken_back.billing.movements("of L-null")]  # type: ignore[attr-defined] # of memory
    assert {MovementKind.GIVEN_BACK, MovementKind.TAKEN_BACK} <= {*moved}


@pytest.mark.rule("B11", "B12")
@pytest.mark.parametrize(
    ("tamper", "named"),
    [
        (
            lambda store: more_moved(store, "of L-back", "given_back", "R-99"),
            ("account:of L-back", "cancelled bill R-99", "is stored, and no row tells of it"),
        ),
        (
            lambda store: moved(store, "of L-null", "R-5", Decimal("5.00"), "given_back"),
            ("account:of L-null", "cancelled bill R-5", "amount is 5.00 EUR, and the trace says 4.00 EUR"),
        ),
        (
            lambda store: setattr(store.reversals, "of_referral", lambda _: ()),
            (
                "referral:L-back",
                "reversal 9 14 9 take-back referee/L-back of L-back",
                "is gone, and the trace tells of it",
            ),
        ),
        (
            lambda store: changed(
                store.reversals._postings, reversal_key("referee/L-back", "of L-back"), amount=euros("90")
            ),
            (
                "referral:L-back",
                "reversal 9 14 9 take-back referee/L-back of L-back",
                "amount is 90.00 EUR, and the trace says 7.00 EUR",
            ),
        ),
    ],
)
def test_what_was_taken_back_otherwise_is_named(tamper: Callable[[Store], object], named: tuple[str, str, str]) -> None:
    store = lived_in()
    take_back(store)
    tamper(store)
    assert StateFault(*named) in verified(store).faults, verified(store).faults
