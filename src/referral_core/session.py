"""A session: one actor, one now, one transaction (P6, M4)."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from functools import cached_property
from types import TracebackType
from typing import Any, Final, Self, TypeVar

from referral_core.acts import ACTS, Act, Service
from referral_core.entities.actor import Actor
from referral_core.entities.promo_code import PromoCode
from referral_core.rules.permissions import given_reason, required_reason
from referral_core.services.accounts import Accounts, AccountView
from referral_core.services.cases import Cases
from referral_core.services.codes import Codes
from referral_core.services.context import Context
from referral_core.services.contracts import Contracts
from referral_core.services.customers import Customers
from referral_core.services.discounts import Discounts
from referral_core.services.groups import Groups
from referral_core.services.launch import Launch
from referral_core.services.payouts import Payouts, due_of, send, settle
from referral_core.services.programmes import Programmes
from referral_core.services.referrals import Referrals
from referral_core.services.sharing import Sharings
from referral_core.services.sign_ups import SignUps
from referral_core.services.trace import Trace
from referral_core.services.visibility import Visibility
from referral_core.values.errors import ReadOnlySession, Refusal
from referral_core.values.moment import showing_moments_in

__all__ = ["ACTS", "Services", "Session"]

R = TypeVar("R")


class Services:
    """All services by their names; the runner carries out their acts."""

    def __init__(self, runner: Any) -> None:  # noqa: ANN401 - a Runner, and what a session's services find in it
        self._runner = runner

    @cached_property
    def codes(self) -> Codes:
        """Promo codes: checks, views, issuing and ending."""
        return Codes(self._runner)

    @cached_property
    def sign_ups(self) -> SignUps:
        """Sign-ups: contracts concluded with a code or without."""
        return SignUps(self._runner)

    @cached_property
    def contracts(self) -> Contracts:
        """Contracts: activation, withdrawal and termination."""
        return Contracts(self._runner)

    @cached_property
    def referrals(self) -> Referrals:
        """Referrals: explanations, changes of group, holds, releases and voids."""
        return Referrals(self._runner)

    @cached_property
    def cases(self) -> Cases:
        """Cases: failed self-service sign-ups, until staff finish them."""
        return Cases(self._runner)

    @cached_property
    def groups(self) -> Groups:
        """Discount groups and their amounts over time."""
        return Groups(self._runner)

    @cached_property
    def payouts(self) -> Payouts:
        """Payouts: grants on their way to billing."""
        return Payouts(self._runner)

    @cached_property
    def discounts(self) -> Discounts:
        """Discounts of accounts in billing."""
        return Discounts(self._runner)

    @cached_property
    def sharing(self) -> Sharings:
        """Sharing of codes: records, texts and figures."""
        return Sharings(self._runner)

    @cached_property
    def accounts(self) -> Accounts:
        """Views of accounts."""
        return Accounts(self._runner)

    @cached_property
    def customers(self) -> Customers:
        """Customers: erasure."""
        return Customers(self._runner)

    @cached_property
    def trace(self) -> Trace:
        """The trace: reading, verification and seals."""
        return Trace(self._runner)

    @cached_property
    def programme(self) -> Programmes:
        """The programme: what the store lacks of it, and its application to the store."""
        return Programmes(self._runner)

    @cached_property
    def launch(self) -> Launch:
        """The launch of a retailer: import of contracts, and first codes."""
        return Launch(self._runner)

    def perform(self, act: Act[R], given: Mapping[str, Any]) -> R:
        """Carry out an act by its declaration, with arguments by name; they are checked as in a call.

        :raises TypeError: an argument is missing or unknown.
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
    "Sharings": "sharing",
    "Accounts": "accounts",
    "Customers": "customers",
    "Trace": "trace",
    "Launch": "launch",
    "Programmes": "programme",
}
"""The attribute of a session for each class of services."""


