"""Knowledge: all repositories as they stood at a moment, to be read and not to be written (R3)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from heapq import nlargest
from itertools import groupby, takewhile
from operator import attrgetter, itemgetter
from typing import NoReturn

import attrs

from referral_core.entities.balance import Balance
from referral_core.entities.case import Case, CaseStatus
from referral_core.entities.codeless_account import CodelessPage
from referral_core.entities.contract import Contract, ContractStatus
from referral_core.entities.discount_group import DiscountGroup
from referral_core.entities.grant import Grant
from referral_core.entities.movement import Movement
from referral_core.entities.personal_data import PersonalData
from referral_core.entities.promo_code import PromoCode
from referral_core.entities.published import Published
from referral_core.entities.referral import Referral
from referral_core.entities.seal import Head, Seal, SealedHead
from referral_core.entities.sharing import Sharing
from referral_core.entities.subscription import Subscription
from referral_core.entities.trace_entry import TraceEntry, TraceNote
from referral_core.ports.billing import Billing, TellingBilling
from referral_core.ports.cases import CaseRepository
from referral_core.ports.codes import CodeRepository, Evidence, gathered_evidence
from referral_core.ports.contracts import ContractRepository, Standing
from referral_core.ports.grants import GrantRepository, Step
from referral_core.ports.groups import GroupRepository
from referral_core.ports.referrals import ReferralRepository
from referral_core.ports.store import Repositories
from referral_core.ports.trace import TraceRepository
from referral_core.values.moment import moment, written
from referral_core.values.money import Money
from referral_core.values.recorded import Recorded, S


class Knowledge:
    """The repositories of any store as they stood, known at the moment ``by``: what was recorded by then, and no more.

    Whatever reads repositories reads this too, so that every figure, check and explanation can be had as of an earlier
    day (R3). Codes, groups and referrals are taken from their history; of everything else the moments that it carries
    itself say what was known. What is held about a person is what is held now, so that who was erased stays so (A5). A
    method that would write raises :class:`TypeError`, and so does one that cannot tell what it would have said then.

    It is as large as a handful of references and keeps nothing, so it may be made for every question. What each
    answer costs beyond that of the repositories themselves is the reading of a history for each code and referral
    named.
    """

    def __init__(self, repositories: Repositories, *, by: datetime) -> None:
        by = moment(by, "by")
        self.by = by
        self.contracts = KnownContracts(repositories.contracts, by)
        self.promo_codes = KnownCodes(repositories.promo_codes, self, by)
        self.groups = KnownGroups(repositories.groups, by)
        self.referrals = KnownReferrals(repositories.referrals, repositories.contracts, by)
        self.grants = KnownGrants(repositories.grants, by)
        self.cases = KnownCases(repositories.cases, by)
        self.trace = KnownTrace(repositories.trace, by)
        self.billing = KnownBilling(repositories.billing, self.grants, by)
        self._repositories = repositories

    @property
    def code_key(self) -> bytes:
        """The secret behind codes, which never changes; asked for when it is needed."""
        return self._repositories.code_key

    def to_ascii(self, text: str) -> str:
        """Return a name in ASCII, as ever."""
        return self._repositories.to_ascii(text)

    def personal_data(self, customer: str) -> PersonalData:
        """Return what the store holds about a customer now."""
        return self._repositories.personal_data(customer)


@attrs.frozen
class KnownContracts:
    """Contracts concluded by a moment, as far as each had come by then."""

    contracts: ContractRepository
    by: datetime

    def find(self, contract: str) -> Contract | None:
        """Return the contract of this id as it was known."""
        found = self.contracts.find(contract)
        return None if found is None else found.known_at(self.by)

    def of_account(self, account: str) -> tuple[Contract, ...]:
        """Return the account's contracts that were known; empty: the account was not."""
        return self._known(self.contracts.of_account(account))

    def of_customer(self, customer: str) -> tuple[Contract, ...]:
        """Return the customer's contracts that were known."""
        return self._known(self.contracts.of_customer(customer))

    def put(self, contract: Contract) -> None:
        """Raise :class:`TypeError`."""
        unwritable(self.by, f"contract {contract.id}")

    def accounts(self) -> Iterator[tuple[str, str]]:
        """Yield every account on which a contract was known to stand, with its customer."""
        for account, customer in self.contracts.accounts():
            if self.of_account(account):
                yield account, customer

    def count_accounts(self) -> int:
        """Raise :class:`TypeError`: a launch has no past."""
        unwritable(self.by, "launch")

    def page(
        self,
        after: str | None,
        limit: int,
        *,
        status: ContractStatus | None = None,
        channel: str | None = None,
        segments: Collection[str] | None = None,
    ) -> tuple[Contract, ...]:
        """Return the next ``limit`` contracts that were known and whose id is above ``after``."""
        known: list[Contract] = []
        while True:
            found = self.contracts.page(after, limit, channel=channel, segments=segments)
            then = [contract.known_at(self.by) for contract in found]
            known += [each for each in then if each is not None and status in (None, each.status)]
            if len(known) >= limit or len(found) < limit:
                return tuple(known[:limit])
            after = found[-1].id

    def standing(self, contracts: Sequence[str], accounts: Sequence[str]) -> Standing:
        """Raise :class:`TypeError`: it reads only what is about to be written."""
        unwritable(self.by, f"page of {len(contracts)} contracts on {len(accounts)} accounts")

    def add_all(self, contracts: Sequence[Contract]) -> None:
        """Raise :class:`TypeError`."""
        unwritable(self.by, f"page of {len(contracts)} contracts")

    def _known(self, contracts: Iterable[Contract]) -> tuple[Contract, ...]:
        return tuple(known for contract in contracts if (known := contract.known_at(self.by)))


