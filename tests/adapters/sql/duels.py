"""Duels: two acts at once on the same things, over and over, by threads or by processes, and what may come of them.

Each instance of a duel has accounts, customers and contracts of its own, made before anybody fights. The acts are
those of the desk, each in a transaction that is tried again when the store says so.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import Final

import attrs

from referral_adapters.feed import FeedRunner
from referral_adapters.sql import SqlStore
from referral_core import Actor, Money, Programme, ReferralDesk
from referral_core.entities.discount_group import Side
from referral_core.entities.promo_code import CodeStatus
from referral_core.entities.referral import ReferralStatus
from referral_core.services.holds import OpenReferrals
from referral_core.values.errors import Refusal

SYSTEM: Final = Actor.system()
NOW: Final = datetime(2025, 3, 1, 12, tzinfo=UTC)
LATER: Final = NOW + timedelta(days=1)
PATIENCE: Final = 120.0
TEN, FIVE, SIX = Money("10"), Money("5"), Money("6")
CODE: Final = "FRIEND"


@attrs.frozen
class Field:
    """Where duels are fought: a store, its desk, and what is shared by all instances."""

    store: SqlStore
    desk: ReferralDesk
    programme: Programme

    @classmethod
    def at(cls, url: str) -> Field:
        """Return the field in the database at ``url``."""
        programme = Programme.default()
        store = SqlStore(url, programme)
        return cls(store, ReferralDesk(programme, store), programme)

    def prepare(self) -> None:
        """Enter amounts for all groups, and give account ``A`` an active code that is called FRIEND."""
        with self.store.transaction():
            for group in self.store.groups.all():
                self.desk.session(actor=SYSTEM, now=NOW - timedelta(days=9)).groups.set_amount(group.id, amount=TEN)
            self.conclude("K", account="A", customer="C", at=NOW - timedelta(days=8))
            self.desk.session(actor=SYSTEM, now=NOW - timedelta(days=7)).contracts.activate("K")
            self.desk.session(actor=SYSTEM, now=NOW - timedelta(days=6)).codes.issue(
                "A", code=CODE, replace=True, reason="a word to remember"
            )

    def conclude(
        self, contract: str, *, account: str, customer: str, code: str | None = None, at: datetime = NOW,
        group: str | None = None,
    ) -> object:  # fmt: skip
        """Conclude a contract."""
        return self.desk.session(actor=SYSTEM, now=at).sign_ups.conclude(
            contract, account=account, customer=customer, code=code, group=group
        )

    def activate(self, contract: str) -> object:
        """Activate a contract."""
        return self.desk.session(actor=SYSTEM, now=LATER).contracts.activate(contract)

    def granted(self, account: str, contract: str) -> None:
        """Put ten euros on an account."""
        self.conclude(contract, account=account, customer=f"of {account}", code=CODE)
        self.activate(contract)


Act = Callable[[], object]


class Duel:
    """A duel of two acts; ``outcomes`` lists what may come of both, in this order, as ``done`` or a reason."""

    name: str
    outcomes: frozenset[tuple[str, str]]

    def prepare(self, field: Field, number: int) -> None:
        """Make what an instance is fought over."""

    def acts(self, field: Field, number: int) -> tuple[Act, Act]:
        """Return the two acts."""
        raise NotImplementedError

    def judge(self, field: Field, number: int, outcome: tuple[str, str]) -> None:
        """Look at what an instance left behind."""


def either(won: str, lost: str) -> frozenset[tuple[str, str]]:
    """Return that one of two wins and the other one loses."""
    return frozenset({(won, lost), (lost, won)})


class TwoSignUpsOfOneCustomer(Duel):
    name = "two sign-ups of one customer"
    outcomes = either("done", "already-referred")

    def acts(self, field: Field, number: int) -> tuple[Act, Act]:
        return tuple(  # type: ignore[return-value]
            lambda side=side: field.conclude(
                f"{side}-{number}", account=f"{side}-{number}", customer=f"C-{number}", code=CODE
            )
            for side in "LR"
        )

    def judge(self, field: Field, number: int, outcome: tuple[str, str]) -> None:
        winner = "LR"[outcome.index("done")]
        (live,) = field.store.referrals.live_of(f"C-{number}")
        assert live.contract == f"{winner}-{number}"
        assert [each.id for each in field.store.contracts.of_customer(f"C-{number}")] == [live.contract]


class OneContractTwice(Duel):
    name = "one contract twice"
    outcomes = either("done", "contract-exists")

    def acts(self, field: Field, number: int) -> tuple[Act, Act]:
        return tuple(  # type: ignore[return-value]
            lambda side=side: field.conclude(f"K-{number}", account=f"{side}-{number}", customer=f"{side}-{number}")
            for side in "LR"
        )

    def judge(self, field: Field, number: int, outcome: tuple[str, str]) -> None:
        winner, loser = "LR" if outcome[0] == "done" else "RL"
        assert [each.id for each in field.store.contracts.of_account(f"{winner}-{number}")] == [f"K-{number}"]
        assert field.store.contracts.of_account(f"{loser}-{number}") == ()
        assert field.store.promo_codes.of_account(f"{loser}-{number}") == ()


class OneActivationTwice(Duel):
    name = "one activation twice"
    outcomes = either("done", "contract-active")

    def prepare(self, field: Field, number: int) -> None:
        field.conclude(f"K-{number}", account=f"A-{number}", customer=f"C-{number}", code=CODE)

    def acts(self, field: Field, number: int) -> tuple[Act, Act]:
        return (lambda: field.activate(f"K-{number}"), lambda: field.activate(f"K-{number}"))

    def judge(self, field: Field, number: int, outcome: tuple[str, str]) -> None:
        assert [grant.amount for grant in field.store.grants.all(account=f"A-{number}")] == [TEN]


class ActivateAgainstWithdraw(Duel):
    name = "activate against withdraw"
    outcomes = frozenset({("done", "contract-active"), ("contract-ended", "done")})

    def prepare(self, field: Field, number: int) -> None:
        field.conclude(f"K-{number}", account=f"A-{number}", customer=f"C-{number}", code=CODE)

    def acts(self, field: Field, number: int) -> tuple[Act, Act]:
        return (
            lambda: field.activate(f"K-{number}"),
            lambda: field.desk.session(actor=SYSTEM, now=LATER).contracts.withdraw(f"K-{number}"),
        )

    def judge(self, field: Field, number: int, outcome: tuple[str, str]) -> None:
        referral = field.store.referrals.find(f"K-{number}")
        grants = list(field.store.grants.all(account=f"A-{number}"))
        (code,) = field.store.promo_codes.of_account(f"A-{number}")
        assert referral is not None
        if outcome[0] == "done":
            assert (referral.status, len(grants), code.status_at(LATER)) == (
                ReferralStatus.GRANTED, 1, CodeStatus.ACTIVE,
            )  # fmt: skip
        else:
            assert (referral.status, len(grants), code.status_at(LATER)) == (
                ReferralStatus.CANCELLED, 0, CodeStatus.ENDED,
            )  # fmt: skip


class GroupAgainstActivation(Duel):
    name = "change of group against activation"
    outcomes = frozenset({("done", "done"), ("contract-active", "done")})

    def prepare(self, field: Field, number: int) -> None:
        group = f"group-{number}"
        field.desk.session(actor=SYSTEM, now=NOW - timedelta(days=2)).groups.add(group, side=Side.REFEREE)
        field.desk.session(actor=SYSTEM, now=NOW - timedelta(days=2)).groups.set_amount(group, amount=FIVE)
        field.conclude(f"K-{number}", account=f"A-{number}", customer=f"C-{number}", code=CODE)

    def acts(self, field: Field, number: int) -> tuple[Act, Act]:
        return (
            lambda: field.desk.session(actor=SYSTEM, now=LATER).referrals.change_group(
                f"K-{number}", group=f"group-{number}", reason="as promised"
            ),
            lambda: field.activate(f"K-{number}"),
        )

    def judge(self, field: Field, number: int, outcome: tuple[str, str]) -> None:
        referral = field.store.referrals.find(f"K-{number}")
        (grant,) = field.store.grants.all(account=f"A-{number}")
        assert referral is not None
        assert grant.amount == referral.referee_offer.amount == (FIVE if outcome[0] == "done" else TEN)


class EndAgainstUse(Duel):
    name = "end against use of a code"
    outcomes = frozenset({("done", "done"), ("done", "code-ended")})

    def prepare(self, field: Field, number: int) -> None:
        field.conclude(f"S-{number}", account=f"S-{number}", customer=f"S-{number}", at=NOW - timedelta(days=3))
        field.desk.session(actor=SYSTEM, now=NOW - timedelta(days=2)).contracts.activate(f"S-{number}")

    def acts(self, field: Field, number: int) -> tuple[Act, Act]:
        (code,) = field.store.promo_codes.of_account(f"S-{number}")
        return (
            lambda: field.desk.session(actor=SYSTEM, now=NOW).codes.end(code.text, reason="too many uses"),
            lambda: field.conclude(f"K-{number}", account=f"A-{number}", customer=f"C-{number}", code=code.text),
        )

    def judge(self, field: Field, number: int, outcome: tuple[str, str]) -> None:
        (code,) = field.store.promo_codes.of_account(f"S-{number}")
        assert code.ends_at == NOW
        assert (field.store.referrals.find(f"K-{number}") is not None) == (outcome[1] == "done")


class TwoReplacements(Duel):
    name = "two replacements of a code"
    outcomes = frozenset({("done", "done")})

    def prepare(self, field: Field, number: int) -> None:
        field.conclude(f"S-{number}", account=f"S-{number}", customer=f"S-{number}", at=NOW - timedelta(days=3))
        field.desk.session(actor=SYSTEM, now=NOW - timedelta(days=2)).contracts.activate(f"S-{number}")

    def acts(self, field: Field, number: int) -> tuple[Act, Act]:
        return tuple(  # type: ignore[return-value]
            lambda side=side: field.desk.session(actor=SYSTEM, now=NOW).codes.issue(
                f"S-{number}", code=f"{side}{number:06d}", replace=True, reason="a nicer word"
            )
            for side in "LR"
        )

    def judge(self, field: Field, number: int, outcome: tuple[str, str]) -> None:
        codes = field.store.promo_codes.of_account(f"S-{number}")
        assert len(codes) == 3
        assert [code.status_at(NOW) for code in codes] == [CodeStatus.ENDED, CodeStatus.ENDED, CodeStatus.ACTIVE]


class TwoTransfers(Duel):
    name = "two transfers of one balance"
    outcomes = either("done", "amount-exceeds-unused")

    def prepare(self, field: Field, number: int) -> None:
        customer = f"C-{number}"
        field.conclude(f"K-{number}", account=f"A-{number}", customer=customer, code=CODE)
        field.activate(f"K-{number}")
        field.conclude(f"M-{number}", account=f"B-{number}", customer=customer)
        field.desk.session(actor=SYSTEM, now=LATER).contracts.activate(f"M-{number}")
        field.desk.session(actor=SYSTEM, now=LATER).contracts.terminate(f"K-{number}")

    def acts(self, field: Field, number: int) -> tuple[Act, Act]:
        return tuple(  # type: ignore[return-value]
            lambda side=side: field.desk.session(actor=SYSTEM, now=LATER).discounts.transfer(
                f"A-{number}", f"B-{number}", amount=SIX, key=f"{side}-{number}"
            )
            for side in "LR"
        )

    def judge(self, field: Field, number: int, outcome: tuple[str, str]) -> None:
        assert field.store.billing.balance(f"B-{number}").transferred_in == SIX
        assert field.store.billing.balance(f"A-{number}").unused == Money("4")


class TransferAgainstBill(TwoTransfers):
    name = "transfer against bill"
    outcomes = frozenset({("done", "done"), ("amount-exceeds-unused", "done")})

    def acts(self, field: Field, number: int) -> tuple[Act, Act]:
        transfer, _ = super().acts(field, number)
        return (
            transfer,
            lambda: field.desk.session(actor=SYSTEM, now=LATER).discounts.bill(
                f"B-{number}", account=f"A-{number}", amount=SIX
            ),
        )

    def judge(self, field: Field, number: int, outcome: tuple[str, str]) -> None:
        left = field.store.billing.balance(f"A-{number}")
        if outcome[0] == "done":
            assert (left.transferred_out, left.consumed, left.unused) == (SIX, Money("4"), Money("0"))
        else:
            assert (left.transferred_out, left.consumed, left.unused) == (Money("0"), SIX, Money("4"))


class AmountAgainstSignUp(Duel):
    name = "amount set against sign-up"
    outcomes = frozenset({("done", "done")})

    def prepare(self, field: Field, number: int) -> None:
        group = f"group-{number}"
        field.desk.session(actor=SYSTEM, now=NOW - timedelta(days=2)).groups.add(group, side=Side.REFEREE)
        field.desk.session(actor=SYSTEM, now=NOW - timedelta(days=2)).groups.set_amount(group, amount=FIVE)

    def acts(self, field: Field, number: int) -> tuple[Act, Act]:
        group = f"group-{number}"
        return (
            lambda: field.desk.session(actor=SYSTEM, now=NOW).groups.set_amount(group, amount=SIX),
            lambda: field.conclude(
                f"K-{number}", account=f"A-{number}", customer=f"C-{number}", code=CODE, group=group
            ),
        )

    def judge(self, field: Field, number: int, outcome: tuple[str, str]) -> None:
        referral = field.store.referrals.find(f"K-{number}")
        assert referral is not None
        assert referral.referee_offer.amount in {FIVE, SIX}
        group = field.store.groups.find(f"group-{number}")
        assert group is not None
        assert [str(span.value) for span in group.amounts] == [str(FIVE), str(SIX)]


class TwoPayers(Duel):
    name = "two payers of the same grants"
    outcomes = frozenset({("done", "done")})

    def prepare(self, field: Field, number: int) -> None:
        field.granted(f"A-{number}", f"K-{number}")

    def acts(self, field: Field, number: int) -> tuple[Act, Act]:
        def pay() -> None:
            field.desk.session(actor=SYSTEM, now=LATER).payouts.pay_due()

        return pay, pay

    def judge(self, field: Field, number: int, outcome: tuple[str, str]) -> None:
        assert field.store.billing.balance(f"A-{number}").granted == TEN


class TwoConsumers(Duel):
    name = "the same event from two consumers"
    outcomes = either("done", "repeated")

    def acts(self, field: Field, number: int) -> tuple[Act, Act]:
        line = json.dumps({
            "specversion": "1.0", "id": str(number), "source": "/queue", "type": "contract.concluded",
            "time": NOW.isoformat(),
            "data": {"contract": f"K-{number}", "account": f"A-{number}", "customer": f"C-{number}", "code": CODE},
        })  # fmt: skip

        def consume() -> str:
            return str(FeedRunner(field.programme, field.store).handle(line, 1)["outcome"])

        return consume, consume

    def judge(self, field: Field, number: int, outcome: tuple[str, str]) -> None:
        assert len(field.store.contracts.of_customer(f"C-{number}")) == 1
        assert field.store.referrals.find(f"K-{number}") is not None


class HoldAgainstPay(Duel):
    """A payer sends a grant or finds it held; what is held is not in billing, and is sent once it is released."""

    name = "hold against pay"
    outcomes = frozenset({("done", "done"), ("contract-active", "done")})
    stopped = "held"

    def prepare(self, field: Field, number: int) -> None:
        field.granted(f"A-{number}", f"K-{number}")

    def acts(self, field: Field, number: int) -> tuple[Act, Act]:
        def pay() -> None:
            field.desk.session(actor=SYSTEM, now=LATER).payouts.pay_due()

        return lambda: field.desk.session(actor=SYSTEM, now=LATER).referrals.hold(f"K-{number}"), pay

    def judge(self, field: Field, number: int, outcome: tuple[str, str]) -> None:
        session = field.desk.session(actor=SYSTEM, now=LATER + timedelta(days=1))
        session.payouts.pay_all()  # settles what is in doubt, and sends nothing that is held
        grant = field.store.grants.find(f"referee/K-{number}")
        assert grant is not None
        is_sent = grant.status.value == "granted"
        assert is_sent or grant.status.value == self.stopped
        assert is_sent or outcome[0] == "done"
        assert field.store.billing.balance(f"A-{number}").granted == (TEN if is_sent else Money("0"))


class VoidAgainstPay(HoldAgainstPay):
    """A payer sends a grant or finds it void; a void grant is never in billing."""

    name = "void against pay"
    outcomes = frozenset({("done", "done")})
    stopped = "void"

    def acts(self, field: Field, number: int) -> tuple[Act, Act]:
        _, pay = super().acts(field, number)
        return lambda: field.desk.session(actor=SYSTEM, now=LATER).referrals.void(f"K-{number}"), pay


class AnnulAgainstBill(Duel):
    """A contract is annulled while its customer is billed: what the bill did not take is taken back."""

    name = "annul against bill"
    outcomes = frozenset({("done", "done")})

    def prepare(self, field: Field, number: int) -> None:
        field.granted(f"A-{number}", f"K-{number}")

    def acts(self, field: Field, number: int) -> tuple[Act, Act]:
        session = field.desk.session(actor=SYSTEM, now=LATER)

        def annul() -> None:
            session.contracts.annul(f"K-{number}")
            field.desk.session(actor=SYSTEM, now=LATER).payouts.pay_due()

        bill = field.desk.session(actor=SYSTEM, now=LATER).discounts.bill
        return annul, lambda: bill(f"B-{number}", account=f"A-{number}", amount=SIX)

    def judge(self, field: Field, number: int, outcome: tuple[str, str]) -> None:
        field.desk.session(actor=SYSTEM, now=LATER).payouts.pay_all()
        left = field.store.billing.balance(f"A-{number}")
        assert (left.consumed, left.taken_back) in {(SIX, Money("4")), (Money("0"), TEN)}


class TakeBackAgainstTransfer(TwoTransfers):
    """What is taken back is moved to another account meanwhile: it is taken back there."""

    name = "take back against transfer"
    outcomes = frozenset({("done", "done")})

    def acts(self, field: Field, number: int) -> tuple[Act, Act]:
        def take_back() -> None:
            session = field.desk.session(actor=SYSTEM, now=LATER)
            session.referrals.void(f"K-{number}", side=Side.REFEREE, take_back=True)
            session.payouts.pay_due()

        transfer = field.desk.session(actor=SYSTEM, now=LATER).discounts.transfer
        return take_back, lambda: transfer(f"A-{number}", f"B-{number}")

    def judge(self, field: Field, number: int, outcome: tuple[str, str]) -> None:
        field.desk.session(actor=SYSTEM, now=LATER).payouts.pay_all()
        balances = [field.store.billing.balance(f"{side}-{number}") for side in "AB"]
        assert Money.total(each.taken_back for each in balances) == TEN
        assert [each.unused for each in balances] == [Money("0")] * 2


class CancelBillAgainstBill(Duel):
    """A bill is cancelled while another one is issued: what comes back is used once, or is there."""

    name = "cancel bill against bill"
    outcomes = frozenset({("done", "done")})

    def prepare(self, field: Field, number: int) -> None:
        field.granted(f"A-{number}", f"K-{number}")
        field.desk.session(actor=SYSTEM, now=LATER).payouts.pay_all()
        field.desk.session(actor=SYSTEM, now=LATER).discounts.bill(f"R-{number}", account=f"A-{number}", amount=SIX)

    def acts(self, field: Field, number: int) -> tuple[Act, Act]:
        discounts = field.desk.session(actor=SYSTEM, now=LATER).discounts
        others = field.desk.session(actor=SYSTEM, now=LATER).discounts
        return (
            lambda: discounts.cancel_bill(f"R-{number}"),
            lambda: others.bill(f"B-{number}", account=f"A-{number}", amount=SIX),
        )

    def judge(self, field: Field, number: int, outcome: tuple[str, str]) -> None:
        left = field.store.billing.balance(f"A-{number}")
        assert (left.consumed, left.unused) in {(SIX, Money("4")), (Money("4"), SIX)}


class VoidAgainstActivation(Duel):
    """A contract activates and its referral is voided: whoever comes first, nothing is sent."""

    name = "void against activation"
    outcomes = frozenset({("done", "done")})

    def prepare(self, field: Field, number: int) -> None:
        field.conclude(f"K-{number}", account=f"A-{number}", customer=f"C-{number}", code=CODE)

    def acts(self, field: Field, number: int) -> tuple[Act, Act]:
        return (
            lambda: field.desk.session(actor=SYSTEM, now=LATER).referrals.void(f"K-{number}"),
            lambda: field.activate(f"K-{number}"),
        )

    def judge(self, field: Field, number: int, outcome: tuple[str, str]) -> None:
        referral = field.store.referrals.find(f"K-{number}")
        assert referral is not None
        assert referral.status is ReferralStatus.VOID
        grants = [grant.status.value for grant in field.store.grants.all(account=f"A-{number}")]
        assert grants == ([] if referral.granted_at is None else ["void"])


class ReleaseAgainstVoid(Duel):
    """A held referral that is owed is released and voided: it is void in the end, or the release is refused."""

    name = "release against void"
    outcomes = frozenset({("done", "done"), ("referral-void", "done")})

    def prepare(self, field: Field, number: int) -> None:
        field.conclude(f"K-{number}", account=f"A-{number}", customer=f"C-{number}", code=CODE)
        field.desk.session(actor=SYSTEM, now=NOW).referrals.hold(f"K-{number}")
        field.activate(f"K-{number}")

    def acts(self, field: Field, number: int) -> tuple[Act, Act]:
        referrals = field.desk.session(actor=SYSTEM, now=LATER).referrals
        return lambda: referrals.release(f"K-{number}"), lambda: referrals.void(f"K-{number}")

    def judge(self, field: Field, number: int, outcome: tuple[str, str]) -> None:
        referral = field.store.referrals.find(f"K-{number}")
        assert referral is not None
        assert referral.status is ReferralStatus.VOID
        assert [grant.status.value for grant in field.store.grants.all(account=f"A-{number}")] == ["void"]


class EndAndVoidAgainstUse(EndAgainstUse):
    """A code is ended with its referrals while it is used: no use is left that is not void."""

    name = "end and void against use of a code"

    def acts(self, field: Field, number: int) -> tuple[Act, Act]:
        (code,) = field.store.promo_codes.of_account(f"S-{number}")
        _, use = super().acts(field, number)
        return (
            lambda: field.desk.session(actor=SYSTEM, now=NOW).codes.end(code.text, referrals=OpenReferrals.VOID),
            use,
        )

    def judge(self, field: Field, number: int, outcome: tuple[str, str]) -> None:
        super().judge(field, number, outcome)
        referral = field.store.referrals.find(f"K-{number}")
        assert referral is None or referral.status is ReferralStatus.VOID


class EndAndVoidAgainstActivation(EndAndVoidAgainstUse):
    """A code is ended with its referrals while a contract of one activates: it is void, or granted and owed."""

    name = "end and void against activation"
    outcomes = frozenset({("done", "done")})

    def prepare(self, field: Field, number: int) -> None:
        super().prepare(field, number)
        (code,) = field.store.promo_codes.of_account(f"S-{number}")
        field.conclude(f"K-{number}", account=f"A-{number}", customer=f"C-{number}", code=code.text)

    def acts(self, field: Field, number: int) -> tuple[Act, Act]:
        end, _ = super().acts(field, number)
        return end, lambda: field.activate(f"K-{number}")

    def judge(self, field: Field, number: int, outcome: tuple[str, str]) -> None:
        referral = field.store.referrals.find(f"K-{number}")
        grants = [grant.status.value for grant in field.store.grants.all(account=f"A-{number}")]
        assert referral is not None
        assert (referral.status, grants) in [(ReferralStatus.VOID, []), (ReferralStatus.GRANTED, ["due"])]


DUELS: Final[dict[str, Duel]] = {
    duel.name: duel
    for duel in (
        TwoSignUpsOfOneCustomer(), OneContractTwice(), OneActivationTwice(), ActivateAgainstWithdraw(),
        GroupAgainstActivation(), EndAgainstUse(), TwoReplacements(), TwoTransfers(), TransferAgainstBill(),
        AmountAgainstSignUp(), TwoPayers(), TwoConsumers(), HoldAgainstPay(), VoidAgainstPay(), VoidAgainstActivation(),
        ReleaseAgainstVoid(), EndAndVoidAgainstUse(), EndAndVoidAgainstActivation(), AnnulAgainstBill(),
        TakeBackAgainstTransfer(), CancelBillAgainstBill(),
    )
}  # fmt: skip

WITHOUT_A_TRANSACTION_AROUND: Final = (
    TwoPayers,
    TwoConsumers,
    HoldAgainstPay,
    AnnulAgainstBill,
    TakeBackAgainstTransfer,
)
"""What makes its own."""


def fight(field: Field, duel: Duel, numbers: range, side: int, start: Barrier) -> list[str]:
    """Do one side's act of every instance, as soon as the other side is there; return what came of each."""
    told = []
    for number in numbers:
        act = duel.acts(field, number)[side]
        # By itself an act is a unit of work; in a host's transaction it is done a statement at a time.
        is_bare = isinstance(duel, WITHOUT_A_TRANSACTION_AROUND) or number // 2 % 2 == 0
        start.wait(PATIENCE)
        try:
            done = act() if is_bare else field.store.run(act)
            told.append(done if isinstance(done, str) else "done")
        except Refusal as refusal:
            told.append(str(refusal.reasons[0]))
        except Exception as error:  # noqa: BLE001 - shown by the test
            told.append(repr(error))
    return told
