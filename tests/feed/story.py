"""A feed told as a story: acts by the clocks of Tallinn, one line each, with what is expected to come of it.

>>> story = Story().with_amounts()
>>> code = story.referrer("A")
>>> _ = story.concluded("K1", account="B", code=code, at="2021-02-01 12:00")
>>> _ = story.activated("K1", at="2021-03-01 00:00")
>>> story.holds("A", granted="10")
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, TypedDict, cast

from referral_adapters.feed import FeedRunner
from referral_adapters.memory import MemoryStore
from referral_core import Programme
from referral_core.entities.trace import chain_faults
from tests.phrases import TALLINN, at

if TYPE_CHECKING:
    from collections.abc import Mapping

    from referral_core.entities.trace import TraceEntry

SECRET: Final = b"fixed-for-tests-" * 4
OUTCOMES: Final = ("done", "warned", "repeated", "refused", "invalid")
MONEY: Final = ("granted", "taken_back", "transferred_in", "transferred_out", "consumed", "unused", "pending")
CHANGED_NOTHING: Final = {"repeated", "refused", "invalid"}

# In the order of the rulebook's reason table, which results keep to.
REASONS: Final = (
    "code-unknown",
    "code-pending",
    "code-ended",
    "existing-customer",
    "former-customer",
    "self-referral",
    "already-referred",
    "not-eligible",
    "no-amount",
    "group-disabled",
)


class CodeRow(TypedDict):
    """What the summary shows of an account's latest code."""

    text: str
    status: str
    start: str | None
    end: str | None


class AccountRow(TypedDict):
    """What the summary shows of an account."""

    customer: str
    code: CodeRow | None
    sent: int
    used: int
    granted: str
    taken_back: str
    transferred_in: str
    transferred_out: str
    consumed: str
    unused: str
    pending: str


class ReferralRow(TypedDict):
    """What the summary shows of a referral."""

    contract: str
    code: str
    referrer: str
    referee: str
    status: str
    concluded_at: str
    honoured_moment: str | None
    channel: str
    referrer_group: str
    referee_group: str
    referrer_amount: str
    referee_amount: str


class CaseRow(TypedDict):
    """What the summary shows of a case."""

    case: str
    status: str
    promo_code: str | None
    discount_amount: str | None


class Summary(TypedDict):
    """What a feed has come to."""

    accounts: dict[str, AccountRow]
    referrals: list[ReferralRow]
    cases: list[CaseRow]
    liability: dict[str, str]
    lines: dict[str, int]


class Result:
    """One result line."""

    def __init__(self, fields: Mapping[str, Any]) -> None:
        self.fields: Final = dict(fields)

    def __getitem__(self, field: str) -> Any:  # noqa: ANN401 - a field of JSON
        return self.fields[field]

    def __contains__(self, field: str) -> bool:
        return field in self.fields

    def __repr__(self) -> str:
        return f"Result({self.fields})"

    @property
    def outcome(self) -> str:
        return str(self.fields["outcome"])

    @property
    def reasons(self) -> list[str]:
        return list(self.fields["reasons"])

    @property
    def message(self) -> str:
        return str(self.fields.get("message") or "")

    @property
    def issued(self) -> str:
        """The text of the code that the act issued."""
        return str(self.fields["issued"])

    @property
    def amounts(self) -> tuple[str, str]:
        """The referrer's and the referee's amount."""
        return self.fields["referrer_amount"], self.fields["referee_amount"]


def moment(text: str) -> datetime:
    """Return the moment that a text shows by the clocks of Tallinn, or with its own offset."""
    return at(text)


def written(moment: str) -> str:
    """Return a moment as lines and summaries write it; one that carries an offset already stays as it is.

    >>> written("2021-03-28 12:00"), written("2021-02-28T22:00:00Z")
    ('2021-03-28T12:00:00+03:00', '2021-02-28T22:00:00Z')
    """
    if "T" in moment:
        return moment
    return at(moment).astimezone(TALLINN).isoformat()