@attrs.frozen
class KnownCodes:
    """Codes as their history had them by a moment, and what was passed on by then.

    ``known`` are the repositories as they stood.
    """

    codes: CodeRepository
    known: Repositories
    by: datetime

    def find(self, text: str) -> PromoCode | None:
        """Return the code with this canonical text as it was known."""
        present = self.codes.find(text)
        if present is None:
            return None
        return next((code for code in self.of_account(present.account) if code.text == text), None)

    def of_account(self, account: str) -> tuple[PromoCode, ...]:
        """Return the account's codes that were known, in the order they were added."""
        return tuple(states[-1].state for states in self.history(account))

    def add(self, code: PromoCode, *, at: datetime) -> None:
        """Raise :class:`TypeError`."""
        unwritable(self.by, f"code {code.text}")

    def replace(self, code: PromoCode, *, at: datetime) -> None:
        """Raise :class:`TypeError`."""
        self.add(code, at=at)

    def history(self, account: str) -> tuple[tuple[Recorded[PromoCode], ...], ...]:
        """Return every state, recorded by then, of every code of an account that was known by then."""
        return tuple(known for states in self.codes.history(account) if (known := recorded_by(self.by, states)))

    def evidence(self, code: str, customer: str | None, groups: tuple[str, str]) -> Evidence:
        """Look up the code, a customer's standing and two groups, all as they were known."""
        return gathered_evidence(self.known, code, customer, groups)

    def taken(self, texts: Collection[str]) -> frozenset[str]:
        """Raise :class:`TypeError`: it reads only what is about to be written."""
        unwritable(self.by, f"page of {len(texts)} texts")

    def codeless(self, after: str, limit: int, *, at: datetime) -> CodelessPage:
        """Raise :class:`TypeError`: it reads only what is about to be written."""
        unwritable(self.by, f"page of {limit} accounts after {after!r} at {at.isoformat()}")

    def add_first(self, codes: Sequence[PromoCode], notes: Sequence[TraceNote], *, at: datetime) -> None:
        """Raise :class:`TypeError`."""
        unwritable(self.by, f"page of {len(codes)} codes and {len(notes)} notes at {at.isoformat()}")

    def add_sharing(self, sharing: Sharing) -> None:
        """Raise :class:`TypeError`."""
        unwritable(self.by, f"sharing of {sharing.code}")

    def times_shared(self, account: str, *, by: datetime | None = None) -> int:
        """Return how often codes of this account were known to be shared, at or before ``by`` where that is given."""
        return self.codes.times_shared(account, by=self.by if by is None else min(by, self.by))


@attrs.frozen
class KnownGroups:
    """Discount groups as their history had them by a moment."""

    groups: GroupRepository
    by: datetime

    def find(self, group: str) -> DiscountGroup | None:
        """Return the group of this id as it was known."""
        states = self.history(group)
        return states[-1].state if states else None

    def all(self) -> tuple[DiscountGroup, ...]:
        """Return every group that was known, in the order they were added."""
        return tuple(known for group in self.groups.all() if (known := self.find(group.id)))

    def put(self, group: DiscountGroup, *, at: datetime) -> None:
        """Raise :class:`TypeError`."""
        unwritable(self.by, f"group {group.id}")

    def history(self, group: str) -> tuple[Recorded[DiscountGroup], ...]:
        """Return every state of a group that was recorded by then."""
        return recorded_by(self.by, self.groups.history(group))


