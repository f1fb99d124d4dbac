"""Every test of every conformance suite can fail: for each there is an adapter that is broken in just that way."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from functools import cache, partial
from itertools import count
from typing import Any, Final, Protocol, TypeVar

import attrs
import pytest

from referral_adapters import conformance
from referral_adapters.conformance.samples import TICK, case, contract, day, group
from referral_adapters.memory import MemoryStore
from referral_adapters.memory.grants import MemoryGrants
from referral_adapters.memory.journal import Change
from referral_adapters.memory.records import Records
from referral_core.entities.case import Case
from referral_core.entities.contract import Contract
from referral_core.entities.discount_group import DiscountGroup
from referral_core.entities.grant import Grant, GrantStatus
from referral_core.entities.personal_data import Person
from referral_core.entities.promo_code import PromoCode, Sharing
from referral_core.entities.referral import Referral
from referral_core.entities.seal import Head, Seal, SealedHead
from referral_core.entities.trace import Published, Subscription, TraceEntry, TraceNote
from referral_core.ports.codes import CodelessAccount, CodelessPage, Evidence
from referral_core.ports.grants import Step
from referral_core.ports.requests import Answer
from referral_core.values.errors import ConcurrentChange, Reason, Refusal
from referral_core.values.history import Recorded

P = TypeVar("P")
Act = Callable[..., object]


def altered(part: P, **methods: Act) -> P:
    """Return it with methods that are given the original one first."""
    for name, method in methods.items():
        setattr(part, name, partial(method, getattr(part, name)))
    return part


def altered_part(part: str, **methods: Act) -> MemoryStore:
    """Return a store with methods of one repository that are given the original one first."""
    store = MemoryStore()
    altered(getattr(store, part), **methods)
    return store


def silent(act: Act, *args: object, **kwargs: object) -> None:
    """Never say no."""
    with suppress(Refusal):
        act(*args, **kwargs)


def deaf(_: Act, *args: object, **kwargs: object) -> None:
    """Do nothing at all."""


def trimming(act: Act, words: str) -> object:
    """Take ids as people write them."""
    return act(words.strip())


def backwards(act: Act, *args: object, **kwargs: object) -> Iterator[object]:
    """Answer in the wrong order."""
    answer = act(*args, **kwargs)
    assert isinstance(answer, Iterator | tuple)
    return iter(list(answer)[::-1])


class Broken(Protocol):
    """Makes what is to be judged, broken in some way."""

    def __call__(self) -> object: ...


# ── contracts ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def contracts(**methods: Act) -> Broken:
    return lambda: altered_part("contracts", **methods)


def nameless(find: Callable[[str], Contract | None], contract: str) -> Contract | None:
    found = find(contract)
    return found and attrs.evolve(found, first_name=None)


def to_the_second(find: Callable[[str], Contract | None], contract: str) -> Contract | None:
    found = find(contract)
    return found and attrs.evolve(found, concluded_at=found.concluded_at.replace(microsecond=0))


def written_once() -> object:
    store = MemoryStore()
    part = store.contracts
    altered(part, put=lambda put, contract: part.find(contract.id) or put(contract))
    return store


CONTRACTS: Final[dict[str, Broken]] = {
    "test_what_was_put_is_found_whole": contracts(find=nameless),
    "test_what_was_never_put_is_not_found": contracts(find=lambda find, _: find("K1")),
    "test_the_last_state_is_the_one_found": written_once,
    "test_a_contract_is_new_once": contracts(put=silent),
    "test_an_account_lists_its_contracts_in_order": contracts(of_account=backwards),
    "test_a_customer_lists_contracts_on_every_account": contracts(
        of_customer=lambda of, customer: tuple(sorted(of(customer), key=lambda each: str(each.account)))
    ),
    "test_an_account_belongs_to_one_customer": contracts(put=silent),
    "test_accounts_come_once_each_in_order_of_id": contracts(accounts=backwards),
    "test_there_are_no_accounts_before_the_first_contract": contracts(accounts=lambda _: iter([("A1", "C1")])),
    "test_ids_are_taken_to_the_letter": contracts(of_account=trimming),
    "test_moments_are_kept_to_the_microsecond": contracts(find=to_the_second),
    "test_one_of_racing_customers_gets_the_account": contracts(put=silent),
    "test_one_of_racing_contracts_gets_the_id": contracts(put=silent),
    "test_no_contract_of_racing_writers_is_lost": contracts(put=lambda put, each: each.id == "K3" or put(each)),
}

# ── promo codes ───────────────────────────────────────────────────────────────────────────────────────────────────────


def promo_codes(**methods: Act) -> Broken:
    return lambda: altered_part("promo_codes", **methods)


def refusing(overlaps: Callable[[PromoCode, PromoCode], bool]) -> Broken:
    """Say ``code-overlap`` where it is not true."""
    known: list[PromoCode] = []

    def add(add: Act, code: PromoCode, **at: object) -> None:
        if any(overlaps(other, code) for other in known):
            raise Refusal(Reason.CODE_OVERLAP, message="it overlaps")
        add(code, **at)
        known.append(code)

    return promo_codes(add=add)


def forgetful(add: Act, code: PromoCode, **at: object) -> None:
    if code.held is not None:
        add(code, **at)


def without_seconds(find: Callable[[str], PromoCode | None], text: str) -> PromoCode | None:
    found = find(text)
    return found and attrs.evolve(found, issued_at=found.issued_at.replace(microsecond=0))


def racy_texts() -> object:
    store = MemoryStore()
    part = store.promo_codes

    def add(add: Act, code: PromoCode, **at: object) -> None:
        if part.find(code.text) is None:
            time.sleep(0.001)
            silent(add, code, **at)
        else:
            add(code, **at)

    altered(part, add=add)
    return store


PROMO_CODES: Final[dict[str, Broken]] = {
    "test_a_code_is_found_by_its_text": promo_codes(find=lambda find, _: find("A123")),
    "test_the_last_state_is_the_one_found": promo_codes(replace=deaf),
    "test_codes_come_in_the_order_they_were_issued": promo_codes(of_account=lambda of, account: of(account)[::-1]),
    "test_a_text_is_taken_for_ever": promo_codes(add=silent),
    "test_a_code_that_ended_as_it_was_issued_keeps_its_text_only": promo_codes(add=forgetful),
    "test_an_account_holds_one_code_at_a_time": promo_codes(add=silent),
    "test_a_code_may_begin_as_another_ends": refusing(lambda one, two: one.ends_at == two.issued_at),
    "test_accounts_do_not_get_in_each_others_way": refusing(lambda one, two: one.customer == two.customer),
    "test_the_next_state_may_not_overlap_either": promo_codes(replace=silent),
    "test_words_and_moments_are_kept_as_given": promo_codes(find=without_seconds),
    "test_one_of_racing_accounts_gets_the_text": racy_texts,
    "test_one_of_racing_codes_gets_the_account": promo_codes(add=silent),
    "test_racing_next_states_do_not_overlap": promo_codes(replace=silent),
}

# ── discount groups ───────────────────────────────────────────────────────────────────────────────────────────────────


def groups(**methods: Act) -> Broken:
    return lambda: altered_part("groups", **methods)


def unswitched(find: Callable[[str], DiscountGroup | None], named: str) -> DiscountGroup | None:
    found = find(named)
    return found and attrs.evolve(found, switches=())


def comparing_exactly() -> object:
    store = MemoryStore()
    part = store.groups

    def put(put: Act, group: DiscountGroup, **at: object) -> None:
        try:
            put(group, **at)
        except Refusal:
            if any(other.name == group.name for other in part.all()):
                raise

    altered(part, put=put)
    return store


def never_giving_up_a_name() -> object:
    owners: dict[str, str] = {}

    def put(put: Act, group: DiscountGroup, **at: object) -> None:
        if owners.setdefault(group.name, group.id) != group.id:
            raise Refusal(Reason.GROUP_EXISTS, message="it was there once")
        put(group, **at)

    return altered_part("groups", put=put)


def first_state_only() -> object:
    store = MemoryStore()
    part = store.groups
    altered(part, put=lambda put, group, **at: part.find(group.id) or put(group, **at))
    return store


GROUPS: Final[dict[str, Broken]] = {
    "test_a_group_is_found_whole": groups(find=unswitched),
    "test_what_was_never_put_is_not_found": groups(find=lambda *_: group()),
    "test_the_last_state_is_the_one_found": first_state_only,
    "test_groups_come_in_the_order_they_were_added": groups(
        all=lambda every: tuple(sorted(every(), key=lambda each: str(each.name)))
    ),
    "test_a_name_is_there_once": groups(put=silent),
    "test_names_are_compared_without_case_and_blanks_around": comparing_exactly,
    "test_a_name_given_up_is_free": never_giving_up_a_name,
    "test_ids_are_taken_to_the_letter": groups(find=trimming),
    "test_one_of_racing_groups_gets_the_name": groups(put=silent),
}

# ── referrals ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def referrals(**methods: Act) -> Broken:
    return lambda: altered_part("referrals", **methods)


def unhonoured(find: Callable[[str], Referral | None], contract: str) -> Referral | None:
    found = find(contract)
    return found and attrs.evolve(found, honoured_moment=None)


def with_live_of(counts: Callable[[Referral, str], bool]) -> Broken:
    def make() -> object:
        store = MemoryStore()
        part = store.referrals
        altered(part, live_of=lambda _, of: next((each for each in part.all() if counts(each, of)), None))
        return store

    return make


def by_the_wall_clock(every: Callable[[], Iterator[Referral]], **_: object) -> Iterator[Referral]:
    return iter(sorted(every(), key=lambda each: (each.concluded_at.isoformat(), each.contract)))


def moments_only(every: Callable[..., Iterator[Referral]], *, newest_by: datetime, **of: str) -> Iterator[Referral]:
    """Turn the moments round, and not the contracts of one moment."""
    found = [each for each in every(**of) if each.concluded_at <= newest_by]
    return iter(sorted(found, key=lambda each: each.concluded_at, reverse=True))


REFERRALS: Final[dict[str, Broken]] = {
    "test_a_referral_is_found_whole": referrals(find=unhonoured),
    "test_the_last_state_is_the_one_found": referrals(replace=deaf),
    "test_a_contract_carries_one_referral": referrals(add=silent),
    "test_a_customer_has_one_live_referral": referrals(add=silent),
    "test_a_customer_whose_referral_was_cancelled_may_be_referred": with_live_of(
        lambda each, customer: each.referee_customer == customer
    ),
    "test_the_next_state_may_not_be_a_second_live_one": referrals(replace=silent),
    "test_who_refers_may_be_referred": with_live_of(
        lambda each, customer: customer in (each.referrer_customer, each.referee_customer)
    ),
    "test_all_are_in_order_of_conclusion_and_contract": referrals(all=by_the_wall_clock),
    "test_the_newest_may_come_first": referrals(all=moments_only),
    "test_those_of_one_referrer_are_its_own": referrals(all=lambda every, **_: every()),
    "test_ids_are_taken_to_the_letter": referrals(live_of=trimming),
    "test_one_of_racing_referrals_gets_the_contract": referrals(add=silent),
    "test_one_of_racing_referrals_gets_the_customer": referrals(add=silent),
}

# ── grants ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def grants(**methods: Act) -> Broken:
    return lambda: altered(MemoryStore().grants, **methods)


def overwriting() -> object:
    part = MemoryStore().grants

    def add(add: Act, leg: Grant) -> None:
        there = part.find(leg.key)
        if there is None:
            add(leg)
        else:
            part.change([(there, attrs.evolve(leg, account=there.account))])

    return altered(part, add=add)


Changing = Callable[[Sequence[Step]], tuple[Grant, ...]]
Unsettled = Callable[[datetime, int], tuple[Grant, ...]]


def whoever_asks() -> object:
    """Give a leg to everybody who wants it, whatever they saw of it."""
    part = MemoryStore().grants

    def change(change: Changing, steps: Sequence[Step]) -> tuple[Grant, ...]:
        there = [(part.find(before.key), after) for before, after in steps]
        return change([(leg, after) for leg, after in there if leg is not None])

    return altered(part, change=change)


def looking_first() -> MemoryGrants:
    """Look who has a leg, and then give it, one at a time."""
    part = MemoryStore().grants

    def change(change: Changing, steps: Sequence[Step]) -> tuple[Grant, ...]:
        free = [(before, after) for before, after in steps if part.find(before.key) == before]
        time.sleep(0.001)
        there = [(part.find(before.key), after) for before, after in free]
        return change([(leg, after) for leg, after in there if leg is not None])

    return altered(part, change=change)


def at_most(most: int) -> Broken:
    return grants(change=lambda change, steps: change(steps[:most]))


def without_problems(find: Callable[[str], Grant | None], key: str) -> Grant | None:
    found = find(key)
    return found and attrs.evolve(found, problem=None)


def nothing_is_ever_settled(every: Act, *, account: str | None = None, **_: bool) -> object:
    return every(account=account)


def only_due(unsettled: Unsettled, by: datetime, limit: int) -> tuple[Grant, ...]:
    return tuple(leg for leg in unsettled(by, limit) if leg.status is GrantStatus.DUE)


def just_before(unsettled: Unsettled, by: datetime, limit: int) -> tuple[Grant, ...]:
    return unsettled(by - TICK, limit)


def untouched(unsettled: Unsettled, by: datetime, limit: int) -> tuple[Grant, ...]:
    return tuple(leg for leg in unsettled(by, limit) if not leg.attempts)


def by_key(unsettled: Unsettled, by: datetime, limit: int) -> tuple[Grant, ...]:
    return tuple(sorted(unsettled(by, 1000), key=lambda leg: leg.key)[:limit])


class CarelessGrants:
    """Looks whether a leg is there, and then stores it, one at a time."""

    def __init__(self) -> None:
        self._legs: list[Grant] = []

    def find(self, key: str) -> Grant | None:
        return next((leg for leg in self._legs if leg.key == key), None)

    def add(self, leg: Grant) -> None:
        if self.find(leg.key) is None:
            time.sleep(0.001)
            self._legs.append(leg)

    def all(self, *, account: str | None = None) -> Iterator[Grant]:
        return (leg for leg in self._legs if account in (None, leg.account))


GRANTS: Final[dict[str, Broken]] = {
    "test_a_leg_is_found_by_its_key": grants(find=lambda find, _: find("referrer/K1")),
    "test_a_leg_that_is_there_is_left_as_it_is": overwriting,
    "test_the_last_state_is_the_one_found": grants(find=without_problems),
    "test_a_leg_is_changed_by_who_saw_it_as_it_is": whoever_asks,
    "test_many_legs_are_changed_at_once": at_most(100),
    "test_unsettled_is_what_billing_has_not_confirmed": grants(unsettled=only_due),
    "test_unsettled_is_what_need_not_wait": grants(unsettled=just_before),
    "test_who_has_waited_longest_comes_first": grants(unsettled=by_key),
    "test_what_is_taken_drops_out_until_its_lease_has_run_out": grants(unsettled=untouched),
    "test_all_are_in_order_of_key": grants(all=nothing_is_ever_settled),
    "test_ids_are_taken_to_the_letter": grants(all=lambda every, account: every(account=account.strip())),
    "test_one_of_racing_legs_is_kept": CarelessGrants,
    "test_one_of_racing_payers_has_the_leg": looking_first,
    "test_racing_payers_share_all_legs": looking_first,
}

# ── cases, sharings, events ───────────────────────────────────────────────────────────────────────────────────────────


def cases(**methods: Act) -> Broken:
    return lambda: altered(MemoryStore().cases, **methods)


def carrying_nothing(find: Callable[[str], Case | None], named: str) -> Case | None:
    found = find(named)
    return found and attrs.evolve(found, carried=None)


def open_or_above(
    every: Callable[..., Iterator[Case]], *, after: str | None = None, open_only: bool = False
) -> Iterator[Case]:
    """Look at one of the two wishes only."""
    return every(after=after) if after else every(open_only=open_only)


CASES: Final[dict[str, Broken]] = {
    "test_a_case_is_found_with_what_it_carries": cases(find=carrying_nothing),
    "test_a_case_is_opened_once": cases(open=silent),
    "test_a_closed_case_is_found_as_it_was_closed": cases(close=deaf),
    "test_a_case_is_closed_once": cases(close=silent),
    "test_all_are_in_order_of_id": cases(all=backwards),
    "test_all_may_begin_above_an_id": cases(all=lambda every, after: (each for each in every() if each.id >= after)),
    "test_all_may_be_those_that_are_open": cases(all=open_or_above),
    "test_there_are_none_before_the_first": cases(all=lambda _: iter([case()])),
    "test_ids_are_taken_to_the_letter": cases(find=trimming),
    "test_one_of_racing_openings_wins": cases(open=silent),
    "test_one_of_racing_closings_wins": cases(close=silent),
}


def careless_sharings() -> object:
    """Read the count, and write it back one higher."""
    counts = [0]

    def add_sharing(_: Act, __: Sharing) -> None:
        known = counts[0]
        time.sleep(0.0001)
        counts[0] = known + 1

    return altered_part("promo_codes", add_sharing=add_sharing, times_shared=lambda *_: counts[0])


def counting_means_once() -> object:
    means: set[str] = set()
    return altered_part(
        "promo_codes", add_sharing=lambda _, each: means.add(each.means), times_shared=lambda *_: len(means)
    )


SHARINGS: Final[dict[str, Broken]] = {
    "test_every_sharing_counts": counting_means_once,
    "test_accounts_are_counted_apart": promo_codes(times_shared=trimming),
    "test_sharings_are_counted_up_to_a_moment": promo_codes(
        times_shared=lambda times_shared, account, **_: times_shared(account)
    ),
    "test_no_sharing_of_racing_writers_is_lost": careless_sharings,
}


def events(**methods: Act) -> Broken:
    return lambda: altered_part("requests", **methods)


def racy_events() -> MemoryStore:
    store = MemoryStore()
    part = store.requests
    taken: list[object] = []

    def add(add: Act, *event: str) -> object:
        if part.event(*event[:2]) is not None:
            return False
        time.sleep(0.001)
        taken.append(add(*event))
        return True

    altered(part, add_event=add)
    return store


EVENTS: Final[dict[str, Broken]] = {
    "test_an_event_that_took_effect_is_found": events(event=deaf),
    "test_an_event_takes_effect_once": events(add_event=lambda add, *event: add(*event) or True),
    "test_source_and_id_tell_events_apart": events(
        add_event=lambda add, source, named, digest: add("", source + named, digest),
        event=lambda find, source, named: find("", source + named),
    ),
    "test_words_of_events_are_taken_to_the_letter": events(
        add_event=lambda add, *event: add(*(words.lower() for words in event)),
        event=lambda find, *event: find(*(words.lower() for words in event)),
    ),
    "test_one_of_racing_events_takes_effect": racy_events,
}

# ── history ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def last_only(states: Act, *of: str) -> object:
    found = states(*of)
    assert isinstance(found, tuple)
    return found[-1:]


def numbered_anew(codes: Callable[[str], tuple[tuple[Recorded[PromoCode], ...], ...]], account: str) -> object:
    states = [state for states in codes(account) for state in states]
    return (tuple(attrs.evolve(state, revision=number) for number, state in enumerate(states, 1)),)


def unswitching(states: Callable[[str], tuple[Recorded[DiscountGroup], ...]], named: str) -> object:
    return tuple(attrs.evolve(each, state=attrs.evolve(each.state, switches=())) for each in states(named))


def recording_as_told() -> object:
    """Record everything at its own moment, also what arrives late."""
    store = MemoryStore()
    for repository in (store.groups, store.referrals, store.promo_codes):
        setattr(repository, "_records", TellTale(repository._records._thing))  # noqa: B010 - the fault
    return store


class TellTale(Records[Any]):
    """Takes every moment as it comes."""

    def recording(self, subject: str, state: object, at: datetime) -> Change:
        items, key, before, value = super().recording(subject, state, at)
        record = value[0] if isinstance(value, list) else value
        told = attrs.evolve(record, recorded_at=at)
        return items, key, before, [told] if isinstance(value, list) else told


def recording_what_fails(part: str, change: str, recorded: Callable[[tuple[Any, ...], list[Any]], object]) -> Broken:
    """Keep what was undone."""

    def make() -> object:
        kept: list[Recorded[Any]] = []

        def changing(act: Act, state: object, *, at: datetime) -> None:
            act(state, at=at)
            kept.append(Recorded(state, at, 2))

        def history(states: Callable[[str], tuple[Any, ...]], of: str) -> object:
            return recorded(states(of), kept)

        methods: dict[str, Act] = {change: changing, "history": history}
        return altered_part(part, **methods)

    return make


def losing_states() -> object:
    store = MemoryStore()
    turns = count()
    return_every = store.groups.put

    def put(_: Act, group: DiscountGroup, **at: datetime) -> None:
        if next(turns) % 5 != 4:
            return_every(group, **at)

    altered(store.groups, put=put)
    return store


def with_notes() -> object:
    store = MemoryStore()

    def states(_: Act, of: str) -> object:
        found = store.referrals.find(of)
        return () if found is None else (Recorded(found, day(0), 1), Recorded(found, day(0), 2))

    altered(store.referrals, history=states)
    return store


CODE_HISTORY: Final[dict[str, Broken]] = {
    "test_every_state_of_a_code_is_kept": promo_codes(
        history=lambda codes, account: tuple(states[-1:] for states in codes(account))
    ),
    "test_codes_of_an_account_come_in_the_order_they_were_added": promo_codes(history=numbered_anew),
    "test_what_arrives_late_on_an_account_is_recorded_after_its_other_codes": recording_as_told,
    "test_what_never_was_has_no_history": recording_what_fails(
        "promo_codes", "replace", lambda codes, kept: ((*codes[0], *kept), *codes[1:]) if codes else ()
    ),
    "test_accounts_in_history_are_taken_to_the_letter": promo_codes(history=trimming),
}
GROUP_HISTORY: Final[dict[str, Broken]] = {
    "test_every_state_of_a_group_is_kept": groups(history=unswitching),
    "test_what_arrives_late_is_recorded_at_the_last_moment": recording_as_told,
    "test_what_never_was_has_no_history": recording_what_fails("groups", "put", lambda states, kept: (*states, *kept)),
    "test_groups_in_history_are_taken_to_the_letter": groups(history=trimming),
    "test_racing_writers_are_recorded_one_after_another": losing_states,
}
REFERRAL_HISTORY: Final[dict[str, Broken]] = {
    "test_every_state_of_a_referral_is_kept": referrals(history=last_only),
    "test_fee_notes_are_left_out": with_notes,
    "test_what_arrives_late_is_recorded_at_the_last_moment": recording_as_told,
    "test_what_never_was_has_no_history": recording_what_fails(
        "referrals", "replace", lambda states, kept: (*states, *kept)
    ),
    "test_contracts_in_history_are_taken_to_the_letter": referrals(history=trimming),
}

# ── folding ────────────────────────────────────────────────────────────────────────────────────────────────────────


def folding(to_ascii: Callable[[str], str]) -> Broken:
    return lambda: to_ascii


_TURNS: Final = count()
FOLDING: Final[dict[str, Broken]] = {
    "test_names_are_folded_as_their_readers_would": folding(lambda text: text.encode("ascii", "ignore").decode()),
    "test_a_letter_and_its_mark_may_come_apart": folding(lambda text: text.encode("ascii", "ignore").decode()),
    "test_ascii_stays_as_it_is": folding(str.upper),
    "test_the_answer_is_ascii_whatever_the_name": folding(str),
    "test_the_same_name_folds_the_same": folding(lambda text: f"{text}{next(_TURNS)}"),
}

# ── trace ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def trace(**methods: Act) -> Broken:
    return lambda: altered_part("trace", **methods)


def salted(salt: Callable[[], str]) -> Broken:
    def chain(chain: Callable[[str], Iterator[TraceEntry]], subject: str) -> Iterator[TraceEntry]:
        return (attrs.evolve(row, salt=salt()) for row in chain(subject))

    return trace(chain=chain)


def holding_on() -> object:
    held: list[TraceNote] = []

    def append(append: Act, note: TraceNote) -> None:
        held.append(note)
        append(note)

    def chain(chain: Callable[[str], Iterator[TraceEntry]], subject: str) -> Iterator[TraceEntry]:
        rows = zip(chain(subject), held, strict=True)
        return (attrs.evolve(row, before=note.before, after=note.after) for row, note in rows)

    return altered_part("trace", append=append, chain=chain)


def losing() -> object:
    turns = count()
    return altered_part("trace", append=lambda append, *notes: next(turns) % 5 and append(*notes))


def ghost(_: Act) -> Iterator[Head]:
    return iter([("account:A1", 1, "hash")])


TRACE: Final[dict[str, Broken]] = {
    "test_a_row_says_what_was_noted": trace(append=lambda append, note: append(attrs.evolve(note, reason=None))),
    "test_a_row_may_say_little": trace(append=lambda append, note: append(attrs.evolve(note, after=None))),
    "test_rows_of_a_subject_are_a_chain": trace(chain=backwards),
    "test_many_notes_are_added_at_once": trace(append=lambda append, *notes: append(*notes[:7])),
    "test_racing_writers_of_many_notes_follow_each_other": losing,
    "test_rows_never_change": salted(secrets.token_hex),
    "test_a_row_keeps_no_hold_on_what_it_was_given": holding_on,
    "test_every_row_has_a_salt_of_its_own": salted(lambda: "0" * 32),
    "test_a_subject_without_rows_has_an_empty_chain": trace(heads=ghost),
    "test_subjects_are_taken_to_the_letter": trace(chain=trimming),
    "test_the_newest_rows_of_some_chains_come_first": trace(newest=lambda newest, *of: newest(*of)[::-1]),
    "test_heads_are_the_ends_of_all_chains": trace(heads=backwards),
    "test_all_chains_come_one_after_the_other": trace(
        chain=lambda chain, *of, **after: chain(*of, **after) if of else backwards(chain, **after)
    ),
    "test_reading_goes_on_from_any_place": trace(chain=lambda chain, *of, **_: chain(*of)),
    "test_racing_writers_on_one_subject_follow_each_other": losing,
    "test_racing_writers_on_many_subjects_keep_apart": losing,
}

# ── evidence ──────────────────────────────────────────────────────────────────────────────────────────────────────────


Gathering = Callable[[str, str | None, tuple[str, str]], Evidence]


def evidence(broken: Callable[[Gathering], Gathering]) -> Broken:
    def made() -> MemoryStore:
        store = MemoryStore()
        setattr(store.promo_codes, "evidence", broken(store.promo_codes.evidence))  # noqa: B010 - the fault
        return store

    return made


def forgetful_evidence(gather: Gathering) -> Gathering:
    """Keep what was found first for ever."""
    return cache(gather)


def trimming_evidence(gather: Gathering) -> Gathering:
    return lambda code, customer, groups: gather(code, customer and customer.strip(), groups)


def finding(alter: Callable[[Evidence], Evidence]) -> Broken:
    return evidence(lambda gather: lambda code, customer, groups: alter(gather(code, customer, groups)))


EVIDENCE: Final[dict[str, Broken]] = {
    "test_nothing_is_found_in_an_empty_store": finding(lambda found: attrs.evolve(found, is_referred=True)),
    "test_each_part_is_found_without_the_others": finding(
        lambda found: found if found.code else attrs.evolve(found, contracts=())
    ),
    "test_contracts_in_evidence_are_in_order": finding(
        lambda found: attrs.evolve(found, contracts=found.contracts[::-1])
    ),
    "test_what_is_found_is_what_was_last_stored": evidence(forgetful_evidence),
    "test_one_group_may_be_asked_for_twice": finding(
        lambda found: attrs.evolve(found, groups=(*dict.fromkeys(found.groups), None)[:2])
    ),
    "test_what_is_undone_is_no_evidence": evidence(forgetful_evidence),
    "test_customers_are_taken_to_the_letter": evidence(trimming_evidence),
}

# ── seals ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def seals(**methods: Act) -> Broken:
    def store() -> object:
        store = MemoryStore()
        altered(store.trace, **methods)
        return store

    return store


def sealing_all() -> object:
    """List every head each time."""
    store = MemoryStore()
    setattr(store.trace, "_has_moved", lambda *_: True)  # noqa: B010 - the fault
    return store


def numbering_again() -> object:
    """Take a number twice, now and then."""
    store = MemoryStore()

    def set_seal(_: Act, at: datetime) -> Seal | None:
        before = list(store.trace.seals())
        heads = list(store.trace.heads())
        time.sleep(0.001)
        seal = Seal.over(heads, before[-1] if before else None, at)
        store.trace._seals.append(seal)
        store.trace._sealed[seal.number] = [SealedHead(*head, seal.number) for head in heads]
        return seal

    altered(store.trace, seal=set_seal)
    return store


def never_sealing_some(set_seal: Callable[[datetime], Seal | None], at: datetime) -> Seal | None:
    """Let what is written last fall between two seals."""
    return None if at == day(99) else set_seal(at)


SEALS: Final[dict[str, Broken]] = {
    "test_nothing_is_sealed_where_nothing_is": seals(seal=lambda _, at: Seal.over([], None, at)),
    "test_the_first_seal_is_over_every_chain": seals(seals=lambda every: iter([*every()][1:])),
    "test_the_next_seal_is_over_what_has_moved": sealing_all,
    "test_nothing_new_is_not_sealed": sealing_all,
    "test_seals_are_read_from_any_number": seals(seals=lambda every, **_: every()),
    "test_all_sealed_heads_come_by_subject_and_number": seals(
        sealed_heads=lambda heads, *of: iter(sorted(heads(*of), key=lambda head: (head.seal, head.subject)))
    ),
    "test_sealed_subjects_are_taken_to_the_letter": seals(
        sealed_heads=lambda heads, *of: (attrs.evolve(head, subject=head.subject.strip()) for head in heads(*of))
    ),
    "test_of_those_who_seal_at_once_one_does": numbering_again,
    "test_sealing_while_others_write_leaves_nothing_out": seals(seal=never_sealing_some),
}

# ── persons ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def personal_data(**methods: Act) -> Broken:
    return lambda: altered(MemoryStore(), **methods)


def leaving(part: str) -> Broken:
    """Erase everywhere but in one repository."""

    def store() -> object:
        store = MemoryStore()
        getattr(store, part).erasing = lambda *_: ()
        return store

    return store


def erasing_rows(concerns: Callable[[Person, TraceEntry], bool]) -> Broken:
    """Judge in another way which rows concern somebody."""

    def store() -> object:
        store = MemoryStore()

        def erasing(erasing: Act, is_in: Callable[[TraceEntry], bool]) -> object:
            person = is_in.__self__  # type: ignore[attr-defined]  # a method of the person
            return erasing(lambda row: concerns(person, row))

        altered(store.trace, erasing=erasing)
        return store

    return store


def hashing_anew() -> object:
    """Make the chain of erased rows fit again by changing it."""
    store = MemoryStore()

    def chain(chain: Callable[..., Iterator[TraceEntry]], *of: str, **after: object) -> Iterator[TraceEntry]:
        rows = chain(*of, **after)
        return (attrs.evolve(row, hash=row.hash[::-1]) if row.is_erased else row for row in rows)

    altered(store.trace, chain=chain)
    return store


def one_pseudonym_each() -> object:
    """Give the account another pseudonym than the rest."""
    store = MemoryStore()
    altered(store.referrals, erasing=lambda erasing, person, _: erasing(person, "erased-another-one"))
    return store


PERSONAL_DATA: Final[dict[str, Broken]] = {
    "test_nothing_is_held_about_a_stranger": personal_data(
        personal_data=lambda find, named: find(named.upper() or "C1")
    ),
    "test_what_is_held_is_found": personal_data(
        personal_data=lambda find, named: attrs.evolve(find(named), open_cases=())
    ),
    "test_a_pseudonym_takes_the_customers_place": leaving("cases"),
    "test_a_referee_stays_referred": leaving("referrals"),
    "test_everybody_else_stays": personal_data(erase=lambda erase, named: erase("C1" if named == "C" else named)),
    "test_pseudonyms_are_fresh": personal_data(erase=lambda _, named: f"erased-{named}"),
    "test_free_words_about_the_customers_accounts_go": erasing_rows(lambda person, row: row.actor == person.customer),
    "test_words_elsewhere_go_that_name_the_customer": erasing_rows(
        lambda person, row: person.customer in (row.reason or "")
    ),
    "test_the_customer_goes_as_an_actor_but_not_somebody_of_the_staff": erasing_rows(
        lambda person, row: row.actor == person.customer
    ),
    "test_fee_notes_lose_their_words": leaving("referrals"),
    "test_answers_to_and_about_the_customer_go": leaving("requests"),
    "test_the_trace_still_verifies": hashing_anew,
    "test_those_who_erase_at_once_leave_one_pseudonym": one_pseudonym_each,
}

# ── contracts by pages ────────────────────────────────────────────────────────────────────────────────────────────────


def looking_up(page: Callable[..., tuple[Contract, ...]], *of: object, **wanted: object) -> tuple[Contract, ...]:
    """Take a page, and leave out of it what is not wanted."""
    return tuple(each for each in page(*of) if each in page(None, 99, **wanted))


def stale() -> MemoryStore:
    """Show contracts as they were first."""
    store, first = MemoryStore(), dict[str, Contract]()

    def page(page: Callable[..., tuple[Contract, ...]], *of: object, **wanted: object) -> tuple[Contract, ...]:
        return tuple(first.setdefault(each.id, each) for each in page(*of, **wanted))

    altered(store.contracts, page=page)
    return store


def remembering() -> MemoryStore:
    """Keep showing what was seen once."""
    store, seen = MemoryStore(), dict[str, Contract]()

    def page(page: Callable[..., tuple[Contract, ...]], *of: object, **wanted: object) -> tuple[Contract, ...]:
        seen.update({each.id: each for each in page(*of, **wanted)})
        return tuple(seen[each] for each in sorted(seen))

    altered(store.contracts, page=page)
    return store


def trimming_channels(
    page: Callable[..., tuple[Contract, ...]], *of: object, channel: str | None = None, **wanted: object
) -> tuple[Contract, ...]:
    return page(*of, channel=channel and channel.strip(), **wanted)


CONTRACT_PAGES: Final[dict[str, Broken]] = {
    "test_contracts_come_by_pages_in_order_of_id": contracts(
        page=lambda page, after, limit: page(after and after.lower(), limit)
    ),
    "test_there_is_no_page_before_the_first_contract": contracts(page=lambda *_, **__: (contract(),)),
    "test_contracts_are_shown_as_last_stored": stale,
    "test_what_is_left_out_does_not_count": contracts(page=looking_up),
    "test_ids_are_taken_to_the_letter_in_pages": contracts(page=trimming_channels),
    "test_what_is_undone_is_not_there": remembering,
}

# ── the launch ────────────────────────────────────────────────────────────────────────────────────────────────────────


def one_by_one(add: Act, contracts: Sequence[Contract]) -> None:
    """Keep those that came before the one that does not fit."""
    for each in contracts:
        add([each])


def saying_nothing(add: Act, *page: object, **at: object) -> None:
    """Leave out what does not fit, and tell nobody."""
    with suppress(ConcurrentChange):
        add(*page, **at)


def page_without(unwanted: Callable[[CodelessAccount], bool]) -> Broken:
    """Leave accounts out of pages."""

    def codeless(codeless: Callable[..., CodelessPage], *of: object, **at: object) -> CodelessPage:
        page = codeless(*of, **at)
        return attrs.evolve(page, accounts=tuple(each for each in page.accounts if not unwanted(each)))

    return promo_codes(codeless=codeless)


def outside_of_transactions() -> MemoryStore:
    """Add to another store, which no transaction of this one undoes; and read there."""
    store, other = MemoryStore(), MemoryStore()
    for name in ("contracts", "promo_codes", "trace"):
        setattr(store, name, getattr(other, name))
    return store


def codes_only(add: Act, codes: Sequence[PromoCode], _: Sequence[TraceNote], *, at: datetime) -> None:
    add(codes, [], at=at)


def codes_one_by_one(add: Act, codes: Sequence[PromoCode], notes: Sequence[TraceNote], *, at: datetime) -> None:
    for each, noted in zip(codes, notes, strict=True):
        add([each], [noted], at=at)


def guarding_overlaps_only() -> MemoryStore:
    store = MemoryStore()

    def add(_: Act, codes: Sequence[PromoCode], __: Sequence[TraceNote], *, at: datetime) -> None:
        for each in codes:
            store.promo_codes.add(each, at=at)

    altered(store.promo_codes, add_first=add)
    return store


LAUNCH_CONTRACTS: Final[dict[str, Broken]] = {
    "test_accounts_are_counted": contracts(count_accounts=lambda count: min(count(), 1)),
    "test_what_stands_is_told_by_id": contracts(standing=lambda of, ids, _: of(ids, [])),
    "test_nothing_stands_where_nothing_was_stored": contracts(
        standing=lambda of, ids, accounts: attrs.evolve(of(ids, accounts), customers=dict.fromkeys(accounts, ""))
    ),
    "test_a_contract_is_added_in_any_state": contracts(
        add_all=lambda add, page: add([each for each in page if each.activated_at is None])
    ),
    "test_an_account_that_is_there_can_get_more": contracts(
        add_all=lambda add, page: add([each for each in page if each.account != "A1"])
    ),
    "test_nothing_is_added_when_nothing_is_given": contracts(add_all=lambda add, page: add(page or [contract()])),
    "test_a_known_id_keeps_the_whole_page_out": contracts(add_all=one_by_one),
    "test_an_account_of_somebody_else_keeps_the_whole_page_out": contracts(add_all=saying_nothing),
    "test_a_page_that_was_kept_out_leaves_the_transaction_usable": contracts(add_all=one_by_one),
    "test_a_page_is_undone_with_its_transaction": outside_of_transactions,
    "test_ids_that_are_added_together_are_taken_to_the_letter": contracts(
        standing=lambda of, ids, accounts: of([each.strip() for each in ids], accounts)
    ),
    "test_one_of_racing_pages_comes_in": contracts(add_all=saying_nothing),
}

LAUNCH_CODES: Final[dict[str, Broken]] = {
    "test_who_never_held_a_code_is_found": page_without(lambda each: each.account == "A4"),
    "test_a_contract_must_be_in_force": promo_codes(
        codeless=lambda of, after, limit, at: of(after, limit, at=at + timedelta(days=1))
    ),
    "test_an_account_says_what_it_is_supplied_with": promo_codes(
        codeless=lambda of, after, limit, at: attrs.evolve(
            of(after, limit, at=at),
            accounts=tuple(attrs.evolve(each, first_name=None) for each in of(after, limit, at=at).accounts),
        )
    ),
    "test_accounts_come_by_pages_in_order_of_id": promo_codes(
        codeless=lambda of, after, limit, at: of(after, limit + 1, at=at)
    ),
    "test_a_page_may_be_the_last_without_knowing": promo_codes(codeless=lambda of, _, limit, at: of("", limit, at=at)),
    "test_taken_texts_are_named": promo_codes(taken=lambda taken, texts: taken(texts) - {"AAAA"}),
    "test_codes_are_found_like_any_other": promo_codes(add_first=deaf),
    "test_notes_follow_what_the_trace_has": promo_codes(add_first=codes_only),
    "test_a_taken_text_keeps_the_whole_page_out": promo_codes(add_first=codes_one_by_one),
    "test_an_account_that_came_to_hold_a_code_keeps_the_whole_page_out": promo_codes(add_first=codes_one_by_one),
    "test_a_code_that_has_ended_keeps_the_whole_page_out_too": guarding_overlaps_only,
    "test_a_page_that_was_kept_out_leaves_the_transaction_usable": promo_codes(add_first=codes_one_by_one),
    "test_a_page_is_undone_with_its_transaction": outside_of_transactions,
    "test_ids_of_accounts_are_taken_to_the_letter": page_without(lambda each: each.account != each.account.strip()),
    "test_one_of_racing_pages_comes_in": promo_codes(add_first=saying_nothing),
}

# ── answers, the outbox, subscriptions ────────────────────────────────────────────────────────────────────────────────


def answers(**methods: Act) -> Broken:
    def make() -> object:
        store = MemoryStore()
        altered(store.requests, **methods)
        return store

    return make


def answering_again() -> object:
    """Put the last answer in the place of the first."""
    store = MemoryStore()

    def fill(fill: Act, asker: str, key: str, text: str) -> None:
        kept = store.requests.answer(asker, key)
        if kept:
            store.requests._answers[asker, key] = attrs.evolve(kept, text=None)
        fill(asker, key, text)

    altered(store.requests, fill=fill)
    return store


def claiming_for_ever() -> object:
    """Take keys outside of all transactions."""
    store = MemoryStore()

    def claim(_: Act, asker: str, key: str, digest: str, *, at: datetime) -> bool:
        taken = (asker, key) in store.requests._answers
        store.requests._answers.setdefault((asker, key), Answer(digest, None, at))
        return not taken

    altered(store.requests, claim=claim)
    return store


def not_waiting() -> object:
    """Take a key for taken that somebody may yet leave free."""
    store = MemoryStore()

    def claim(claim: Act, *of: str, at: datetime) -> object:
        return tuple(of[:2]) not in store.requests._answers and claim(*of, at=at)

    altered(store.requests, claim=claim)
    return store


def looking_before_claiming() -> object:
    store = MemoryStore()

    def claim(_: Act, asker: str, key: str, digest: str, *, at: datetime) -> bool:
        if store.requests.answer(asker, key):
            return False
        time.sleep(0.001)
        store.requests._answers[asker, key] = Answer(digest, None, at)
        return True

    altered(store.requests, claim=claim)
    return store


ANSWERS: Final[dict[str, Broken]] = {
    "test_a_claim_is_found_without_an_answer": answers(
        claim=lambda claim, *of, at: claim(*of, at=at.replace(microsecond=0))
    ),
    "test_an_answer_is_kept_beside_the_claim": answers(
        fill=lambda fill, asker, key, text: fill(asker, key, text.strip())
    ),
    "test_a_key_is_claimed_once": answers(claim=lambda claim, *of, **at: claim(*of, **at) or True),
    "test_an_answer_is_kept_once": answering_again,
    "test_asker_and_key_tell_answers_apart": answers(
        claim=lambda claim, asker, key, digest, at: claim("", asker + key, digest, at=at),
        fill=lambda fill, asker, key, text: fill("", asker + key, text),
        answer=lambda find, asker, key: find("", asker + key),
    ),
    "test_words_are_taken_to_the_letter": answers(
        claim=lambda claim, *of, at: claim(*(words.strip() for words in of), at=at)
    ),
    "test_what_is_old_is_forgotten": answers(forget=lambda forget, before: forget(before + TICK)),
    "test_a_claim_that_was_undone_leaves_its_key_free": claiming_for_ever,
    "test_a_claim_under_way_is_waited_for": not_waiting,
    "test_one_of_racing_claims_gets_the_key": looking_before_claiming,
}


def outbox(**methods: Act) -> Broken:
    def make() -> object:
        store = MemoryStore()
        altered(store.trace, **methods)
        return store

    return make


def with_order(order: Callable[[MemoryStore], Sequence[TraceEntry]]) -> Broken:
    """Give rows positions in another order than the one in which they were written."""

    def make() -> object:
        store = MemoryStore()
        altered(store.trace, in_order=lambda _, start, end: order(store)[start:end])
        return store

    return make


def latest_first(store: MemoryStore) -> list[TraceEntry]:
    return sorted(store.trace.entries(), key=lambda row: -row.number)


def chain_by_chain(store: MemoryStore) -> list[TraceEntry]:
    return list(store.trace.chain())


def showing_what_waits() -> object:
    store = MemoryStore()

    def read(_: Act, after: int, limit: int) -> tuple[Published, ...]:
        rows = store.trace.in_order(after, after + limit)
        return tuple(Published(position, row) for position, row in enumerate(rows, after + 1))

    altered(store.trace, published=read)
    return store


def leaving_out_the_launch() -> object:
    store = MemoryStore()

    def add(add: Act, *page: object, at: datetime) -> None:
        add(*page, at=at)
        store.trace._order.pop()

    altered(store.promo_codes, add_first=add)
    return store


def publishing_copies() -> object:
    """Keep what was published as it was."""
    store = MemoryStore()
    copies: list[Published] = []

    def publish(publish: Act, limit: int) -> object:
        count = publish(limit)
        copies[:] = store.trace.published(0, 999)
        return count

    altered(store.trace, publish=publish)
    altered(store.trace, published=lambda read, after, limit: copies[after : after + limit] or read(after, limit))
    return store


def numbering_at_once() -> object:
    """Number rows as they are written, whether that lasts or not."""
    store = MemoryStore()
    written: list[TraceNote] = []

    def append(append: Act, *notes: TraceNote) -> None:
        written.extend(notes)
        append(*notes)

    def read(read: Callable[[int, int], tuple[Published, ...]], after: int, limit: int) -> tuple[Published, ...]:
        undone = len(written) - len(store.trace._order)
        return tuple(attrs.evolve(each, position=each.position + undone) for each in read(after, limit))

    altered(store.trace, append=append)
    altered(store.trace, published=read)
    return store


def publishing_for_ever() -> object:
    """Give positions outside of all transactions."""
    store = MemoryStore()

    def publish(_: Act, limit: int) -> int:
        last = store.trace._published.get(None, 0)
        store.trace._published[None] = min(last + limit, len(store.trace._order))
        return store.trace._published[None] - last

    altered(store.trace, publish=publish)
    return store


OUTBOX: Final[dict[str, Broken]] = {
    "test_a_row_waits_until_somebody_publishes_it": showing_what_waits,
    "test_whatever_leaves_a_trace_is_published": leaving_out_the_launch,
    "test_no_more_is_published_than_asked": outbox(publish=lambda publish, limit: publish(limit + 1)),
    "test_rows_of_one_subject_come_in_order": with_order(latest_first),
    "test_reading_goes_on_from_any_position": outbox(
        published=lambda read, after, limit: read(max(after - 1, 0), limit)
    ),
    "test_a_position_stays": with_order(chain_by_chain),
    "test_what_was_erased_is_erased_there_too": publishing_copies,
    "test_what_was_undone_is_never_published": numbering_at_once,
    "test_positions_that_were_undone_are_given_again": publishing_for_ever,
    "test_racing_publishers_leave_nothing_out": with_order(chain_by_chain),
}


def subscriptions(**methods: Act) -> Broken:
    return lambda: altered_part("trace", **methods)


def adding_again() -> object:
    store = MemoryStore()
    part = store.trace

    def add(_: Act, name: str, position: int) -> bool:
        is_new = part.subscription(name) is None
        part._put(Subscription(name, position))
        return is_new

    altered(part, subscribe=add)
    return store


def taking_at(shown: Callable[[Subscription, datetime], Subscription]) -> Broken:
    """See a subscription in another light when it is taken."""

    def make() -> object:
        store = MemoryStore()
        part = store.trace

        def take(_: Act, name: str, *, at: datetime, until: datetime) -> Subscription | None:
            found = part.subscription(name)
            free = found and shown(found, at).is_free(at)
            return part._put(attrs.evolve(found, leased_until=until)) if found and free else None

        altered(part, lease=take)
        return store

    return make


def making_what_is_taken() -> object:
    store = MemoryStore()
    part = store.trace

    def take(take: Act, name: str, **moments: datetime) -> object:
        part.subscribe(name, 0)
        return take(name, **moments)

    altered(part, lease=take)
    return store


def comparing_positions_only() -> object:
    store = MemoryStore()
    part = store.trace

    def settle(settle: Act, before: Subscription, after: Subscription) -> object:
        found = part.subscription(before.name)
        return settle(found if found and found.position == before.position else before, after)

    altered(part, settle=settle)
    return store


def looking_before_taking() -> object:
    store = MemoryStore()
    part = store.trace

    def take(take: Act, name: str, *, at: datetime, until: datetime) -> Subscription | None:
        found = part.subscription(name)
        time.sleep(0.001)
        return part._put(attrs.evolve(found, leased_until=until)) if found and found.is_free(at) else None

    altered(part, lease=take)
    return store


def looking_before_settling() -> object:
    store = MemoryStore()
    part = store.trace

    def settle(_: Act, before: Subscription, after: Subscription) -> bool:
        is_same = part.subscription(before.name) == before
        time.sleep(0.001)
        return is_same and bool(part._put(after))

    altered(part, settle=settle)
    return store


SUBSCRIPTIONS: Final[dict[str, Broken]] = {
    "test_a_new_subscription_begins_where_it_is_told": subscriptions(subscribe=lambda add, name, _: add(name, 0)),
    "test_a_subscription_is_there_once": adding_again,
    "test_all_subscriptions_are_in_order_of_name": subscriptions(subscriptions=lambda every: every()[::-1]),
    "test_names_are_taken_to_the_letter": subscriptions(
        subscribe=lambda add, name, position: add(name.strip(), position)
    ),
    "test_a_free_subscription_is_leased_until_a_moment": subscriptions(
        lease=lambda take, name, at, until: take(name, at=at, until=until - TICK)
    ),
    "test_what_is_unknown_cannot_be_leased": making_what_is_taken,
    "test_a_lease_holds_up_to_its_end": taking_at(lambda each, _: attrs.evolve(each, leased_until=None)),
    "test_who_has_to_wait_cannot_be_leased_earlier": taking_at(lambda each, _: attrs.evolve(each, next_at=None)),
    "test_the_next_state_of_a_subscription_is_stored_whole": subscriptions(
        settle=lambda settle, before, after: settle(before, attrs.evolve(after, next_at=before.next_at))
    ),
    "test_what_somebody_else_has_changed_is_not_overwritten": comparing_positions_only,
    "test_a_state_of_another_subscription_is_refused": subscriptions(
        settle=lambda settle, before, after: settle(before, attrs.evolve(after, name=before.name))
    ),
    "test_one_of_racing_senders_has_the_lease": looking_before_taking,
    "test_one_of_racing_settlements_is_stored": looking_before_settling,
}

# ── the proof ─────────────────────────────────────────────────────────────────────────────────────────────────────────

SUITES: Final[dict[type, dict[str, Broken]]] = {
    conformance.ContractRepositoryConformance: CONTRACTS | CONTRACT_PAGES | LAUNCH_CONTRACTS,
    conformance.CodeRepositoryConformance: PROMO_CODES | CODE_HISTORY | EVIDENCE | LAUNCH_CODES | SHARINGS,
    conformance.GroupRepositoryConformance: GROUPS | GROUP_HISTORY,
    conformance.ReferralRepositoryConformance: REFERRALS | REFERRAL_HISTORY,
    conformance.GrantRepositoryConformance: GRANTS,
    conformance.CaseRepositoryConformance: CASES,
    conformance.TraceRepositoryConformance: TRACE | SEALS | OUTBOX | SUBSCRIPTIONS,
    conformance.RequestRepositoryConformance: EVENTS | ANSWERS,
    conformance.FoldingConformance: FOLDING,
    conformance.PersonalDataConformance: PERSONAL_DATA,
}


def suite_tests(suite: type) -> set[str]:
    """Return the names of a suite's tests."""
    return {name for name in dir(suite) if name.startswith("test_")}


def finds_out(suite: type, test: str, broken: object, **params: object) -> None:
    """Expect that a test of a suite fails on a broken adapter, by an assertion or by an unexpected refusal."""
    with pytest.raises((AssertionError, pytest.fail.Exception, ConcurrentChange, Refusal)):
        getattr(suite(), test)(broken, **params)


@pytest.mark.parametrize("suite", SUITES, ids=lambda suite: str(suite.__name__))
def test_there_is_a_broken_adapter_for_every_test(suite: type) -> None:
    assert SUITES[suite].keys() == suite_tests(suite)


@pytest.mark.parametrize(
    ("suite", "test"), [pytest.param(s, t, id=f"{s.__name__}-{t}") for s, tests in SUITES.items() for t in tests]
)
def test_every_test_finds_out_an_adapter_that_is_broken(suite: type, test: str) -> None:
    params = {"later": 1} if test == "test_racing_writers_are_recorded_one_after_another" else {}
    finds_out(suite, test, SUITES[suite][test](), **params)
