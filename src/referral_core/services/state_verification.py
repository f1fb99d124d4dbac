"""The verification of stored state: what is stored is what the trace says was done (A2)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from itertools import chain as chained
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final, TypeVar

import attrs

from referral_core.entities.balance import Movement, MovementKind
from referral_core.entities.contract import Contract
from referral_core.entities.discount_group import Side
from referral_core.entities.grant import Grant, GrantStatus
from referral_core.entities.personal_data import PSEUDONYM
from referral_core.entities.referral import Referral, ReferralStatus
from referral_core.entities.reversal import Reversal, reversal_key
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
from referral_core.services.verification import STEP, readable_rows
from referral_core.values.errors import Refusal
from referral_core.values.moment import written
from referral_core.values.money import Money

if TYPE_CHECKING:
    from referral_core.ports.store import Store
    from referral_core.values.history import Recorded

E = TypeVar("E")

_PAGE: Final = 1000
_ATTEMPTS: Final = 10
"""How often a chain is compared again that grows while it is compared."""


@attrs.frozen
class StateFault:
    """A stored thing that is not what the trace says.

    ``subject`` is the chain, ``what`` the stored thing as ``contract K-1``, and ``how`` the difference, which begins
    with the field if it is in one. As text it is one line.
    """

    subject: str
    what: str
    how: str

    def __str__(self) -> str:
        """Write the place first and the difference after it."""
        return f"{self.subject}: {self.what}: {self.how}"


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


@attrs.frozen
class _Chain:
    """What the rows of one chain say about what is stored.

    ``first`` and ``last`` are the first and the last row about each entity, by its name.
    """

    subject: str
    length: int = 0
    first: dict[str, TraceEntry] = attrs.field(factory=dict)
    last: dict[str, TraceEntry] = attrs.field(factory=dict)
    history: dict[str, list[TraceEntry]] = attrs.field(factory=dict)
    due: dict[str, str] = attrs.field(factory=dict)
    posted: dict[str, str] = attrs.field(factory=dict)
    bills: dict[str, str] = attrs.field(factory=dict)
    cancelled: dict[str, str] = attrs.field(factory=dict)
    taken_back: dict[str, str | None] = attrs.field(factory=dict)
    transfers: dict[tuple[MovementKind, str], str] = attrs.field(factory=dict)
    erased_as: list[str] = attrs.field(factory=list)

    @classmethod
    def of(cls, subject: str, rows: Iterable[TraceEntry]) -> _Chain:
        """Return what the rows say, with few of them in memory."""
        chain = cls(subject)
        length = 0
        for row in rows:
            length += 1
            chain.read(row)
        return attrs.evolve(chain, length=length)

    def read(self, row: TraceEntry) -> None:
        """Take in one row."""
        after = dict(row.after or {})
        if row.act != "contract.import":  # which keeps thousands, and is read by itself
            for name in row.stored or _named_in_words(row.act, row.subject, after):
                self.first.setdefault(name, row)
                self.last[name] = row
                self.history.setdefault(name, []).append(row)
        self._note(row.act, after)

    def _note(self, act: str, after: dict[str, str | None]) -> None:
        """Take in what a row says about discount."""
        if act in {"grant.due", "grant.posted"}:
            facts = self.due if act == "grant.due" else self.posted
            facts[str(after.get("grant"))] = str(after.get("amount"))
        elif act == "bill.issued":
            self.bills[str(after.get("bill"))] = str(after.get("used"))
        elif act == "bill.cancelled":
            self.cancelled[str(after.get("bill"))] = str(after.get("given_back"))
        elif act == "reversal.posted":
            self.taken_back[reversal_key(str(after.get("grant")), str(after.get("account")))] = after.get("amount")
        elif act == "customer.erase":
            self.erased_as.append(str(after.get("customer")))
        elif act == "discount.transfer" and after.get("key") is not None:
            for kind, end in ((MovementKind.TRANSFERRED_OUT, "from"), (MovementKind.TRANSFERRED_IN, "to")):
                if self.subject == account_subject(str(after[end])) and after["amount"] != _nothing(after["amount"]):
                    self.transfers[kind, str(after["key"])] = str(after["amount"])


def _nothing(amount: str | None) -> str:
    return f"0.00 {str(amount).rpartition(' ')[2]}"


def _named_in_words(act: str, subject: str, after: Mapping[str, str | None]) -> tuple[str, ...]:
    """Return the name of the entity whose state an earlier version's row says in words, if it does."""
    kind = act.partition(".")[0]
    if kind in {"group", "amount"}:
        return (subject,)
    key = {"code": "code", "case": "case", "referral": "contract"}.get(kind)
    return () if key is None or after.get(key) is None else (stored_name(kind, str(after[key])),)


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
                    self._compare(_Chain(account_subject(account)), self._account)
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
            self._compare(_Chain(account_subject(account)), self._account)
        if not has_programme:
            self._compare(_Chain(PROGRAMME_SUBJECT), self._cases)
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

    def _chains(self) -> Iterator[_Chain]:
        for subject, rows in groupby(readable_rows(self._ports.trace), key=attrgetter("subject")):
            yield _Chain.of(subject, map(self._seen, rows))

    def _seen(self, row: TraceEntry) -> TraceEntry:
        self._rows += 1
        self._is_older = self._is_older or row.stored is None
        if self._told is not None and self._rows % STEP == 0:
            self._told(self._rows)
        return row

    def _compare(self, chain: _Chain, check: Callable[[_Chain, _Tally], None]) -> None:
        """Compare what one chain is about; if it grew since it was read, compare it again."""
        tally = _checked(chain, check)
        for _ in range(_ATTEMPTS if tally.found else 0):
            now = _Chain.of(chain.subject, readable_rows(self._ports.trace, chain.subject))
            if now.length == chain.length:
                break
            chain, tally = now, _checked(now, check)
        self._take(tally)

    def _take(self, tally: _Tally) -> None:
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

    def _account(self, chain: _Chain, tally: _Tally) -> None:
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

    def _owner(self, chain: _Chain, owners: set[str], tally: _Tally) -> None:
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

    def _discount(self, chain: _Chain, account: str, tally: _Tally) -> None:
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
        self, subject: str, movements: Mapping[str, Movement], grants: Mapping[str, Grant], tally: _Tally
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

    def _parts(self, chain: _Chain, account: str, grants: Iterable[Grant], tally: _Tally) -> None:
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

    def _referral(self, chain: _Chain, tally: _Tally) -> None:
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

    def _reversals(self, chain: _Chain, contract: str, tally: _Tally) -> None:
        """Compare what was taken back of both grants, or is to be."""
        stored = {RECORDS[Reversal].name(each): each for each in self._ports.reversals.of_referral(contract)}
        for name in sorted(stored.keys() | {name for name in chain.last if name.startswith("reversal:")}):
            tally.hold(chain, name, stored.get(name))
        for reversal in stored.values():
            told = chain.taken_back.get(reversal.key)
            if told is not None or reversal.amount:
                tally.differ(chain.subject, f"reversal {reversal.key}", "amount", str(reversal.amount), str(told))

    def _grant(self, chain: _Chain, key: str, referral: Referral | None, tally: _Tally) -> None:
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
        wrong = _wrong_status(grant, referral, is_posted=key in facts.posted)
        if wrong is not None:
            tally.find(chain.subject, f"grant {key}", f"status is {grant.status}, and {wrong}")

    def _with_older_rows(self, chain: _Chain, referral: Referral | None, *accounts: str) -> _Chain:
        """Return the chain of a referral, or that of an account where an earlier version left the rows."""
        if chain.length or referral is None:
            older: tuple[str, ...] = accounts
        else:
            older = (referral.referee,)
        subjects = [chain.subject, *map(account_subject, older)]
        if len(subjects) == 1:
            return chain
        rows = chained.from_iterable(readable_rows(self._ports.trace, subject) for subject in subjects)
        return _Chain.of(chain.subject, rows)

    # ── groups, cases, and what was imported ──────────────────────────────────────────────────────────────────────────

    def _group(self, chain: _Chain, tally: _Tally) -> None:
        group = chain.subject.removeprefix(group_subject(""))
        tally.hold(chain, stored_name("group", group), self._ports.groups.find(group))
        tally.remember(chain, self._ports.groups.history(group))

    def _cases(self, programme: _Chain, tally: _Tally) -> None:
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
        return any(name in (row.stored or _named_in_words(row.act, row.subject, row.after or {})) for row in rows)

    def _imports(self) -> Iterator[tuple[str, str | None]]:
        """Yield every contract of which an import tells, with its digest, ``None`` from an earlier version."""
        for row in readable_rows(self._ports.trace, PROGRAMME_SUBJECT):
            if row.act == "contract.import":
                for name, fields in (row.stored or {}).items():
                    yield name.partition(":")[2], fields.get(DIGEST)

    def _compare_imports(self) -> None:
        tally = _Tally()
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
                self._compare(_Chain(subject), self._referral)
        for grant in self._ports.grants.all():
            if self._ports.referrals.find(grant.referral) is None:
                tally = _Tally()
                tally.find(referral_subject(grant.referral), f"grant {grant.key}", "is of no referral")
                self._take(tally)
        for group in self._ports.groups.all():
            is_touched = bool(group.amounts or group.switches)
            if is_touched and next(readable_rows(trace, group_subject(group.id)), None) is None:
                tally = _Tally()
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