@attrs.frozen
class KnownReferrals:
    """Referrals as their history had them by a moment; ``contracts`` are all there are now."""

    referrals: ReferralRepository
    contracts: ContractRepository
    by: datetime

    def find(self, contract: str) -> Referral | None:
        """Return the referral of this contract as it was known, with the fee notes made by then."""
        present = self.referrals.find(contract)
        return None if present is None else self._known(present)

    def live_of(self, customer: str) -> Referral | None:
        """Return the referral of this customer as referee that was open or paid, as far as was known."""
        for contract in self.contracts.of_customer(customer):
            found = self.find(contract.id)
            if found is not None and found.is_live:
                return found
        return None

    def add(self, referral: Referral, *, at: datetime) -> None:
        """Raise :class:`TypeError`."""
        unwritable(self.by, f"referral of {referral.contract}")

    def replace(self, referral: Referral, *, at: datetime) -> None:
        """Raise :class:`TypeError`."""
        self.add(referral, at=at)

    def all(self, *, referrer: str | None = None, newest_by: datetime | None = None) -> Iterator[Referral]:
        """Yield every referral that was known, or those of one referring account, in the same order."""
        for present in self.referrals.all(referrer=referrer, newest_by=newest_by):
            known = self._known(present)
            if known is not None:
                yield known

    def history(self, contract: str) -> tuple[Recorded[Referral], ...]:
        """Return every state of a contract's referral that was recorded by then."""
        return recorded_by(self.by, self.referrals.history(contract))

    def _known(self, present: Referral) -> Referral | None:
        states = self.history(present.contract)
        if not states:
            return None
        notes = tuple(note for note in present.fee_notes if note.noted_at <= self.by)
        return attrs.evolve(states[-1].state, fee_notes=notes)


@attrs.frozen
class KnownGrants:
    """Legs effective by a moment.

    A leg that billing has confirmed since counts as confirmed from when it is effective, as billing keeps it too;
    one that still waits counts as waiting.
    """

    grants: GrantRepository
    by: datetime

    def find(self, key: str) -> Grant | None:
        """Return the leg with this idempotency key, if it was known."""
        found = self.grants.find(key)
        return found if found is not None and self._is_known(found) else None

    def add(self, grant: Grant) -> None:
        """Raise :class:`TypeError`."""
        unwritable(self.by, f"leg {grant.key}")

    def change(self, steps: Sequence[Step]) -> tuple[Grant, ...]:
        """Raise :class:`TypeError`."""
        unwritable(self.by, f"next state of {len(steps)} legs")

    def unsettled(self, by: datetime, limit: int) -> tuple[Grant, ...]:
        """Return up to ``limit`` legs that were known, still wait, and wait until ``by`` at the latest."""
        waiting = [(leg.wait_until, leg.key, leg) for leg in self.all(unsettled=True) if leg.wait_until is not None]
        return tuple(leg for until, _, leg in sorted(waiting, key=itemgetter(0, 1)) if until <= by)[:limit]

    def all(self, *, account: str | None = None, unsettled: bool = False) -> Iterator[Grant]:
        """Yield every leg that was known, or those of one account, or that billing has not confirmed, by key."""
        return filter(self._is_known, self.grants.all(account=account, unsettled=unsettled))

    def _is_known(self, grant: Grant) -> bool:
        return grant.effective_from <= self.by


@attrs.frozen
class KnownCases:
    """Cases opened by a moment, and open still if they were closed after it."""

    cases: CaseRepository
    by: datetime

    def find(self, case: str) -> Case | None:
        """Return the case of this id as it was known."""
        found = self.cases.find(case)
        return None if found is None else found.known_at(self.by)

    def open(self, case: Case) -> None:
        """Raise :class:`TypeError`."""
        unwritable(self.by, f"case {case.id}")

    def close(self, case: Case) -> None:
        """Raise :class:`TypeError`."""
        self.open(case)

    def all(self, *, after: str | None = None, open_only: bool = False) -> Iterator[Case]:
        """Yield every case that was known, or those above ``after``, or that were open, in order of id."""
        for case in self.cases.all(after=after):
            known = case.known_at(self.by)
            if known is not None and (known.status is CaseStatus.OPEN or not open_only):
                yield known


