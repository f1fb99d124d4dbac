"""Read-only repositories: everything a store holds as it was known at a moment (R3)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from heapq import nlargest
from itertools import groupby, takewhile
from operator import attrgetter, itemgetter
from typing import NoReturn

import attrs

from referral_core.entities.balance import Balance, Movement, Use
from referral_core.entities.case import Case, CaseStatus
from referral_core.entities.contract import Contract, ContractStatus
from referral_core.entities.discount_group import DiscountGroup
from referral_core.entities.grant import Grant, GrantEvent, GrantStatus
from referral_core.entities.personal_data import PersonalData
from referral_core.entities.promo_code import PromoCode, Sharing
from referral_core.entities.referral import Referral
from referral_core.entities.reversal import Reversal
from referral_core.entities.seal import Head, Seal, SealedHead
from referral_core.entities.trace import Published, Subscription, TraceEntry, TraceNote
from referral_core.ports.billing import Billing, TellingBilling, UseTelling
from referral_core.ports.cases import CaseRepository
from referral_core.ports.codes import CodelessPage, CodeRepository, Evidence
from referral_core.ports.contracts import ContractRepository, Standing
from referral_core.ports.grants import GrantRepository, Step
from referral_core.ports.groups import GroupRepository
from referral_core.ports.referrals import ReferralRepository
from referral_core.ports.reversals import ReversalRepository, ReversalStep
from referral_core.ports.store import Repositories, gathered_evidence
from referral_core.ports.trace import TraceRepository
from referral_core.values.history import Recorded, recorded_by
from referral_core.values.moment import moment, written
from referral_core.values.money import Money


class Knowledge:
    """The read-only repositories of any store, as known at the moment ``by``: what was recorded by then, and no more.

    They have the interface of a store's repositories, so that every figure, check and explanation can be had as of an
    earlier day (R3). Codes, groups and referrals are taken from their history; all else is filtered by its own
    moments. Personal data is today's, so that an erased customer stays erased (A5). Methods that write raise
    :class:`TypeError`, and so do methods whose earlier result is unknown.

    An instance is a handful of references without a cache, so it may be made for every question. Each code and each
    referral that is read costs the reading of its history.
    """

    def __init__(self, repositories: Repositories, *, by: datetime) -> None:
        by = moment(by, "by")
        self.by = by
        self.contracts = ReadOnlyContracts(repositories.contracts, by)
        self.promo_codes = ReadOnlyCodes(repositories.promo_codes, self, by)
        self.groups = ReadOnlyGroups(repositories.groups, by)
        self.referrals = ReadOnlyReferrals(repositories.referrals, repositories.contracts, by)
        self.grants = ReadOnlyGrants(repositories.grants, self.referrals, by)
        self.reversals = ReadOnlyReversals(repositories.reversals, by)
        self.cases = ReadOnlyCases(repositories.cases, by)
        self.trace = ReadOnlyTrace(repositories.trace, by)
        billing = repositories.billing
        self.billing = (
            ReadOnlyUses(billing, self.grants, by, billing)
            if isinstance(billing, UseTelling)
            else ReadOnlyBilling(billing, self.grants, by)
        )
        self._repositories = repositories

    @property
    def code_key(self) -> bytes:
        """The secret behind codes, which never changes; read on first use."""
        return self._repositories.code_key

    def to_ascii(self, text: str) -> str:
        """Return a name in ASCII; the spelling has no history."""
        return self._repositories.to_ascii(text)

    def personal_data(self, customer: str) -> PersonalData:
        """Return the personal data of a customer at present."""
        return self._repositories.personal_data(customer)


@attrs.frozen
class ReadOnlyContracts:
    """Contracts concluded by a moment, each with its status then."""

    contracts: ContractRepository
    by: datetime

    def find(self, contract: str) -> Contract | None:
        """Return the contract with this id as known then."""
        found = self.contracts.find(contract)
        return None if found is None else found.known_at(self.by)

    def of_account(self, account: str) -> tuple[Contract, ...]:
        """Return the account's contracts known then; none for an account unknown then."""
        return self._known(self.contracts.of_account(account))

    def of_customer(self, customer: str) -> tuple[Contract, ...]:
        """Return the customer's contracts known then."""
        return self._known(self.contracts.of_customer(customer))

    def put(self, contract: Contract) -> None:
        """Raise :class:`TypeError`: history is read-only."""
        refuse_write(self.by, f"contract {contract.id}")

    def accounts(self) -> Iterator[tuple[str, str]]:
        """Yield every account with a contract known then, with its customer."""
        for account, customer in self.contracts.accounts():
            if self.of_account(account):
                yield account, customer

    def count_accounts(self) -> int:
        """Raise :class:`TypeError`: the count serves a launch, which has no past."""
        refuse_write(self.by, "launch")

    def page(
        self,
        after: str | None,
        limit: int,
        *,
        status: ContractStatus | None = None,
        channel: str | None = None,
        segments: Collection[str] | None = None,
    ) -> tuple[Contract, ...]:
        """Return the next ``limit`` contracts known then whose id is above ``after``."""
        known: list[Contract] = []
        while True:
            # The status then may differ from the stored one, so the repository cannot filter by it.
            found = self.contracts.page(after, limit, channel=channel, segments=segments)
            then = [contract.known_at(self.by) for contract in found]
            known += [each for each in then if each is not None and status in (None, each.status)]
            if len(known) >= limit or len(found) < limit:
                return tuple(known[:limit])
            after = found[-1].id

    def standing(self, contracts: Sequence[str], accounts: Sequence[str]) -> Standing:
        """Raise :class:`TypeError`: it serves a write that follows."""
        refuse_write(self.by, f"page of {len(contracts)} contracts on {len(accounts)} accounts")

    def add_all(self, contracts: Sequence[Contract]) -> None:
        """Raise :class:`TypeError`: history is read-only."""
        refuse_write(self.by, f"page of {len(contracts)} contracts")

    def _known(self, contracts: Iterable[Contract]) -> tuple[Contract, ...]:
        return tuple(known for contract in contracts if (known := contract.known_at(self.by)))


