"""The verification of stored state: what is stored is what the trace says was done (A2)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from itertools import chain as chained
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final

import attrs

from referral_core.entities.balance import Movement, MovementKind
from referral_core.entities.contract import Contract
from referral_core.entities.discount_group import Side
from referral_core.entities.grant import Grant, GrantStatus
from referral_core.entities.personal_data import PSEUDONYM
from referral_core.entities.referral import Referral
from referral_core.entities.reversal import Reversal
from referral_core.entities.trace import (
    PROGRAMME_SUBJECT,
    TraceEntry,
    account_subject,
    group_subject,
    owner_digest,
    referral_subject,
)
from referral_core.ports.billing import TellingBilling
from referral_core.services.records import DIGEST, RECORDS, digested, stored_name
from referral_core.services.state_comparison import (
    Comparison,
    StateFault,
    TracedChain,
    compared,
    named_in_words,
    wrong_status,
)
from referral_core.services.verification import STEP, readable_rows
from referral_core.values.moment import written
from referral_core.values.money import Money

if TYPE_CHECKING:
    from referral_core.ports.store import Store

_PAGE: Final = 1000
_ATTEMPTS: Final = 10
"""How often a chain is compared again that grows while it is compared."""


@attrs.frozen(kw_only=True)
class StateVerification:
    """The result of holding the store against the trace at a moment.

    ``compared`` counts what was held against a row that keeps all of its fields. ``in_words`` counts what only a row of
    an earlier version tells of, so that only the fields in that row were compared. ``contracts`` and ``bills`` count
    those of which an earlier version left no row at all. ``faults`` are the first faults found, ``more`` counts the
    others.
    """

    at: datetime
    compared: int
    in_words: int
    contracts: int
    bills: int
    faults: tuple[StateFault, ...]
    more: int

    @property
    def holds(self) -> bool:
        """Tell whether there is no fault."""
        return not self.faults and not self.more


class StateVerifier:
    """One verification of a store of any size against its trace, with one chain in memory at a time.

    Chains are read in order, and what each chain is about is looked up and compared; then everything stored is looked
    for in the trace. Others may go on writing: a chain that grew meanwhile is compared again.
    """

    def __init__(self, store: Store, *, most: int, told: Callable[[int], object] | None = None) -> None:
        self._ports, self._most, self._told = store, most, told
        self._found: list[StateFault] = []
        self._more = self._compared = self._in_words = self._rows = 0
        # Without a row of their own: known to be right only if no earlier version has written to the store.
        self._contracts = self._listed = 0
        self._bills: list[StateFault] = []
        self._bill_count = 0
        self._is_older = False

    def run(self, at: datetime) -> StateVerification:
        """Compare everything, at a moment that the result carries."""
        accounts = _Ahead(account for account, _ in self._ports.contracts.accounts())
        has_programme = False
        for chain in self._chains():
            kind, _, id = chain.subject.partition(":")  # noqa: A001 - the entity's own word
            if kind == "account":
                for account in accounts.before(id):
                    self._compare(TracedChain(account_subject(account)), self._account)
                accounts.skip(id)
                self._compare(chain, self._account)
            elif kind == "group":
                self._compare(chain, self._group)
            elif kind == "referral":
                self._compare(chain, self._referral)
            elif kind == PROGRAMME_SUBJECT:
                has_programme = True
                self._compare(chain, self._cases)
        for account in accounts.before(None):
            self._compare(TracedChain(account_subject(account)), self._account)
        if not has_programme:
            self._compare(TracedChain(PROGRAMME_SUBJECT), self._cases)
        self._look_for_what_no_chain_is_about()
        uncovered = self._judge_what_has_no_row()
        return StateVerification(
            at=at,
            compared=self._compared,
            in_words=self._in_words,
            contracts=uncovered,
            bills=self._bill_count if self._is_older else 0,
            faults=tuple(self._found),
            more=self._more,
        )

    # ── the trace, chain by chain ─────────────────────────────────────────────────────────────────────────────────────

    def _chains(self) -> Iterator[TracedChain]:
        for subject, rows in groupby(readable_rows(self._ports.trace), key=attrgetter("subject")):
            yield TracedChain.of(subject, map(self._seen, rows))

    def _seen(self, row: TraceEntry) -> TraceEntry:
        self._rows += 1
        self._is_older = self._is_older or row.stored is None
        if self._told is not None and self._rows % STEP == 0:
            self._told(self._rows)
        return row

    def _compare(self, chain: TracedChain, check: Callable[[TracedChain, Comparison], None]) -> None:
        """Compare what one chain is about; if it grew since it was read, compare it again."""
        tally = compared(chain, check)
        for _ in range(_ATTEMPTS if tally.found else 0):
            now = TracedChain.of(chain.subject, readable_rows(self._ports.trace, chain.subject))
            if now.length == chain.length:
                break
            chain, tally = now, compared(now, check)
        self._take(tally)

    def _take(self, tally: Comparison) -> None:
        self._compared += tally.compared
        self._in_words += tally.in_words
        self._contracts += tally.contracts
        self._listed += tally.listed
        self._bill_count += len(tally.bills)
        self._bills += tally.bills[: max(0, self._most - len(self._bills))]
        self._find(tally.found)

    def _find(self, faults: Iterable[StateFault]) -> None:
        for fault in faults:
            if len(self._found) < self._most:
                self._found.append(fault)
            else:
                self._more += 1

    # ── accounts: contracts, codes, finished cases, owners, discounts ─────────────────────────────────────────────────

    def _account(self, chain: TracedChain, tally: Comparison) -> None:
        account = chain.subject.removeprefix(account_subject(""))
        contracts = self._ports.contracts.of_account(account)
        codes = self._ports.promo_codes.of_account(account)
        stored: dict[str, Any] = {RECORDS[type(each)].name(each): each for each in (*contracts, *codes)}
        for name, entity in stored.items():
            tally.hold(chain, name, entity, optional=isinstance(entity, Contract))
        for name in chain.last.keys() - stored.keys():
            kind, _, id = name.partition(":")  # noqa: A001 - the entity's own word
            if kind == "case":
                tally.hold(chain, name, self._ports.cases.find(id))
            elif kind in {"contract", "code"}:
                tally.hold(chain, name, None)
        for states in self._ports.promo_codes.history(account):
            tally.remember(chain, states)
        self._owner(chain, {each.customer for each in contracts} | {each.customer for each in codes}, tally)
        self._discount(chain, account, tally)

    def _owner(self, chain: TracedChain, owners: set[str], tally: Comparison) -> None:
        if len(owners) > 1:
            tally.find(chain.subject, "customer", "its contracts and codes are of several customers")
        if {owner for owner in owners if owner.startswith(PSEUDONYM)} != set(chain.erased_as[-1:]):
            tally.find(chain.subject, "customer", "is erased, or is not, otherwise than the trace says")
        row = chain.last.get(chain.subject)
        if row is None or chain.erased_as:
            return
        kept = (row.stored or {})[chain.subject].get("customer")
        if row.owner_salt is None or any(owner_digest(owner, row.owner_salt) != kept for owner in owners):
            tally.find(chain.subject, "customer", "is not the one to whom it belongs by the trace")

    def _discount(self, chain: TracedChain, account: str, tally: Comparison) -> None:
        billing = self._ports.billing
        # What another system keeps is compared by reconciling with it: an answer that was lost left no row here.
        if not self._ports.keeps_billing or not isinstance(billing, TellingBilling):
            return
        moved = billing.movements(account)
        grants = {grant.key: grant for grant in self._ports.grants.all(account=account)}
        by_kind = {kind: {str(each.reference): each for each in moved if each.kind is kind} for kind in MovementKind}
        self._grants_moved(chain.subject, by_kind[MovementKind.GRANTED], grants, tally)
        for (kind, key), amount in chain.transfers.items():
            tally.moved(chain.subject, by_kind[kind].pop(key, None), f"transfer {key}", amount)
        for bill, used in chain.bills.items():
            tally.moved(chain.subject, by_kind[MovementKind.CONSUMED].pop(bill, None), f"bill {bill}", used)
        for bill, given_back in chain.cancelled.items():
            cancelled = by_kind[MovementKind.GIVEN_BACK].pop(bill, None)
            tally.moved(chain.subject, cancelled, f"cancelled bill {bill}", given_back)
        for kind, what in (
            (MovementKind.TRANSFERRED_IN, "transfer"),
            (MovementKind.TRANSFERRED_OUT, "transfer"),
            (MovementKind.GIVEN_BACK, "cancelled bill"),
        ):
            for key in by_kind[kind]:
                tally.find(chain.subject, f"{what} {key}", "is stored, and no row tells of it")
        for bill in by_kind[MovementKind.CONSUMED]:
            tally.bills.append(StateFault(chain.subject, f"bill {bill}", "is stored, and no row tells of it"))
        self._parts(chain, account, grants.values(), tally)

    def _grants_moved(
        self, subject: str, movements: Mapping[str, Movement], grants: Mapping[str, Grant], tally: Comparison
    ) -> None:
        for key, movement in movements.items():
            grant = grants.get(key)
            if grant is None:
                tally.find(subject, f"grant {key}", "was posted to billing, and there is no such grant of the account")
                continue
            tally.moved(subject, movement, f"grant {key}", str(grant.amount))
            tally.differ(subject, f"grant {key}", "moment", written(movement.moment), written(grant.effective_from))
        for grant in grants.values():
            if grant.status is GrantStatus.GRANTED and grant.amount and grant.key not in movements:
                tally.find(subject, f"grant {grant.key}", "is granted, and billing does not have it")

    def _parts(self, chain: TracedChain, account: str, grants: Iterable[Grant], tally: Comparison) -> None:
        balance = self._ports.billing.balance(account)
        unused, parts = balance.unused, balance.parts
        total = Money.total([part.amount for part in parts], unused.currency)
        tally.differ(chain.subject, "discount", "unused", str(total), str(unused))
        if not balance.transferred_in:  # moved parts are as old as they were on the other account
            ages = {grant.effective_from for grant in grants}
            for part in parts:
                if part.effective_from not in ages:
                    told = written(part.effective_from)
                    tally.find(chain.subject, "discount", f"a part from {told} is as old as no grant of the account")

    # ── referrals with their grants ───────────────────────────────────────────────────────────────────────────────────

    def _referral(self, chain: TracedChain, tally: Comparison) -> None:
        contract = chain.subject.removeprefix(referral_subject(""))
        referral = self._ports.referrals.find(contract)
        name = stored_name("referral", contract)
        if name in chain.last or referral is not None:
            tally.hold(self._with_older_rows(chain, referral), name, referral)
        if referral is not None:
            tally.remember(chain, self._ports.referrals.history(contract), apart="fee_notes")
            for field, account in (("referrer", referral.referrer), ("referee", referral.referee)):
                owners = {each.customer for each in self._ports.contracts.of_account(account)}
                if getattr(referral, f"{field}_customer") not in owners:
                    tally.find(chain.subject, f"referral {contract}", f"{field}_customer is not the account's")
        for side in Side:
            self._grant(chain, f"{side}/{contract}", referral, tally)
        self._reversals(chain, contract, tally)

    def _reversals(self, chain: TracedChain, contract: str, tally: Comparison) -> None:
        """Compare what was taken back of both grants, or is to be."""
        stored = {RECORDS[Reversal].name(each): each for each in self._ports.reversals.of_referral(contract)}
        for name in sorted(stored.keys() | {name for name in chain.last if name.startswith("reversal:")}):
            tally.hold(chain, name, stored.get(name))
        for reversal in stored.values():
            told = chain.taken_back.get(reversal.key)
            if told is not None or reversal.amount:
                tally.differ(chain.subject, f"reversal {reversal.key}", "amount", str(reversal.amount), str(told))

    def _grant(self, chain: TracedChain, key: str, referral: Referral | None, tally: Comparison) -> None:
        grant = self._ports.grants.find(key)
        facts = chain
        if grant is not None and key not in chain.due:
            facts = self._with_older_rows(chain, referral, grant.account)
        is_due = key in facts.due
        if grant is None:
            if is_due:
                tally.find(chain.subject, f"grant {key}", "is gone, and the trace says that it became due")
            return
        if not is_due:
            tally.find(chain.subject, f"grant {key}", "is stored, and no row tells of it")
            return
        tally.differ(chain.subject, f"grant {key}", "amount", str(grant.amount), facts.due[key])
        name = stored_name("grant", key)
        if name in chain.last:
            tally.hold(chain, name, grant)
        wrong = wrong_status(grant, referral, is_posted=key in facts.posted)
        if wrong is not None:
            tally.find(chain.subject, f"grant {key}", f"status is {grant.status}, and {wrong}")

    def _with_older_rows(self, chain: TracedChain, referral: Referral | None, *accounts: str) -> TracedChain:
        """Return the chain of a referral, or that of an account where an earlier version left the rows."""
        if chain.length or referral is None:
            older: tuple[str, ...] = accounts
        else:
            older = (referral.referee,)
        subjects = [chain.subject, *map(account_subject, older)]
        if len(subjects) == 1:
            return chain
        rows = chained.from_iterable(readable_rows(self._ports.trace, subject) for subject in subjects)
        return TracedChain.of(chain.subject, rows)

    # ── groups, cases, and what was imported ──────────────────────────────────────────────────────────────────────────

    def _group(self, chain: TracedChain, tally: Comparison) -> None:
        group = chain.subject.removeprefix(group_subject(""))
        tally.hold(chain, stored_name("group", group), self._ports.groups.find(group))
        tally.remember(chain, self._ports.groups.history(group))

    def _cases(self, programme: TracedChain, tally: Comparison) -> None:
        """Compare the cases with the rows of their opening and abandoning; those of finishing are on accounts."""
        known = {name for name in programme.last if name.startswith("case:")}
        for case in self._ports.cases.all():
            name = stored_name("case", case.id)
            known.discard(name)
            row = programme.last.get(name)
            if case.contract is None or row is None:
                tally.hold(programme, name, case)
            elif not self._is_kept_by_account(case.contract, name):
                tally.find(programme.subject, f"case {case.id}", f"status is {case.status}, and no row tells of it")
            else:  # whose row is compared with its account; as it was opened, it is compared here
                tally.hold(
                    programme, name, attrs.evolve(case, status=type(case.status).OPEN, contract=None, closed_at=None)
                )
        for name in sorted(known):
            tally.hold(programme, name, None)

    def _is_kept_by_account(self, contract: str, name: str) -> bool:
        found = self._ports.contracts.find(contract)
        rows = () if found is None else readable_rows(self._ports.trace, account_subject(found.account))
        return any(name in (row.stored or named_in_words(row.act, row.subject, row.after or {})) for row in rows)

    def _imports(self) -> Iterator[tuple[str, str | None]]:
        """Yield every contract of which an import tells, with its digest, ``None`` from an earlier version."""
        for row in readable_rows(self._ports.trace, PROGRAMME_SUBJECT):
            if row.act == "contract.import":
                for name, fields in (row.stored or {}).items():
                    yield name.partition(":")[2], fields.get(DIGEST)

    def _compare_imports(self) -> None:
        tally = Comparison()
        for contract, digest in self._imports():
            tally.listed += 1
            name, found = stored_name("contract", contract), self._ports.contracts.find(contract)
            if found is None:
                tally.find(
                    PROGRAMME_SUBJECT, f"contract {contract}", "is gone, and the trace says that it was imported"
                )
            elif digested(RECORDS[Contract].fields(found))[DIGEST] == digest:
                tally.compared += 1
            elif not self._is_kept_by_account(contract, name):
                tally.find(account_subject(found.account), f"contract {contract}", "is not as it was imported")
        self._take(tally)

    # ── everything stored ─────────────────────────────────────────────────────────────────────────────────────────────

    def _look_for_what_no_chain_is_about(self) -> None:
        trace = self._ports.trace
        for referral in self._ports.referrals.all():
            subject = referral_subject(referral.contract)
            if next(readable_rows(trace, subject), None) is None:
                self._compare(TracedChain(subject), self._referral)
        for grant in self._ports.grants.all():
            if self._ports.referrals.find(grant.referral) is None:
                tally = Comparison()
                tally.find(referral_subject(grant.referral), f"grant {grant.key}", "is of no referral")
                self._take(tally)
        for group in self._ports.groups.all():
            is_touched = bool(group.amounts or group.switches)
            if is_touched and next(readable_rows(trace, group_subject(group.id)), None) is None:
                tally = Comparison()
                tally.find(group_subject(group.id), f"group {group.id}", "has amounts, and no row tells of them")
                self._take(tally)
        self._compare_imports()

    def _judge_what_has_no_row(self) -> int:
        """Return the number of contracts that an earlier version left without a row; without one, they are faults."""
        strangers = max(0, self._contracts - self._listed)
        if self._is_older:
            return strangers
        if strangers:
            self._find(self._contracts_without_a_row())
        self._find(self._bills)
        self._more += self._bill_count - len(self._bills)
        return 0

    def _contracts_without_a_row(self) -> Iterator[StateFault]:
        """Yield the contracts of which no row tells; all imported ids are in memory at once, for this list alone."""
        imported = {contract for contract, _ in self._imports()}
        after: str | None = None
        while page := self._ports.contracts.page(after, _PAGE):
            after = page[-1].id
            for contract in page:
                name = stored_name("contract", contract.id)
                if contract.id not in imported and not self._is_kept_by_account(contract.id, name):
                    subject = account_subject(contract.account)
                    yield StateFault(subject, f"contract {contract.id}", "is stored, and no row tells of it")


class _Ahead:
    """An iteration in order that can be read up to a place."""

    def __init__(self, items: Iterator[str]) -> None:
        self._items = items
        self._next = next(items, None)

    def before(self, place: str | None) -> Iterator[str]:
        """Consume the items before a place, or all the rest."""
        while self._next is not None and (place is None or self._next < place):
            item, self._next = self._next, next(self._items, None)
            yield item

    def skip(self, place: str) -> None:
        """Consume an item, if the iteration has reached it."""
        if self._next == place:
            self._next = next(self._items, None)