@attrs.frozen
class KnownTrace:
    """The beginning of every chain, up to the first row of a later moment, and the seals likewise.

    A row of an act that arrived late stands behind rows of later moments, and was known no earlier than they were. So
    a chain's beginning is a chain, and verifies. What was published by a moment, and to whom, nobody can tell: a
    position carries none.
    """

    trace: TraceRepository
    by: datetime

    def append(self, *notes: TraceNote) -> None:
        """Raise :class:`TypeError`."""
        unwritable(self.by, f"trace of {', '.join(note.subject for note in notes)}")

    def chain(self, subject: str | None = None, *, after: tuple[str, int] | None = None) -> Iterator[TraceEntry]:
        """Yield a subject's rows that were known, in order, or those of every subject, from ``after`` on."""
        for _, rows in groupby(self.trace.chain(subject), attrgetter("subject")):
            for row in takewhile(lambda row: row.moment <= self.by, rows):
                if after is None or (row.subject, row.number) > after:
                    yield row

    def newest(self, subjects: Collection[str], by: datetime, limit: int) -> tuple[TraceEntry, ...]:
        """Return up to ``limit`` rows of some chains that were known, of moments up to ``by``, the newest first."""
        rows = [row for subject in set(subjects) for row in self.chain(subject) if row.moment <= by]
        return tuple(nlargest(limit, rows, key=attrgetter("moment", "subject", "number")))

    def heads(self) -> Iterator[Head]:
        """Yield the head of every chain as far as it was known, in order of subject."""
        for subject, _, _ in self.trace.heads():
            last = None
            for last in self.chain(subject):  # noqa: B007 - the last one is wanted
                pass
            if last is not None:
                yield subject, last.number, last.hash

    def seal(self, at: datetime) -> Seal | None:
        """Raise :class:`TypeError`."""
        unwritable(self.by, f"seal at {at.isoformat()}")

    def seals(self, *, after: int = 0) -> Iterator[Seal]:
        """Yield every seal that was known with a number above ``after``, in order."""
        known = takewhile(lambda seal: seal.moment <= self.by, self.trace.seals())
        return (seal for seal in known if seal.number > after)

    def sealed_heads(self, seal: int | None = None) -> Iterator[SealedHead]:
        """Yield the heads that a seal lists, or all known ones, in the same order."""
        known = {seal.number for seal in self.seals()}
        return (head for head in self.trace.sealed_heads(seal) if head.seal in known)

    def publish(self, limit: int) -> int:
        """Raise :class:`TypeError`."""
        unwritable(self.by, f"publishing of {limit} rows")

    def published(self, after: int, limit: int) -> tuple[Published, ...]:
        """Raise :class:`TypeError`."""
        unwritable(self.by, f"page of {limit} published rows after {after}")

    def subscription(self, name: str) -> Subscription | None:
        """Raise :class:`TypeError`."""
        unwritable(self.by, f"subscription {name}")

    def subscribe(self, name: str, position: int) -> bool:
        """Raise :class:`TypeError`."""
        unwritable(self.by, f"subscription {name} at {position}")

    def lease(self, name: str, *, at: datetime, until: datetime) -> Subscription | None:
        """Raise :class:`TypeError`."""
        unwritable(self.by, f"lease of {name} from {at.isoformat()} until {until.isoformat()}")

    def settle(self, before: Subscription, after: Subscription) -> bool:
        """Raise :class:`TypeError`."""
        unwritable(self.by, f"next state of subscription {before.name} at {after.position}")

    def subscriptions(self) -> tuple[Subscription, ...]:
        """Raise :class:`TypeError`."""
        unwritable(self.by, "subscriptions")


@attrs.frozen
class KnownBilling:
    """Billing with what had moved by a moment; ``grants`` are the legs known by then."""

    billing: Billing
    grants: GrantRepository
    by: datetime

    def grant(self, grant: Grant) -> None:
        """Raise :class:`TypeError`."""
        unwritable(self.by, f"leg {grant.key}")

    def has_grant(self, key: str) -> bool:
        """Tell whether a leg that was known is posted under this key."""
        return self.grants.find(key) is not None and self.billing.has_grant(key)

    def bill(self, bill: str, account: str, amount: Money, *, at: datetime) -> Money:
        """Raise :class:`TypeError`."""
        unwritable(self.by, f"bill {bill}")

    def transfer(self, source: str, target: str, amount: Money | None, *, at: datetime, key: str) -> Money:
        """Raise :class:`TypeError`."""
        unwritable(self.by, f"transfer {key}")

    def balance(self, account: str, *, by: datetime | None = None) -> Balance:
        """Return the account's movements as they were known, up to and at ``by`` where that is earlier."""
        return self.billing.balance(account, by=self.by if by is None else min(by, self.by))

    def movements(self, account: str) -> tuple[Movement, ...]:
        """Return what had moved on the account as far as it was known; nothing if billing does not tell movements."""
        if not isinstance(self.billing, TellingBilling):
            return ()
        return tuple(each for each in self.billing.movements(account) if each.moment <= self.by)


def recorded_by(by: datetime, records: tuple[Recorded[S], ...]) -> tuple[Recorded[S], ...]:
    """Return what was recorded by a moment."""
    return tuple(record for record in records if record.recorded_at <= by)


def unwritable(by: datetime, act: str) -> NoReturn:
    """Say that nothing can be stored in what was known at a moment: a slip of the program, and no reason of a rule.

    :raises TypeError: always.
    """
    raise TypeError(f"{act}: what was known at {written(by)} can only be read; ask the store itself")