@attrs.define
class _Tally:
    """What comparing one chain found."""

    compared: int = 0
    in_words: int = 0
    contracts: int = 0
    listed: int = 0
    bills: list[StateFault] = attrs.field(factory=list)
    found: list[StateFault] = attrs.field(factory=list)

    def find(self, subject: str, what: str, how: str) -> None:
        """Add a fault."""
        self.found.append(StateFault(subject, what, how))

    def differ(self, subject: str, what: str, field: str, stored: str | None, told: str | None) -> None:
        """Add a fault if a stored value is not what the trace says."""
        if stored != told:
            self.find(subject, what, f"{field} is {stored or 'empty'}, and the trace says {told or 'empty'}")

    def moved(self, subject: str, movement: Movement | None, what: str, amount: str) -> None:
        """Compare a movement in billing with its amount."""
        if movement is None:
            self.find(subject, what, "is gone from billing, and the trace tells of it")
        else:
            self.differ(subject, what, "amount", str(movement.amount), amount)

    def hold(self, chain: _Chain, name: str, entity: Any, *, optional: bool = False) -> None:  # noqa: ANN401 - any entity
        """Compare an entity with the last row about it; ``optional`` ones may have none."""
        kind, _, id = name.partition(":")  # noqa: A001 - the entity's own word
        what, row = f"{kind} {id}", chain.last.get(name)
        if entity is None:
            self.find(chain.subject, what, "is gone, and the trace tells of it")
        elif row is None:
            self.contracts += optional
            if not optional:
                self.find(chain.subject, what, "is stored, and no row tells of it")
        elif row.stored is None:
            self.in_words += 1
            for field, stored, told in _differences_in_words(row, entity):
                self.differ(chain.subject, what, field, stored, told)
        else:
            # A contract that was concluded here begins with that status, which is the default and is left out.
            self.contracts += optional and "status" in (chain.first[name].stored or {}).get(name, {})
            self.compared += 1
            for field, stored, told in _differences(RECORDS[type(entity)].fields(entity), row.stored[name]):
                self.differ(chain.subject, what, field, stored, told)

    def remember(self, chain: _Chain, states: tuple[Recorded[Any], ...], *, apart: str | None = None) -> None:
        """Compare the history of an entity with the rows about it: each row keeps one of its states, in order."""
        if not states:
            return
        record = RECORDS[type(states[0].state)]
        name = record.name(states[0].state)
        rows = chain.history.get(name, [])
        if not rows or any(row.stored is None for row in rows):
            return
        kept = [_without(dict((row.stored or {})[name]), apart) for row in rows]
        past = [_without(record.fields(each.state), apart) for each in states][-len(kept) :]
        for place, (stored, told) in enumerate(zip(past, kept, strict=False), len(states) - len(past) + 1):
            if stored != told:
                what = f"{name.replace(':', ' ', 1)}, state {place}"
                for field, was, now in _differences(stored, told):
                    self.differ(chain.subject, what, field, was, now)
        if len(past) < len(kept):
            self.find(chain.subject, name.replace(":", " ", 1), "has lost a state of its history")


