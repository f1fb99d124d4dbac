"""Random acts from every role, with a billing that fails at random: what must hold, holds after every step."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from referral_adapters.feed import FeedRunner
from referral_adapters.memory import ContinuousDiscounts, Fault, FlakyLedger, MemoryStore
from referral_adapters.memory.journal import Journal
from referral_core import BillingUnavailable, GrantStatus, Money, Programme
from referral_core.entities.promo_code import codes_over_time
from referral_core.entities.trace import chain_faults
from referral_core.values.timeline import Timeline

pytestmark = pytest.mark.rule(
    "B2", "B3", "B6", "B7", "C1", "C6", "D3", "S4", "S7", "A2", "B10", "B11", "B12", "M4", "R3"
)

CUSTOMERS = {"A": "ann", "B": "ben", "C": "cid", "D": "ann", "E": "eve", "F": "fay", "G": "gus", "H": "eve"}
ACCOUNTS = list(CUSTOMERS)
REFERRERS = ["A", "B"]
GROUPS = ["referrer", "referee-self-service", "referee-manual", "partners"]
ROLES = [*["system"] * 9, "customer", "agent", "supervisor", "administrator"]
CHANNELS = ["self-service", "sales-portal", "distributor"]
AMOUNTS = ["0", "0.01", "7", "10.00", "12.5", "100"]

roles = st.sampled_from(ROLES)
accounts = st.sampled_from(ACCOUNTS)
amounts = st.sampled_from(AMOUNTS)
picks = st.integers(0, 50)
MOST_KNOWN = 4
"""How often what is known is noted, to be asked for again at the end."""


class Programme_in_motion(RuleBasedStateMachine):  # noqa: N801 - it reads as what it is
    """A programme to which anything may happen, by anybody, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.mode: Fault | None = None
        programme = Programme.default()
        self.billing = ContinuousDiscounts(Journal())
        self.flaky = FlakyLedger(self.billing, self.fault)
        self.store = MemoryStore(programme, secret=b"stateful" * 4, billing=self.flaky)
        self.runner = FeedRunner(programme, self.store)
        self.now = datetime(2021, 1, 1, tzinfo=UTC)
        self.effective: list[str] = []
        self.contracts: list[str] = []
        self.cases: list[str] = []
        self.codes: list[str] = ["NOBODYS"]
        self.locked: dict[str, tuple[object, object]] = {}
        self.may_change: str | None = None
        self.known: list[tuple[datetime, dict[str, Any]]] = []

    def fault(self, _: str) -> Fault | None:
        """Say how billing's next call fails, if it does."""
        return self.mode

    def tell(self, type_: str, role: str, **data: object) -> dict[str, Any]:
        """Send one line; a line that billing left unanswered is not sent again here."""
        number = len(self.effective) + 1
        event = {
            "specversion": "1.0",
            "id": f"{number}-{type_}-{self.now.isoformat()}",
            "source": "test",
            "type": type_,
            "time": self.now.isoformat(),
            "actor": "ann" if role == "customer" else role,
            "actorrole": role,
            "data": data,
        }
        line = json.dumps(event)
        self.may_change = str(data.get("contract")) if type_ == "referral.change-group" else None
        try:
            result = self.handle(line, number)
        except BillingUnavailable:
            return {"outcome": "unanswered"}
        assert result["outcome"] != "invalid", result
        if result["outcome"] in {"done", "warned"}:
            self.effective.append(line)
        if "issued" in result:
            self.codes.append(result["issued"])
        return result

    def handle(self, line: str, number: int) -> dict[str, Any]:
        """Hand a line to the rules."""
        return self.runner.handle(line, number)

    def finish(self) -> None:
        """Have what is due posted."""
        self.runner.finish()

    def seen(self) -> dict[str, Any]:
        """Return all that the programme holds, whatever mood billing is in."""
        mode, self.mode = self.mode, None
        try:
            return {name: part for name, part in self.runner.summary(self.now).items() if name != "lines"}
        finally:
            self.mode = mode

    def known_then(self, moment: datetime) -> dict[str, Any]:
        """Return all that the programme held as it was known at a moment."""
        mode, self.mode = self.mode, None
        try:
            summary = self.runner.summary(moment, known_at=moment)
            return {name: part for name, part in summary.items() if name != "lines"}
        finally:
            self.mode = mode

    def one_of(self, things: list[str], pick: int) -> str:
        """Pick something that was made, mostly of late."""
        return things[-1 - pick * pick // 50 % len(things)] if things else "none"

    @initialize()
    def amounts_are_set(self) -> None:
        for group in GROUPS[:3]:
            self.tell("amount.set", "system", group=group, amount="7")
        for account in REFERRERS:
            contract = f"first-{account}"
            self.tell("contract.concluded", "system", contract=contract, account=account, customer=CUSTOMERS[account])
            self.tell("contract.activated", "system", contract=contract)
            self.contracts.append(contract)

    @rule(account=st.sampled_from(ACCOUNTS[2:]), pick=picks, channel=st.sampled_from(CHANNELS))
    def a_friend_signs_up(self, account: str, pick: int, channel: str) -> None:
        """The story that everything else is about; told more often than chance would."""
        self.conclude("system", account, pick, channel, "electricity", None, None)

    @rule(
        account=st.sampled_from(ACCOUNTS),
        type_=st.sampled_from(["activated", "activated", "terminated", "withdrawn", "annulled"]),
    )
    def contracts_of_an_account_change(self, account: str, type_: str) -> None:
        for contract in self.store.contracts.of_account(account):
            self.tell(f"contract.{type_}", "system", contract=contract.id)

    @rule(account=st.sampled_from(ACCOUNTS), amount=amounts)
    def an_account_is_billed(self, account: str, amount: str) -> None:
        self.tell("bill.issued", "system", bill=f"b{len(self.effective)}", account=account, amount=amount)

    @rule(days=st.sampled_from([0, 0.25, 1, 20, 90]))
    def time_passes(self, days: float) -> None:
        if len(self.known) < MOST_KNOWN and (latest := self.store.latest_recording()) is not None:
            then = latest - timedelta.resolution  # at the latest recording itself more may be recorded yet
            self.known.append((then, self.known_then(then)))
        self.now += timedelta(days=days)

    @rule(hours=st.integers(1, 30))
    def an_older_line_arrives(self, hours: int) -> None:
        self.now -= timedelta(hours=hours)

    @rule(mode=st.sampled_from([None, None, *Fault]))
    def billing_changes_its_mood(self, mode: Fault | None) -> None:
        self.mode = mode

    @rule(
        role=roles,
        account=accounts,
        pick=st.none() | picks,
        channel=st.sampled_from(CHANNELS),
        product=st.sampled_from(["electricity", "electricity", "gas", "solar"]),
        group=st.one_of(*[st.none()] * 4, st.sampled_from(GROUPS)),
        honoured=st.one_of(*[st.none()] * 4, st.integers(1, 60)),
    )
    def conclude(
        self,
        role: str,
        account: str,
        pick: int | None,
        channel: str,
        product: str,
        group: str | None,
        honoured: int | None,
    ) -> None:
        contract = f"K{len(self.contracts)}"
        data: dict[str, Any] = {"product": product, "channel": channel, "reason": "because"}
        if pick is not None:
            data["code"] = self.one_of(self.codes, pick).lower()
        if group is not None:
            data["group"] = group
        if honoured is not None:
            data["honour"] = {"moment": (self.now - timedelta(days=honoured)).isoformat()}
        customer = CUSTOMERS[account]
        result = self.tell("contract.concluded", role, contract=contract, account=account, customer=customer, **data)
        if result["outcome"] in {"done", "warned"}:
            self.contracts.append(contract)

    @precondition(lambda self: self.contracts)
    @rule(
        role=roles,
        pick=picks,
        type_=st.sampled_from(["activated", "activated", "activated", "terminated", "withdrawn", "annulled"]),
    )
    def contract_changes(self, role: str, pick: int, type_: str) -> None:
        self.tell(f"contract.{type_}", role, contract=self.one_of(self.contracts, pick))

    @precondition(lambda self: self.contracts)
    @rule(role=roles, contract=picks, code=picks)
    def attach(self, role: str, contract: int, code: int) -> None:
        chosen = self.one_of(self.contracts, contract)
        self.tell("code.attach", role, contract=chosen, code=self.one_of(self.codes, code))

    @precondition(lambda self: self.contracts)
    @rule(role=roles, contract=picks, group=st.sampled_from(GROUPS))
    def change_group(self, role: str, contract: int, group: str) -> None:
        chosen = self.one_of(self.contracts, contract)
        self.tell("referral.change-group", role, contract=chosen, group=group, reason="because")

    @rule(role=roles, account=accounts, replace=st.booleans(), text=st.none() | st.sampled_from(["MINE1", "MINE2"]))
    def issue(self, role: str, account: str, replace: bool, text: str | None) -> None:
        chosen = {} if text is None else {"code": text}
        self.tell("code.issue", role, account=account, replace=replace, reason="because", **chosen)

    @rule(role=roles, code=picks, days=st.none() | st.integers(-1, 30))
    def end(self, role: str, code: int, days: int | None) -> None:
        at = {} if days is None else {"at": (self.now + timedelta(days=days)).isoformat()}
        self.tell("code.end", role, code=self.one_of(self.codes, code), reason="because", **at)

    @rule(role=roles, code=picks)
    def share(self, role: str, code: int) -> None:
        self.tell("code.shared", role, code=self.one_of(self.codes, code), means="link")

    @rule(
        role=roles,
        group=st.sampled_from(GROUPS),
        amount=amounts,
        start=st.none() | st.integers(-40, 60),
        length=st.none() | st.integers(1, 60),
        correction=st.booleans(),
    )
    def set_amount(
        self, role: str, group: str, amount: str, start: int | None, length: int | None, correction: bool
    ) -> None:
        data: dict[str, Any] = {"group": group, "amount": amount, "correction": correction, "reason": "because"}
        first = self.now + timedelta(days=start or 0)
        if start is not None:
            data["from"] = first.isoformat()
        if length is not None:
            data["until"] = (first + timedelta(days=length)).isoformat()
        self.tell("amount.set", role, **data)

    @rule(role=roles, group=st.sampled_from(GROUPS), act=st.sampled_from(["add", "disable", "enable", "rename"]))
    def group_changes(self, role: str, group: str, act: str) -> None:
        more = {"add": {"side": "referee"}, "rename": {"name": "Renamed"}}.get(act, {})
        self.tell(f"group.{act}", role, group=group, **more)

    @rule(role=roles, account=accounts, code=picks)
    def open_case(self, role: str, account: str, code: int) -> None:
        case = f"case{len(self.cases)}"
        result = self.tell(
            "case.open", role, case=case, customer=CUSTOMERS[account], code=self.one_of(self.codes, code)
        )
        if result["outcome"] in {"done", "warned"}:
            self.cases.append(case)

    @precondition(lambda self: self.cases)
    @rule(role=roles, account=accounts, case=picks, group=st.none() | st.sampled_from(GROUPS))
    def finish_case(self, role: str, account: str, case: int, group: str | None) -> None:
        contract, chosen = f"K{len(self.contracts)}", self.one_of(self.cases, case)
        more = {} if group is None else {"group": group}
        result = self.tell(
            "case.finish",
            role,
            case=chosen,
            contract=contract,
            account=account,
            customer=CUSTOMERS[account],
            **more,
        )
        if result["outcome"] in {"done", "warned"}:
            self.contracts.append(contract)

    @precondition(lambda self: self.cases)
    @rule(role=roles, case=picks)
    def abandon_case(self, role: str, case: int) -> None:
        self.tell("case.abandon", role, case=self.one_of(self.cases, case))

    @rule(account=accounts, amount=amounts, number=st.integers(0, 200))
    def bill(self, account: str, amount: str, number: int) -> None:
        self.tell("bill.issued", "system", bill=f"bill{number}", account=account, amount=amount)

    @rule(
        role=st.sampled_from(["system", "supervisor"]),
        homes=st.sampled_from([("A", "D"), ("E", "H")]),
        part=st.none() | amounts,
    )
    def a_customer_moves(self, role: str, homes: tuple[str, str], part: str | None) -> None:
        """What a transfer is for: the contracts of one account have ended, another's is in force."""
        old, new = homes
        self.conclude("system", new, None, "self-service", "electricity", None, None)
        self.contracts_of_an_account_change(new, "activated")
        self.contracts_of_an_account_change(old, "withdrawn")
        self.contracts_of_an_account_change(old, "terminated")
        self.transfer(role, old, new, part)

    @rule(role=roles, source=accounts, taker=accounts, amount=st.none() | amounts)
    def transfer(self, role: str, source: str, taker: str, amount: str | None) -> None:
        part = {} if amount is None else {"amount": amount}
        self.tell("discount.transfer", role, **{"from": source, "to": taker}, **part)

    @rule(number=st.integers(0, 200), pick=st.none() | picks)
    def cancel_bill(self, number: int, pick: int | None) -> None:
        bills = [line for line in map(json.loads, self.effective) if line["type"] == "bill.issued"]
        last = [line["data"]["bill"] for line in bills]
        self.tell("bill.cancelled", "system", bill=f"bill{number}" if pick is None else self.one_of(last, pick))

    @precondition(lambda self: self.contracts)
    @rule(role=roles, contract=picks, act=st.sampled_from(["hold", "release"]))
    def hold(self, role: str, contract: int, act: str) -> None:
        self.tell(f"referral.{act}", role, contract=self.one_of(self.contracts, contract), reason="because")

    @precondition(lambda self: self.contracts)
    @rule(role=roles, contract=picks, take_back=st.booleans())
    def void(self, role: str, contract: int, take_back: bool) -> None:
        chosen = self.one_of(self.contracts, contract)
        self.tell("referral.void", role, contract=chosen, take_back=take_back, reason="because")

    @precondition(lambda self: self.contracts)
    @rule(role=roles, contract=picks, amount=amounts)
    def note_fee(self, role: str, contract: int, amount: str) -> None:
        chosen = self.one_of(self.contracts, contract)
        self.tell("termination-fee.note", role, contract=chosen, amount=amount, reason="because")

    @rule()
    def due_grants_are_sent(self) -> None:
        self.finish()

    @precondition(lambda self: self.effective)
    @rule(pick=picks)
    def a_line_is_delivered_again(self, pick: int) -> None:
        before = self.seen()
        again = self.effective[pick % len(self.effective)]
        assert self.handle(again, 1)["outcome"] == "repeated"
        assert self.seen() == before

    @invariant()
    def periods_never_overlap(self) -> None:
        for account in ACCOUNTS:
            codes = self.store.promo_codes.of_account(account)
            codes_over_time(codes)  # refuses overlaps
            held = sum(code.ends_at is None for code in codes)
            assert held <= 1, codes
        for group in self.store.groups.all():
            Timeline(group.amounts.spans)

    @invariant()
    def every_grant_is_granted_at_most_once(self) -> None:
        grants = list(self.store.grants.all())
        assert max(Counter(grant.key for grant in grants).values(), default=1) == 1
        for account in ACCOUNTS:
            posted = [
                grant.amount for grant in grants if grant.account == account and self.billing.has_grant(grant.key)
            ]
            assert self.billing.balance(account).granted == Money.total(posted)
        for grant in grants:
            assert grant.status is not GrantStatus.GRANTED or self.billing.has_grant(grant.key)

    @invariant()
    def money_is_conserved(self) -> None:
        for account in ACCOUNTS:
            there = self.billing.balance(account)
            came, went = there.granted + there.transferred_in, there.consumed + there.transferred_out
            assert came == went + there.unused + there.taken_back
            assert Money.total(part.amount for part in there.parts) == there.unused

    @invariant()
    def what_is_taken_back_was_taken_once(self) -> None:
        reversals = list(self.store.reversals.all())
        for reversal in reversals:
            if reversal.amount is not None and self.billing.has_grant(reversal.grant):
                again = self.billing.take_back(reversal.grant, reversal.account, key=reversal.key, at=self.now)
                assert again == reversal.amount

    @invariant()
    def every_cent_of_a_grant_is_somewhere(self) -> None:
        for grant in self.store.grants.all():
            if self.billing.has_grant(grant.key):
                used = Money.total(use.amount for use in self.billing.uses(grant.key))
                assert used <= grant.amount

    @invariant()
    def locked_amounts_stay(self) -> None:
        for referral in self.store.referrals.all():
            offers = (referral.referrer_offer, referral.referee_offer)
            before = self.locked.get(referral.contract, offers)
            assert before[0] == offers[0]
            assert before[1] == offers[1] or self.may_change == referral.contract
            self.locked[referral.contract] = offers

    @invariant()
    def nobody_is_referred_twice(self) -> None:
        live = Counter(referral.referee_customer for referral in self.store.referrals.all() if referral.is_live)
        assert max(live.values(), default=1) == 1

    @invariant()
    def the_trace_verifies(self) -> None:
        for subject, _, _ in self.store.trace.heads():
            assert chain_faults(self.store.trace.chain(subject)) == ()

    def teardown(self) -> None:
        """Let billing recover: every grant is then granted exactly once, and replaying changes nothing."""
        self.mode = None
        self.flaky.recover()
        self.finish()
        for grant in self.store.grants.all():
            assert grant.is_settled, grant
        for reversal in self.store.reversals.all():
            assert reversal.is_settled, reversal
            assert self.billing.holders(reversal.grant) == ()
        self.every_grant_is_granted_at_most_once()
        self.money_is_conserved()
        for moment, then in self.known:
            assert self.known_then(moment) == then
        before = self.seen()
        for line in self.effective:
            assert self.handle(line, 1)["outcome"] == "repeated"
        self.finish()
        assert self.seen() == before


TestProgrammeInMotion = Programme_in_motion.TestCase
TestProgrammeInMotion.settings = settings(
    max_examples=40,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