@attrs.frozen
class ReadOnlyCodes:
    """Codes in their last state recorded by a moment, and the sharings by then.

    ``known`` are all repositories as known then.
    """

    codes: CodeRepository
    known: Repositories
    by: datetime

    def find(self, text: str) -> PromoCode | None:
        """Return the code with this canonical text as known then."""
        present = self.codes.find(text)
        if present is None:
            return None
        return next((code for code in self.of_account(present.account) if code.text == text), None)

    def of_account(self, account: str) -> tuple[PromoCode, ...]:
        """Return the account's codes known then, in the order in which they were added."""
        return tuple(states[-1].state for states in self.history(account))

    def add(self, code: PromoCode, *, at: datetime) -> None:
        """Raise :class:`TypeError`: history is read-only."""
        refuse_write(self.by, f"code {code.text}")

    def replace(self, code: PromoCode, *, at: datetime) -> None:
        """Raise :class:`TypeError`: history is read-only."""
        self.add(code, at=at)

    def history(self, account: str) -> tuple[tuple[Recorded[PromoCode], ...], ...]:
        """Return the states recorded by then of every code of an account."""
        return tuple(known for states in self.codes.history(account) if (known := recorded_by(self.by, states)))

    def evidence(self, code: str, customer: str | None, groups: tuple[str, str]) -> Evidence:
        """Read the code, a customer's standing and two groups as known then."""
        return gathered_evidence(self.known, code, customer, groups)

    def taken(self, texts: Collection[str]) -> frozenset[str]:
        """Raise :class:`TypeError`: it serves a write that follows."""
        refuse_write(self.by, f"page of {len(texts)} texts")

    def ended_by_hand(self, customers: Collection[str]) -> frozenset[str]:
        """Raise :class:`TypeError`: it serves a write that follows."""
        refuse_write(self.by, f"page of {len(customers)} customers")

    def codeless(self, after: str, limit: int, *, at: datetime) -> CodelessPage:
        """Raise :class:`TypeError`: it serves a write that follows."""
        refuse_write(self.by, f"page of {limit} accounts after {after!r} at {at.isoformat()}")

    def add_first(self, codes: Sequence[PromoCode], notes: Sequence[TraceNote], *, at: datetime) -> None:
        """Raise :class:`TypeError`: history is read-only."""
        refuse_write(self.by, f"page of {len(codes)} codes and {len(notes)} notes at {at.isoformat()}")

    def add_sharing(self, sharing: Sharing) -> None:
        """Raise :class:`TypeError`: history is read-only."""
        refuse_write(self.by, f"sharing of {sharing.code}")

    def times_shared(self, account: str, *, by: datetime | None = None) -> int:
        """Return the number of sharings by then of this account's codes, at or before ``by`` if it is given."""
        return self.codes.times_shared(account, by=self.by if by is None else min(by, self.by))