class Session(Services):
    """The services of a desk for one actor at one now: made by :meth:`~referral_core.ReferralDesk.session`.

    A single act is one transaction, and is repeated automatically after a lost race. As a context manager a session is
    one transaction with a savepoint for each act: a refused act leaves the others unchanged, and an exception that
    leaves the block undoes all of them. Inside a transaction of the host everything is part of that.

    A single bill or transfer first pays the due grants of its accounts. In a block it does not, because billing is
    never called inside a transaction: pay before the block.

    A session is for one thread.
    """

    def __init__(self, context: Context) -> None:
        super().__init__(LocalRunner(context))
        self._context = context
        self._block = ExitStack()

    @property
    def actor(self) -> Actor:
        """The actor of the session."""
        return self._context.actor

    def admit(self, act: Act[Any], given: Mapping[str, Any]) -> None:
        """Refuse an act unless the actor may ask for it with these arguments, and gives a reason if needed (A1, A2).

        Every act does this first by itself. Adapters call it when they refuse an argument that no program could pass,
        such as an amount with a sign, so that ``not-allowed`` comes before the faults of arguments.

        :raises Refusal: ``not-allowed``, else ``reason-missing``.
        """
        self._runner.admit(act, act.defaults | act.bind((), given))

    def draw(self, act: Act[Any], given: Mapping[str, Any]) -> None:
        """Count the codes among an act's arguments against the limit on guessing (A4).

        Every act does this first by itself. Adapters call it before they open a transaction around an act, and before
        they look at a code themselves. A code is counted once in a session.

        :raises TooManyCodes: the asker has given too many in too short a time.
        """
        self._runner.draw(act, given)

    def prepare(self, act: Act[Any], given: Mapping[str, Any]) -> None:
        """Admit an act, and pay the due grants of the accounts whose balance it uses (B2).

        A single act does this by itself. An adapter that runs an act in a block, together with records of its own,
        calls it before the block: billing is never called inside a transaction, and nothing is paid for an act that
        would be refused in any case.

        :raises Refusal: ``not-allowed``, else ``reason-missing``.
        """
        service: Service = getattr(self, SERVICES[act.service])
        self._runner.prepare(act, service, act.defaults | act.bind((), given))

    def owes(self, act: Act[Any], given: Mapping[str, Any]) -> bool:
        """Tell whether grants are due that an act with these arguments may have made so; see :meth:`send`."""
        return bool(due_of(self._context, [given[name] for name in act.owes]))

    def send(self, act: Act[Any], given: Mapping[str, Any]) -> None:
        """Pay the grants that an act with these arguments has made due (B1).

        The act itself leaves them to the next run of payouts. A feed calls this after the transaction of each line, so
        that its next line finds them in billing.
        """
        send(self._context, [given[name] for name in act.owes])

    def named(self, act: Act[Any], given: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
        """Return the things that an act with these arguments names: the hint for :meth:`Store.run`."""
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
    """The runner of a session: admits an act, opens the transaction, and repeats the act after a lost race."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.is_in_block = False
        self._inner = InnerRunner(context)

    def draw(self, act: Act[Any], given: Mapping[str, Any]) -> None:
        """Count the codes among an act's arguments against the limit on guessing; see :meth:`Session.draw`."""
        if act.codes and self.context.code_limit is not None:
            self.context.code_limit.draw(act, given)

    def admit(self, act: Act[Any], given: dict[str, Any]) -> dict[str, Any]:
        """Return an act's arguments with the reason as it is stored, or refuse the act; see :meth:`Session.admit`."""
        context = self.context
        self.draw(act, given)  # first, as "not allowed" may tell a code that is there from one that is not
        context.permissions.admit(act, given)
        if not act.has_reason:
            return given
        if act.needs_reason(given):
            return {**given, "reason": required_reason(context.actor, act.name, given["reason"])}
        return {**given, "reason": given_reason(given["reason"])}

    def prepare(self, act: Act[Any], service: Service, given: dict[str, Any]) -> None:
        """Admit an act and pay the due grants of the accounts whose balance it uses; see :meth:`Session.prepare`."""
        self.admit(act, given)
        if act.checks is not None:
            try:
                act.checks(type(service)(self._inner), **given)
            except Refusal:
                return  # the act itself raises it; before that, an adapter may find the answer of an earlier request
        settle(self.context, [given[name] for name in act.settles])

    def do(self, act: Act[R], service: Service, given: dict[str, Any]) -> R:
        """Carry out an act.

        The body runs on a service with an inner runner, which does not admit again: acts that the body calls are a part
        of this one. The inner runner is not kept on the session, so every act of the session itself is still admitted.
        """
        # A new inner service for each act: its runner must never be reached through the session.
        given = act.defaults | given
        context, inner = self.context, type(service)(self._inner)
        visible = Visibility(context.permissions)
        if context.known_at is not None and not act.reads:
            raise ReadOnlySession(act.name)

        def admitted() -> R:
            context.begin_act()
            answer = act.body(inner, **self.admit(act, given))
            context.trace_the_rest(act.name)
            answer = visible.of(answer)
            if context.code_limit is not None:
                context.code_limit.show(_shown_by(answer))
            return answer

        self.draw(act, given)  # before a transaction is open, which a database that counts would be kept waiting for
        with showing_moments_in(context.programme.calendar):  # in the sentences of refusals
            # In a block a transaction is open, in which billing is never called.
            if act.settles and not self.is_in_block:
                self.prepare(act, service, given)
            # Reading needs no transaction of its own, and a bulk act opens one for each of its steps.
            if act.reads or act.bulk:
                return admitted()
            return context.store.run(admitted, self.named(act, given))

    def named(self, act: Act[Any], given: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
        """Return the things that an act with these arguments names, and two more that it will read.

        These are the likely text of a new account's code, and the balances in billing of the accounts that it settles.
        """
        named = [*act.named(given), *(("ledger", given[name]) for name in act.settles)]
        likely = self.context.code_texts.likely_text(given["account"]) if act.issues else None
        return tuple(named) if likely is None else (*named, ("code", likely))


def _shown_by(answer: object) -> tuple[PromoCode, ...]:
    """Return the codes that an answer shows: a code itself, or those of an account."""
    if isinstance(answer, AccountView):
        return answer.codes
    return (answer,) if isinstance(answer, PromoCode) else ()


class InnerRunner:
    """The runner inside an act: other acts that its body calls are a part of it."""

    def __init__(self, context: Context) -> None:
        self.context = context

    def do(self, act: Act[R], service: Service, given: dict[str, Any]) -> R:
        """Run the act's body; the outer act was admitted and has its transaction."""
        return act.body(service, **(act.defaults | given))
