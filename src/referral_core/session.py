"""A session: one actor, one now, one transaction (P6, M4)."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from functools import cached_property
from types import TracebackType
from typing import Any, Final, Self, TypeVar

from referral_core.acts import ACTS, Act, Service
from referral_core.entities.actor import Actor
from referral_core.rules.permissions import given_reason, required_reason
from referral_core.services.accounts import Accounts
from referral_core.services.cases import Cases
from referral_core.services.codes import Codes
from referral_core.services.context import Context
from referral_core.services.contracts import Contracts
from referral_core.services.customers import Customers
from referral_core.services.discounts import Discounts
from referral_core.services.groups import Groups
from referral_core.services.launch import Launch
from referral_core.services.payouts import Payouts, settle
from referral_core.services.referrals import Referrals
from referral_core.services.sharing import Sharing
from referral_core.services.sign_ups import SignUps
from referral_core.services.trace import Trace
from referral_core.values.errors import ReadOnlySession, Refusal

__all__ = ["ACTS", "Services", "Session"]

R = TypeVar("R")


class Services:
    """Every service, by the noun it serves; what carries their acts out is the runner."""

    def __init__(self, runner: Any) -> None:  # noqa: ANN401 - a Runner, and what a session's services find in it
        self._runner = runner

    @cached_property
    def codes(self) -> Codes:
        """Promo codes: checked, shown, issued and ended."""
        return Codes(self._runner)

    @cached_property
    def sign_ups(self) -> SignUps:
        """Sign-ups: contracts that are concluded, with a code or without."""
        return SignUps(self._runner)

    @cached_property
    def contracts(self) -> Contracts:
        """What becomes of contracts: activated, withdrawn, terminated."""
        return Contracts(self._runner)

    @cached_property
    def referrals(self) -> Referrals:
        """Referrals: explained, and moved to another group."""
        return Referrals(self._runner)

    @cached_property
    def cases(self) -> Cases:
        """Failed self-service sign-ups, until somebody finishes them."""
        return Cases(self._runner)

    @cached_property
    def groups(self) -> Groups:
        """Discount groups and their amounts over time."""
        return Groups(self._runner)

    @cached_property
    def payouts(self) -> Payouts:
        """Grants on their way to billing."""
        return Payouts(self._runner)

    @cached_property
    def discounts(self) -> Discounts:
        """The discount that stands on an account in billing."""
        return Discounts(self._runner)

    @cached_property
    def sharing(self) -> Sharing:
        """Passing codes on, and what comes of it."""
        return Sharing(self._runner)

    @cached_property
    def accounts(self) -> Accounts:
        """What there is to see of an account."""
        return Accounts(self._runner)

    @cached_property
    def customers(self) -> Customers:
        """What is done about customers as such."""
        return Customers(self._runner)

    @cached_property
    def trace(self) -> Trace:
        """The trace: read, verified and sealed."""
        return Trace(self._runner)

    @cached_property
    def launch(self) -> Launch:
        """What is done once, when a retailer goes live."""
        return Launch(self._runner)

    def perform(self, act: Act[R], given: Mapping[str, Any]) -> R:
        """Carry out an act by its declaration, its arguments by their names; each is checked as by a call.

        :raises TypeError: one is missing, or the act does not have it.
        """
        service: Service = getattr(self, SERVICES[act.service])
        return self._runner.do(act, service, act.bind((), given))  # type: ignore[no-any-return]


SERVICES: Final[Mapping[str, str]] = {
    "Codes": "codes",
    "SignUps": "sign_ups",
    "Contracts": "contracts",
    "Referrals": "referrals",
    "Cases": "cases",
    "Groups": "groups",
    "Payouts": "payouts",
    "Discounts": "discounts",
    "Sharing": "sharing",
    "Accounts": "accounts",
    "Customers": "customers",
    "Trace": "trace",
    "Launch": "launch",
}
"""The name under which each class of services hangs on a session."""


class Session(Services):
    """The services of a desk for one actor at one now: made by :meth:`~referral_core.ReferralDesk.session`.

    A single act is one transaction by itself, and is tried again by itself when it lost a race. As a context manager a
    session is one transaction, and each act in it a savepoint: an act that is refused leaves the others as they are,
    an exception that leaves the block undoes them all. Inside a transaction of the host's, everything is part of that.

    A bill or a transfer by itself first has sent to billing what is due to its accounts; in a block it has not, as
    billing is not called from inside a transaction: pay before the block.

    Use it from one thread.
    """

    def __init__(self, context: Context) -> None:
        super().__init__(LocalRunner(context))
        self._context = context
        self._block = ExitStack()

    @property
    def actor(self) -> Actor:
        """Who asks."""
        return self._context.actor

    def admit(self, act: Act[Any], given: Mapping[str, Any]) -> None:
        """Look at whether the actor may ask for an act with these arguments, and says why (A1, A2).

        A single act does this by itself, before anything else. A door does, when a rule says something of an argument
        that nobody could hand over, as of an amount with a sign.

        :raises Refusal: ``not-allowed``, else ``reason-missing``.
        """
        self._runner.admit(act, act.defaults | act.bind((), given))

    def prepare(self, act: Act[Any], given: Mapping[str, Any]) -> None:
        """Admit an act, and send to billing what is due to the accounts whose balance it looks at, if it does (B2).

        A single act does this by itself. A door that does an act in a block, together with what it keeps of it, does
        this before the block: nothing is sent to billing from inside a transaction, and nothing for an act that would
        be refused whatever billing holds.

        :raises Refusal: ``not-allowed``, else ``reason-missing``.
        """
        service: Service = getattr(self, SERVICES[act.service])
        self._runner.prepare(act, service, act.defaults | act.bind((), given))

    def named(self, act: Act[Any], given: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
        """Return what an act with these arguments names: the hint that :meth:`Store.run` takes."""
        named: tuple[tuple[str, str], ...] = self._runner.named(act, act.defaults | act.bind((), given))
        return named

    def __enter__(self) -> Self:
        if self._runner.is_in_block:
            raise RuntimeError("the session is in a block already")
        self._block.enter_context(self._context.store.transaction())
        self._runner.is_in_block = True
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._runner.is_in_block = False
        self._block.__exit__(kind, error, trace)


class LocalRunner:
    """Carries acts out here: admits, opens the transaction, does the act, and does it again after a lost race."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.is_in_block = False
        self._inner = InnerRunner(context)

    def admit(self, act: Act[Any], given: dict[str, Any]) -> dict[str, Any]:
        """Return an act's arguments, the reason as it is kept, if the actor may ask for it; see :class:`Session`."""
        context = self.context
        context.permissions.admit(act, given)
        if not act.has_reason:
            return given
        if act.needs_reason(given):
            return {**given, "reason": required_reason(context.actor, act.name, given["reason"])}
        return {**given, "reason": given_reason(given["reason"])}

    def prepare(self, act: Act[Any], service: Service, given: dict[str, Any]) -> None:
        """Admit an act and settle what is due to the accounts whose balance it looks at; see :class:`Session`."""
        self.admit(act, given)
        if act.checks is not None:
            try:
                act.checks(type(service)(self._inner), **given)
            except Refusal:
                return  # the act says so itself; until then a door may find that it was done before
        settle(self.context, [given[name] for name in act.settles])

    def do(self, act: Act[R], service: Service, given: dict[str, Any]) -> R:
        """Carry out an act.

        The body runs on a service of its own, whose runner does not admit again: what it asks of other services is a
        part of the act. Nothing of that is remembered here, so that whoever shares a session is still looked at.
        """
        given = act.defaults | given
        context, inner = self.context, type(service)(self._inner)
        if context.known_at is not None and not act.reads:
            raise ReadOnlySession(act.name)

        def admitted() -> R:
            return act.body(inner, **self.admit(act, given))

        if act.settles and not self.is_in_block:
            self.prepare(act, service, given)
        if act.reads or act.bulk:
            return admitted()
        return context.store.run(admitted, self.named(act, given))

    def named(self, act: Act[Any], given: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
        """Return what an act with these arguments names, and what else it will look at.

        That is the text that it would draw for a new account, and what billing holds of the accounts it settles.
        """
        named = [*act.named(given), *(("ledger", given[name]) for name in act.settles)]
        likely = self.context.drawing.likely_text(given["account"]) if act.draws else None
        return tuple(named) if likely is None else (*named, ("code", likely))


class InnerRunner:
    """Carries out what the body of an act asks of services: as a part of that act."""

    def __init__(self, context: Context) -> None:
        self.context = context

    def do(self, act: Act[R], service: Service, given: dict[str, Any]) -> R:
        """Do the act's body; the act around it was admitted and has its transaction."""
        return act.body(service, **(act.defaults | given))