@attrs.frozen
class ReadOnlyGroups:
    """Discount groups in their last state recorded by a moment."""

    groups: GroupRepository
    by: datetime

    def find(self, group: str) -> DiscountGroup | None:
        """Return the group with this id as known then."""
        states = self.history(group)
        return states[-1].state if states else None

    def all(self) -> tuple[DiscountGroup, ...]:
        """Return every group known then, in the order in which they were added."""
        return tuple(known for group in self.groups.all() if (known := self.find(group.id)))

    def put(self, group: DiscountGroup, *, at: datetime) -> None:
        """Raise :class:`TypeError`: history is read-only."""
        refuse_write(self.by, f"group {group.id}")

    def history(self, group: str) -> tuple[Recorded[DiscountGroup], ...]:
        """Return the states of a group recorded by then."""
        return recorded_by(self.by, self.groups.history(group))


@attrs.frozen
class ReadOnlyReferrals:
    """Referrals in their last state recorded by a moment; ``contracts`` are today's."""

    referrals: ReferralRepository
    contracts: ContractRepository
    by: datetime

    def find(self, contract: str) -> Referral | None:
        """Return the referral of this contract as known then, with the fee notes made by then."""
        present = self.referrals.find(contract)
        return None if present is None else self._known(present)

    def live_of(self, customer: str) -> tuple[Referral, ...]:
        """Return the referrals with this customer as the referee that were open or paid then, in order of contract."""
        contracts = sorted(contract.id for contract in self.contracts.of_customer(customer))
        found = [self.find(contract) for contract in contracts]
        return tuple([each for each in found if each is not None and each.is_live])

    def add(self, referral: Referral, *, at: datetime) -> None:
        """Raise :class:`TypeError`: history is read-only."""
        refuse_write(self.by, f"referral of {referral.contract}")

    def replace(self, referral: Referral, *, at: datetime) -> None:
        """Raise :class:`TypeError`: history is read-only."""
        self.add(referral, at=at)

    def all(self, *, referrer: str | None = None, newest_by: datetime | None = None) -> Iterator[Referral]:
        """Yield every referral known then, or those of one referring account, in the same order."""
        for present in self.referrals.all(referrer=referrer, newest_by=newest_by):
            known = self._known(present)
            if known is not None:
                yield known

    def history(self, contract: str) -> tuple[Recorded[Referral], ...]:
        """Return the states of a contract's referral recorded by then."""
        return recorded_by(self.by, self.referrals.history(contract))

    def _known(self, present: Referral) -> Referral | None:
        states = self.history(present.contract)
        if not states:
            return None
        notes = tuple(note for note in present.fee_notes if note.noted_at <= self.by)
        return attrs.evolve(states[-1].state, fee_notes=notes)


@attrs.frozen
class ReadOnlyGrants:
    """Grants owed as recorded by a moment; ``referrals`` are those known then.

    A grant counts as granted if that was recorded by then. Otherwise it counts as waiting, and as held or void if it
    was so then.
    """

    grants: GrantRepository
    referrals: ReadOnlyReferrals
    by: datetime

    def find(self, key: str) -> Grant | None:
        """Return the grant with this idempotency key, if it was known then."""
        found = self.grants.find(key)
        return None if found is None else self._as_known(found)

    def add(self, grant: Grant) -> None:
        """Raise :class:`TypeError`: history is read-only."""
        refuse_write(self.by, f"grant {grant.key}")

    def change(self, steps: Sequence[Step]) -> tuple[Grant, ...]:
        """Raise :class:`TypeError`: history is read-only."""
        refuse_write(self.by, f"next state of {len(steps)} grants")

    def unsettled(self, by: datetime, limit: int) -> tuple[Grant, ...]:
        """Return up to ``limit`` grants known then that still wait, with ``wait_until`` at ``by`` or earlier."""
        waiting = [
            (grant.wait_until, grant.key, grant) for grant in self.all(unsettled=True) if grant.wait_until is not None
        ]
        return tuple(grant for until, _, grant in sorted(waiting, key=itemgetter(0, 1)) if until <= by)[:limit]

    def all(self, *, account: str | None = None, unsettled: bool = False) -> Iterator[Grant]:
        """Yield the grants known then, in order of key: all, of one account, or those that waited for a payer."""
        # Those that are stopped today may have waited then, and the other way round.
        known = map(self._as_known, self.grants.all(account=account))
        return (grant for grant in known if grant is not None and not (unsettled and grant.is_settled))

    def _as_known(self, present: Grant) -> Grant | None:
        """Return a grant as it was known then, stopped or not; where billing had confirmed it, it stays confirmed."""
        grant, referral = present.known_at(self.by), self.referrals.find(present.referral)
        if grant is None or grant.status is GrantStatus.GRANTED or referral is None:
            return grant
        return grant.stopped_as(
            GrantEvent.VOID
            if grant.side in referral.void_sides or not referral.is_live
            else GrantEvent.HOLD
            if referral.held_at is not None
            else GrantEvent.RELEASE
        )