def dated(day_or_moment: str) -> str:
    """Return a day as it is, and a moment with its offset."""
    return written(day_or_moment) if ":" in day_or_moment else day_or_moment


def euros(amount: str) -> str:
    """Return an amount as summaries write it."""
    return f"{Decimal(amount):.2f}"


def line(
    kind: str,
    data: object,
    *,
    time: str,
    event: str = "e1",
    source: str = "story",
    role: str | None = None,
    actor: str | None = None,
    **other: object,
) -> str:
    """Return a line of a feed; ``None`` leaves an attribute out."""
    attributes = {
        "specversion": "1.0",
        "id": event,
        "source": source,
        "type": kind,
        "time": time,
        "actor": actor,
        "actorrole": role,
        "data": data,
        **other,
    }
    return json.dumps({name: value for name, value in attributes.items() if value is not None}, ensure_ascii=False)


def unused_of(value: Mapping[str, Decimal]) -> Decimal:
    """Return what is unused of an account's money: the law that holds on every account."""
    came, went = value["granted"] + value["transferred_in"], value["transferred_out"] + value["consumed"]
    return came - went - value["taken_back"]


class Story:
    """A feed in progress.

    Every act says by ``then`` what is expected to come of it: the outcome, followed by the exact reasons, or for
    ``invalid`` by words that the message has to contain; ``*`` is for whatever comes of it. Whatever comes of an act
    that changes nothing is checked to have changed nothing. An act without a moment happens a minute after the one
    before.
    """

    def __init__(
        self, programme: Programme | None = None, *, store: MemoryStore | None = None, secret: bytes = SECRET
    ) -> None:
        self.programme: Final = programme or Programme.default()
        self.store: Final = store or MemoryStore(self.programme, secret=secret)
        self.runner: Final = FeedRunner(self.programme, self.store)
        self.told: Final[list[str]] = []
        self.results: Final[list[Result]] = []
        self.clock = at("2020-12-01 12:00")

    # ── telling ───────────────────────────────────────────────────────────────────────────────────────────────────

    def handle(self, text: str, then: str = "done") -> Result:
        """Hand in a line as it is written."""
        expected, *expected_words = then.split()
        before = self.state() if expected in CHANGED_NOTHING else None
        self.told.append(text)
        result = Result(cast("Mapping[str, Any]", self.runner.handle(text, len(self.told))))
        self.results.append(result)
        assert expected in {result.outcome, "*"}, result
        assert result["line"] == len(self.told), result
        if expected == "invalid":
            assert all(word in result.message for word in expected_words), result
        elif expected != "*":
            assert result.reasons == expected_words, result
        if expected in {"warned", "refused", "invalid"}:
            assert result.message.strip(), result
        if before is not None:
            assert self.state() == before, "something changed"
        return result

    def send(
        self,
        kind: str,
        data: Mapping[str, object],
        *,
        at: str | None = None,
        then: str = "done",
        role: str | None = None,
        actor: str | None = None,
        event: str | None = None,
        source: str = "story",
    ) -> Result:
        """Hand in an act; fields of ``None`` are left out."""
        given = {field: value for field, value in data.items() if value is not None}
        event = event or f"e{len(self.told) + 1}"
        time = self.moves_to(at)
        result = self.handle(
            line(kind, given, time=time, event=event, source=source, role=role, actor=actor), then=then
        )
        assert result["id"] == event
        return result

    def moves_to(self, moment: str | None) -> str:
        """Move the story's clock and return what it shows, as a line writes it."""
        self.clock = datetime.fromisoformat(written(moment)) if moment else self.clock + timedelta(minutes=1)
        return written(moment) if moment else self.clock.astimezone(TALLINN).isoformat()

    def again(self, number: int = -1, then: str = "repeated") -> Result:
        """Hand in a line that was handed in before, by its place among them."""
        return self.handle(self.told[number], then=then)

    # ── acts ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def concluded(
        self,
        contract: str,
        *,
        account: str,
        customer: str | None = None,
        at: str | None = None,
        then: str = "done",
        role: str | None = None,
        actor: str | None = None,
        honour: str | None = None,
        **data: object,
    ) -> Result:
        """Conclude a contract; the customer is the account's name in small letters unless said otherwise."""
        data |= {"contract": contract, "account": account, "customer": customer or account.lower()}
        data |= {"honour": {"moment": written(honour)} if honour else None}
        return self.send("contract.concluded", data, at=at, then=then, role=role, actor=actor)

    def activated(self, contract: str, *, at: str | None = None, then: str = "done") -> Result:
        return self.send("contract.activated", {"contract": contract}, at=at, then=then)

    def terminated(self, contract: str, *, at: str | None = None, then: str = "done") -> Result:
        return self.send("contract.terminated", {"contract": contract}, at=at, then=then)

    def annulled(self, contract: str, *, at: str | None = None, then: str = "done") -> Result:
        return self.send("contract.annulled", {"contract": contract}, at=at, then=then)

    def withdrawn(self, contract: str, *, at: str | None = None, then: str = "done") -> Result:
        return self.send("contract.withdrawn", {"contract": contract}, at=at, then=then)

    def attached(
        self,
        contract: str,
        code: str,
        *,
        at: str | None = None,
        then: str = "done",
        role: str | None = None,
        honour: str | None = None,
        **data: object,
    ) -> Result:
        data |= {"contract": contract, "code": code, "honour": {"moment": written(honour)} if honour else None}
        return self.send("code.attach", data, at=at, then=then, role=role)

    def check(
        self, code: str, finds: str = "usable", *, at: str | None = None, role: str | None = None, **data: object
    ) -> Result:
        """Check a code, and expect it to be ``usable`` or to have these reasons against it."""
        reasons = [] if finds == "usable" else finds.split()
        time = self.moves_to(at)
        before = self.state()
        then = " ".join(["done", *reasons])
        result = self.send("code.check", {"code": code, **data}, at=time, then=then, role=role)
        assert result["usable"] is (not reasons), result
        assert self.state() == before, "a check changed something"
        return result

    def issue(
        self, account: str, code: str | None = None, *, at: str | None = None, then: str = "done", **data: object
    ) -> Result:
        result = self.send("code.issue", {"account": account, "code": code, **data}, at=at, then=then)
        assert (result.outcome == "done") == ("issued" in result and result["issued"] is not None), result
        return result

    def end(
        self,
        code: str,
        *,
        at: str | None = None,
        ends: str | None = None,
        then: str = "done",
        role: str | None = None,
        reason: str | None = "moved away",
        referrals: str | None = None,
    ) -> Result:
        """End a code, at once or when it is said to end."""
        data = {"code": code, "at": written(ends) if ends else None, "reason": reason, "referrals": referrals}
        return self.send("code.end", data, at=at, then=then, role=role)

    def shared(
        self, code: str, means: str = "link", *, at: str | None = None, then: str = "done", **who: str
    ) -> Result:
        return self.send("code.shared", {"code": code, "means": means}, at=at, then=then, **who)

    def group(
        self, act: str, group: str, *, at: str | None = None, then: str = "done", role: str | None = None, **data: str
    ) -> Result:
        """Add, rename, disable or enable a group."""
        return self.send(f"group.{act}", {"group": group, **data}, at=at, then=then, role=role)

    def amount(
        self,
        group: str,
        amount: str,
        *,
        from_: str | None = None,
        until: str | None = None,
        at: str | None = None,
        then: str = "done",
        role: str | None = None,
        **data: object,
    ) -> Result:
        """Set an amount; ``from_`` and ``until`` are days, or moments when they show a time."""
        data |= {"group": group, "amount": amount}
        data |= {"from": dated(from_) if from_ else None, "until": dated(until) if until else None}
        return self.send("amount.set", data, at=at, then=then, role=role)

    def change_group(
        self,
        contract: str,
        group: str,
        *,
        at: str | None = None,
        then: str = "done",
        role: str | None = None,
        reason: str | None = "started on the web",
    ) -> Result:
        data = {"contract": contract, "group": group, "reason": reason}
        return self.send("referral.change-group", data, at=at, then=then, role=role)

    def hold(self, contract: str, *, at: str | None = None, then: str = "done", **by: str) -> Result:
        return self.stop("hold", contract, at=at, then=then, **by)

    def release(self, contract: str, *, at: str | None = None, then: str = "done", **by: str) -> Result:
        return self.stop("release", contract, at=at, then=then, **by)

    def void(self, contract: str, *, at: str | None = None, then: str = "done", **by: Any) -> Result:  # noqa: ANN401
        return self.stop("void", contract, at=at, then=then, **by)

    def stop(
        self,
        act: str,
        contract: str,
        *,
        at: str | None = None,
        then: str = "done",
        role: str | None = None,
        reason: str | None = "looks odd",
        **more: object,
    ) -> Result:
        """Hold, release or void a referral."""
        data = {"contract": contract, "reason": reason, **more}
        return self.send(f"referral.{act}", data, at=at, then=then, role=role)

    def case_opened(
        self, case: str, *, customer: str, at: str | None = None, then: str = "done", **data: object
    ) -> Result:
        return self.send("case.open", {"case": case, "customer": customer, **data}, at=at, then=then)

    def case_finished(
        self,
        case: str,
        contract: str,
        *,
        account: str,
        customer: str | None = None,
        at: str | None = None,
        then: str = "done",
        role: str | None = None,
        **data: object,
    ) -> Result:
        data |= {"case": case, "contract": contract, "account": account, "customer": customer or account.lower()}
        return self.send("case.finish", data, at=at, then=then, role=role)

    def case_abandoned(self, case: str, *, at: str | None = None, then: str = "done") -> Result:
        return self.send("case.abandon", {"case": case}, at=at, then=then)

    def bill(self, bill: str, account: str, amount: str, *, at: str | None = None, then: str = "done") -> Result:
        return self.send("bill.issued", {"bill": bill, "account": account, "amount": amount}, at=at, then=then)

    def bill_cancelled(self, bill: str, *, at: str | None = None, then: str = "done") -> Result:
        return self.send("bill.cancelled", {"bill": bill}, at=at, then=then)

    def transfer(
        self, source: str, target: str, amount: str | None = None, *, at: str | None = None, then: str = "done"
    ) -> Result:
        return self.send("discount.transfer", {"from": source, "to": target, "amount": amount}, at=at, then=then)

    def fee(
        self,
        contract: str,
        amount: str,
        *,
        at: str | None = None,
        then: str = "done",
        role: str | None = None,
        reason: str | None = "left early",
    ) -> Result:
        data = {"contract": contract, "amount": amount, "reason": reason}
        return self.send("termination-fee.note", data, at=at, then=then, role=role)

    def lacks_reason(self, kind: str, data: Mapping[str, object], *, role: str) -> None:
        """Hand in an act that a person needs a reason for."""
        self.send(kind, data, role=role, then="refused reason-missing")

    # ── several acts at once ──────────────────────────────────────────────────────────────────────────────────────

    def with_amounts(
        self, referrer: str = "10", self_service: str = "7", manual: str = "8", from_: str = "2021-01-01"
    ) -> Story:
        """Give each of the three groups an open-ended amount."""
        for group, amount in (
            ("referrer", referrer),
            ("referee-self-service", self_service),
            ("referee-manual", manual),
        ):
            self.amount(group, amount, from_=from_)
        self.moves_to("2021-01-02 12:00")
        return self

    def referrer(self, account: str, *, since: str = "2021-01-05 12:00", text: str | None = None) -> str:
        """Give an account an active contract ``K-account``, and return its code, active since then."""
        issued = self.supplied(f"K-{account}", account=account, since=since).issued
        return self.issue(account, text, replace=True, at=since).issued if text else issued

    def supplied(self, contract: str, *, account: str, since: str, **data: Any) -> Result:  # noqa: ANN401
        """Have a contract concluded and activated at one moment, and return what concluding it gave."""
        result = self.concluded(contract, account=account, at=since, **data)
        self.activated(contract, at=since)
        return result

    # ── what has come of it ───────────────────────────────────────────────────────────────────────────────────────

    def state(self) -> object:
        """Return all that a line may change, but not the count of lines, once everything due is granted."""
        self.runner.finish()
        summary = {key: value for key, value in self.runner.summary(self.clock).items() if key != "lines"}
        return json.dumps(summary, sort_keys=True), list(self.store.trace.heads())

    def summary(self, at: datetime | None = None) -> Summary:
        """Return the summary, whose parts have to agree with each other and with what was told."""
        self.runner.finish()
        summary = cast("Summary", self.runner.summary(at))
        accounts = summary["accounts"].values()
        for row in accounts:
            value = {field: Decimal(row[field]) for field in MONEY}
            assert value["unused"] == unused_of(value), row
        liability = {name: Decimal(amount) for name, amount in summary["liability"].items()}
        assert liability["granted_unused"] == sum(Decimal(row["unused"]) for row in accounts)
        # What is held is locked, and pending for nobody; what of it had been sent before is neither.
        held = sum(
            Decimal(row["referrer_amount"]) + Decimal(row["referee_amount"])
            for row in summary["referrals"]
            if row["status"] == "held"
        )
        assert 0 <= liability["locked"] - sum(Decimal(row["pending"]) for row in accounts) <= held
        outcomes = Counter(result.outcome for result in self.results)
        assert summary["lines"] == {outcome: outcomes[outcome] for outcome in OUTCOMES}
        return summary

    def account(self, account: str) -> AccountRow:
        return self.summary()["accounts"][account]

    def balance(self, account: str) -> dict[str, str]:
        """Return an account's money, without what is nothing."""
        row = cast("dict[str, str]", self.account(account))
        return {field: row[field] for field in MONEY if row[field] != "0.00"}

    def holds(self, account: str, **money: str) -> None:
        """Expect this money on an account and nothing else; ``unused`` follows from the rest."""
        value = {field: Decimal(money.get(field, "0")) for field in MONEY}
        value |= {"unused": unused_of(value)}
        expected = {field: euros(str(amount)) for field, amount in value.items() if amount}
        assert self.balance(account) == {field: amount for field, amount in expected.items() if amount != "0.00"}

    def code(self, account: str, at: str | None = None) -> CodeRow | None:
        """Return an account's latest code, with its status as at a moment."""
        return self.summary(moment(at) if at else None)["accounts"][account]["code"]

    def code_is(self, account: str, status: str, *, at: str | None = None, **fields: str | None) -> str:
        """Expect the status of an account's latest code, and return its text."""
        code = self.code(account, at)
        assert code is not None
        assert code["status"] == status, code
        for field, value in fields.items():
            shown = cast("dict[str, str | None]", code)[field]
            assert shown == (written(value) if value and field != "text" else value), code
        return code["text"]

    def referral(self, contract: str) -> ReferralRow | None:
        """Return the referral of a contract, if it has one."""
        found = [row for row in self.summary()["referrals"] if row["contract"] == contract]
        assert len(found) <= 1, found
        return found[0] if found else None

    def referred(self, contract: str, **fields: str | None) -> ReferralRow:
        """Expect a referral of a contract, with these fields."""
        row = self.referral(contract)
        assert row is not None
        assert {field: cast("dict[str, str | None]", row)[field] for field in fields} == fields
        return row

    def case(self, case: str) -> CaseRow:
        (found,) = (row for row in self.summary()["cases"] if row["case"] == case)
        return found

    def trace(self) -> list[TraceEntry]:
        """Return all trace rows, subject by subject, whose chains have to hold."""
        chains = self.chains().values()
        for rows in chains:
            assert chain_faults(rows) == ()
        return [row for rows in chains for row in rows]

    def chain(self, subject: str) -> list[TraceEntry]:
        """Return the trace rows on one subject."""
        return list(self.store.trace.chain(subject))

    def chains(self) -> dict[str, list[TraceEntry]]:
        """Return the trace rows on every subject."""
        return {subject: self.chain(subject) for subject, *_ in self.store.trace.heads()}