def _without(fields: dict[str, str], apart: str | None) -> dict[str, str]:
    return {name: value for name, value in fields.items() if apart is None or not name.startswith(apart)}


def _differences(
    stored: Mapping[str, str | None], told: Mapping[str, str | None]
) -> Iterator[tuple[str, str | None, str | None]]:
    """Yield the fields that differ, each with the stored value and that in the trace."""
    for field in sorted(stored.keys() | told.keys()):
        if stored.get(field) != told.get(field):
            yield field, stored.get(field), told.get(field)


def _differences_in_words(row: TraceEntry, entity: Any) -> Iterator[tuple[str, str | None, str | None]]:  # noqa: ANN401 - any entity
    """Yield the differences from the words of an earlier version's row."""
    stored, told = dict(RECORDS[type(entity)].state(entity, row.moment)), dict(row.after or {})
    told.pop("at", None)
    if isinstance(entity, Referral) and entity.granted_at is not None and told.get("status") == ReferralStatus.RECORDED:
        told["status"] = ReferralStatus.GRANTED  # by the activation of its contract, which left no row
    yield from _differences(stored, told)


def _checked(chain: _Chain, check: Callable[[_Chain, _Tally], None]) -> _Tally:
    tally = _Tally()
    try:
        check(chain, tally)
    except (Refusal, ValueError, LookupError, TypeError) as error:
        # What was put into a table by hand may break a law of its entity.
        tally.find(chain.subject, "something stored", f"cannot be read: {error}")
    return tally


_WAITING: Final = frozenset({GrantStatus.DUE, GrantStatus.SENDING, GrantStatus.UNCERTAIN})
_HELD: Final = frozenset({GrantStatus.HELD, GrantStatus.HELD_IN_DOUBT})
_VOID: Final = frozenset({GrantStatus.VOID, GrantStatus.VOID_IN_DOUBT})


def _wrong_status(grant: Grant, referral: Referral | None, *, is_posted: bool) -> str | None:
    """Return what the trace says about the status of a grant if that is another one."""
    if is_posted or grant.status is GrantStatus.GRANTED:
        if is_posted and grant.status in _WAITING | _HELD | _VOID:
            return "the trace says that billing confirmed it"
        return None if is_posted else "the trace does not say that billing confirmed it"
    if referral is None or not referral.is_live:
        return None
    status = referral.status_of(grant.side)
    right = {ReferralStatus.HELD: _HELD, ReferralStatus.VOID: _VOID}.get(status, _WAITING)
    return f"its referral is {status}" if grant.status in (_WAITING | _HELD | _VOID) - right else None


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