@attrs.frozen
class ReadOnlyReversals:
    """Reversals recorded by a moment, in their present states."""

    reversals: ReversalRepository
    by: datetime

    def find(self, key: str) -> Reversal | None:
        """Return the reversal with this idempotency key, if it was known then."""
        found = self.reversals.find(key)
        return found if found is not None and self._is_known(found) else None

    def add(self, reversal: Reversal) -> None:
        """Raise :class:`TypeError`: history is read-only."""
        refuse_write(self.by, f"reversal {reversal.key}")

    def change(self, steps: Sequence[ReversalStep]) -> tuple[Reversal, ...]:
        """Raise :class:`TypeError`: history is read-only."""
        refuse_write(self.by, f"next state of {len(steps)} reversals")

    def unsettled(self, by: datetime, limit: int) -> tuple[Reversal, ...]:
        """Raise :class:`TypeError`: it serves a write that follows."""
        refuse_write(self.by, f"page of {limit} reversals due by {by.isoformat()}")

    def all(self, *, account: str | None = None, unsettled: bool = False) -> Iterator[Reversal]:
        """Yield the reversals known then, in the same order."""
        return filter(self._is_known, self.reversals.all(account=account, unsettled=unsettled))

    def of_referral(self, contract: str) -> tuple[Reversal, ...]:
        """Return the reversals known then of both grants of a contract's referral."""
        return tuple(filter(self._is_known, self.reversals.of_referral(contract)))

    def _is_known(self, reversal: Reversal) -> bool:
        return reversal.recorded_at <= self.by


@attrs.frozen
class ReadOnlyCases:
    """Cases opened by a moment, which count as open if they were closed after it."""

    cases: CaseRepository
    by: datetime

    def find(self, case: str) -> Case | None:
        """Return the case with this id as known then."""
        found = self.cases.find(case)
        return None if found is None else found.known_at(self.by)

    def open(self, case: Case) -> None:
        """Raise :class:`TypeError`: history is read-only."""
        refuse_write(self.by, f"case {case.id}")

    def close(self, case: Case) -> None:
        """Raise :class:`TypeError`: history is read-only."""
        self.open(case)

    def all(self, *, after: str | None = None, open_only: bool = False) -> Iterator[Case]:
        """Yield the cases known then in order of id: all, those above ``after``, or only the open ones."""
        for case in self.cases.all(after=after):
            known = case.known_at(self.by)
            if known is not None and (known.status is CaseStatus.OPEN or not open_only):
                yield known


@attrs.frozen
class ReadOnlyTrace:
    """The beginning of every chain, up to the first row of a later moment; and the seals likewise.

    A late row stands behind rows of later moments, and was not known before them. So the beginning of a chain is a
    chain, and verifies. Publication has no history, because positions carry no moment.
    """

    trace: TraceRepository
    by: datetime

    def append(self, *notes: TraceNote) -> None:
        """Raise :class:`TypeError`: history is read-only."""
        refuse_write(self.by, f"trace of {', '.join(note.subject for note in notes)}")

    def chain(self, subject: str | None = None, *, after: tuple[str, int] | None = None) -> Iterator[TraceEntry]:
        """Yield a subject's rows known then, in order, or those of all subjects, from ``after`` on."""
        for _, rows in groupby(self.trace.chain(subject), attrgetter("subject")):
            # The chain is read from its start even with `after`: a late row before that place ends what was known.
            for row in takewhile(lambda row: row.moment <= self.by, rows):
                if after is None or (row.subject, row.number) > after:
                    yield row

    def newest(self, subjects: Collection[str], by: datetime, limit: int) -> tuple[TraceEntry, ...]:
        """Return up to ``limit`` rows of some chains known then, with moments up to ``by``, the newest first."""
        rows = [row for subject in set(subjects) for row in self.chain(subject) if row.moment <= by]
        return tuple(nlargest(limit, rows, key=attrgetter("moment", "subject", "number")))

    def heads(self) -> Iterator[Head]:
        """Yield the head of every chain as known then, in order of subject."""
        for subject, _, _ in self.trace.heads():
            last = None
            for last in self.chain(subject):  # noqa: B007 - the last one is wanted
                pass
            if last is not None:
                yield subject, last.number, last.hash

    def seal(self, at: datetime) -> Seal | None:
        """Raise :class:`TypeError`: history is read-only."""
        refuse_write(self.by, f"seal at {at.isoformat()}")

    def seals(self, *, after: int = 0) -> Iterator[Seal]:
        """Yield every seal known then with a number above ``after``, in order."""
        known = takewhile(lambda seal: seal.moment <= self.by, self.trace.seals())
        return (seal for seal in known if seal.number > after)

    def sealed_heads(self, seal: int | None = None) -> Iterator[SealedHead]:
        """Yield the heads of a seal, or of all seals known then, in the same order."""
        known = {seal.number for seal in self.seals()}
        return (head for head in self.trace.sealed_heads(seal) if head.seal in known)

    def publish(self, limit: int) -> int:
        """Raise :class:`TypeError`: history is read-only."""
        refuse_write(self.by, f"publishing of {limit} rows")

    def published(self, after: int, limit: int) -> tuple[Published, ...]:
        """Raise :class:`TypeError`: history is read-only."""
        refuse_write(self.by, f"page of {limit} published rows after {after}")

    def subscription(self, name: str) -> Subscription | None:
        """Raise :class:`TypeError`: history is read-only."""
        refuse_write(self.by, f"subscription {name}")

    def subscribe(self, name: str, position: int) -> bool:
        """Raise :class:`TypeError`: history is read-only."""
        refuse_write(self.by, f"subscription {name} at {position}")

    def lease(self, name: str, *, at: datetime, until: datetime) -> Subscription | None:
        """Raise :class:`TypeError`: history is read-only."""
        refuse_write(self.by, f"lease of {name} from {at.isoformat()} until {until.isoformat()}")

    def settle(self, before: Subscription, after: Subscription) -> bool:
        """Raise :class:`TypeError`: history is read-only."""
        refuse_write(self.by, f"next state of subscription {before.name} at {after.position}")

    def subscriptions(self) -> tuple[Subscription, ...]:
        """Raise :class:`TypeError`: history is read-only."""
        refuse_write(self.by, "subscriptions")


@attrs.frozen
class ReadOnlyBilling:
    """Billing with its movements by a moment; ``grants`` are those known then."""

    billing: Billing
    grants: GrantRepository
    by: datetime

    def grant(self, grant: Grant, *, recorded_at: datetime | None = None) -> None:
        """Raise :class:`TypeError`: history is read-only."""
        refuse_write(self.by, f"grant {grant.key} recorded at {recorded_at}")

    def has_grant(self, key: str) -> bool:
        """Tell whether a grant known then is posted under this key."""
        return self.grants.find(key) is not None and self.billing.has_grant(key)

    def bill(
        self, bill: str, account: str, amount: Money, *, at: datetime, recorded_at: datetime | None = None
    ) -> Money:
        """Raise :class:`TypeError`: history is read-only."""
        refuse_write(self.by, f"bill {bill} recorded at {recorded_at}")

    def transfer(
        self,
        source: str,
        target: str,
        amount: Money | None,
        *,
        at: datetime,
        key: str,
        recorded_at: datetime | None = None,
    ) -> Money:
        """Raise :class:`TypeError`: history is read-only."""
        refuse_write(self.by, f"transfer {key} recorded at {recorded_at}")

    def balance(self, account: str, *, by: datetime | None = None) -> Balance:
        """Return the account's balance as known then, or at ``by`` if that is earlier."""
        return self.billing.balance(account, by=self.by if by is None else min(by, self.by))

    def movements(self, account: str) -> tuple[Movement, ...]:
        """Return the movements of the account recorded by then; none if billing does not offer movements."""
        if not isinstance(self.billing, TellingBilling):
            return ()
        return tuple(each for each in self.billing.movements(account) if each.recorded_at <= self.by)


@attrs.frozen
class ReadOnlyUses(ReadOnlyBilling):
    """Billing as above that tells which bills used a grant."""

    telling: UseTelling

    def uses(self, key: str, *, by: datetime | None = None) -> tuple[Use, ...]:
        """Return what bills took of a grant as known then."""
        return self.telling.uses(key, by=self.by if by is None else min(by, self.by))


def refuse_write(by: datetime, act: str) -> NoReturn:
    """Refuse to write to read-only repositories: a mistake of the program, and no reason of a rule.

    :raises TypeError: always.
    """
    raise TypeError(f"{act}: what was known at {written(by)} can only be read; ask the store itself")
