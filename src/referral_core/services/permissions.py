"""Permissions: looked at once, before anything is done, from what an act says it touches (A1, P2, A6).

An act's declaration names what it touches by the functions at the end of this module: each is given the act's
arguments and yields each :class:`Limit` that they lie within. Whatever an act shows or changes stands on accounts,
and an account is in the segments of all contracts on it. What is not there touches nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import attrs

from referral_core.acts import Act
from referral_core.entities.actor import Actor, Role
from referral_core.entities.contract import Contract
from referral_core.programme.programme import Programme
from referral_core.rules.permissions import permit_role
from referral_core.values.code_text import fold
from referral_core.values.errors import Refusal
from referral_core.values.reason import Reason
from referral_core.values.word import Word

if TYPE_CHECKING:
    from referral_core.ports.store import Repositories


class Limit(Word):
    """By what an actor can be limited."""

    SEGMENT = "segment"
    CHANNEL = "channel"
    OWNER = "owner"
    """A customer, to what is their own."""


Touched = Iterator[tuple[Limit, str | None]]


@attrs.frozen
class Permissions:
    """Who may do and see what, for one actor."""

    ports: Repositories
    programme: Programme
    actor: Actor

    def admit(self, act: Act[Any], given: Mapping[str, Any]) -> None:
        """Refuse with ``not-allowed`` unless the actor may ask for an act with these arguments.

        Nothing is looked up for an actor who is not limited.
        """
        actor = self.actor
        permit_role(actor, act.name, act.least, channels=act.channels)
        if act.facts and actor.role is not Role.SYSTEM and any(given.get(name) is not None for name in act.facts):
            raise Refusal(Reason.NOT_ALLOWED, message="only systems say when something came to be", field="at")
        if not self.is_limited:
            return
        for touch in act.touches:
            for limit, value in touch(self, given):
                self._hold(act.name, limit, value)
        if actor.channels is not None and act.needs_reason(given):
            raise Refusal(Reason.NOT_ALLOWED, message="groups are chosen and moments honoured by staff", field="actor")

    def admit_everywhere(self, act: Act[Any]) -> None:
        """Refuse with ``not-allowed`` an actor whose role does not admit an act, or who is limited to some segments."""
        permit_role(self.actor, act.name, act.least, channels=act.channels)
        for limit, value in everything(self, {}):
            self._hold(act.name, limit, value)

    @property
    def is_limited(self) -> bool:
        """Tell whether there is anything that the actor's role admits and the actor may not touch."""
        actor = self.actor
        return actor.segments is not None or actor.channels is not None or actor.role is Role.CUSTOMER

    def sees(self, *, accounts: Iterable[str] = (), code: str | None = None, segment: str | None = None) -> bool:
        """Tell whether all of that lies within the actor's segments.

        What is asked for one by one is refused where it does not; a list leaves it out.
        """
        if self.actor.segments is None:
            return True
        limits = [limit for account in accounts for limit in self.of_account(account)]
        limits += [*self.of_code(code), *self.of_segment(segment)]
        return all(value in self.actor.segments for _, value in limits)

    def sees_referral(self, contract: Contract) -> bool:
        """Tell whether a contract is of the actor's channels, and both accounts of its referral of their segments."""
        return self.actor.serves(contract.channel) and (
            self.actor.segments is None or self.sees(accounts=self.sides(contract))
        )

    def sides(self, contract: Contract) -> Iterator[str]:
        """Yield the accounts that a contract's referral is about: its own, and the referrer's."""
        yield contract.account
        referral = self.ports.referrals.find(contract.id)
        if referral is not None:
            yield referral.referrer

    def of_account(self, account: str) -> Touched:
        """Yield the segments of an account, for who is limited to some."""
        if self.actor.segments is not None:
            for contract in self.ports.contracts.of_account(account):
                yield Limit.SEGMENT, contract.segment

    def of_code(self, code: str | None) -> Touched:
        """Yield the segments of the account that holds a code, for who is limited to some."""
        if code is not None and self.actor.segments is not None:
            found = self.ports.promo_codes.find(fold(code))
            if found is not None:
                yield from self.of_account(found.account)

    def of_customer(self, customer: str | None) -> Touched:
        """Yield the segments of every account of a customer, for who is limited to some."""
        if customer is not None and self.actor.segments is not None:
            for contract in self.ports.contracts.of_customer(customer):
                yield Limit.SEGMENT, contract.segment

    def of_segment(self, segment: str | None) -> Touched:
        """Yield a segment."""
        if segment is not None:
            yield Limit.SEGMENT, segment

    def of_contract(self, contract: str) -> Contract | None:
        """Return a contract, for who is limited to anything."""
        return self.ports.contracts.find(contract)

    def _hold(self, act: str, limit: Limit, value: str | None) -> None:
        actor = self.actor
        if limit is Limit.OWNER:
            if actor.role is Role.CUSTOMER and actor.id != value:
                raise Refusal(Reason.NOT_ALLOWED, message=f"{act} is for the customer's own accounts", field="actor")
        elif limit is Limit.CHANNEL:
            if not actor.serves(str(value)):
                raise Refusal(
                    Reason.NOT_ALLOWED, message=f"{act} is in another channel than the actor's", field="channel"
                )
        elif actor.segments is not None and value not in actor.segments:
            raise Refusal(
                Reason.NOT_ALLOWED,
                message=f"{act} touches a segment outside {', '.join(sorted(actor.segments))}",
                field="actor",
            )


def an_account(look: Permissions, given: Mapping[str, Any]) -> Touched:
    """Touch the account named."""
    return look.of_account(given["account"])


def own_account(look: Permissions, given: Mapping[str, Any]) -> Touched:
    """Touch the account named; a customer's must be their own."""
    yield from look.of_account(given["account"])
    contracts = look.ports.contracts.of_account(given["account"])
    yield Limit.OWNER, contracts[0].customer if contracts else None


def both_accounts(look: Permissions, given: Mapping[str, Any]) -> Touched:
    """Touch the accounts that something moves between."""
    yield from look.of_account(given["source"])
    yield from look.of_account(given["target"])


def own_customer(_: Permissions, given: Mapping[str, Any]) -> Touched:
    """Touch the customer named, for a customer themselves."""
    yield Limit.OWNER, given["customer"]


def a_person(look: Permissions, given: Mapping[str, Any]) -> Touched:
    """Touch every account on which the store names the customer."""
    for account in look.ports.personal_data(given["customer"]).accounts:
        yield from look.of_account(account)


def a_contract(look: Permissions, given: Mapping[str, Any]) -> Touched:
    """Touch the account of the contract named."""
    found = look.of_contract(given["contract"])
    if found is not None:
        yield from look.of_account(found.account)


def a_referral(look: Permissions, given: Mapping[str, Any]) -> Touched:
    """Touch both accounts of the referral of the contract named."""
    found = look.of_contract(given["contract"])
    if found is not None:
        for account in look.sides(found):
            yield from look.of_account(account)


def a_sign_up(look: Permissions, given: Mapping[str, Any]) -> Touched:
    """Touch both accounts of the referral of the contract named, and the contract's channel."""
    yield from a_referral(look, given)
    found = look.of_contract(given["contract"])
    if found is not None:
        yield Limit.CHANNEL, found.channel


def a_customer_judged(look: Permissions, given: Mapping[str, Any]) -> Touched:
    """Touch every account of the customer for whom a code is judged, if one is given."""
    return look.of_customer(given.get("customer") if given.get("code") is not None else None)


def a_contracts_customer(look: Permissions, given: Mapping[str, Any]) -> Touched:
    """Touch the channel of the contract named, and every account of its customer, for whom a code is judged."""
    found = look.of_contract(given["contract"])
    if found is not None:
        yield from look.of_customer(found.customer)
        yield Limit.CHANNEL, found.channel


def a_code(look: Permissions, given: Mapping[str, Any]) -> Touched:
    """Touch the account that holds the code named."""
    return look.of_code(given.get("code"))


def own_code(look: Permissions, given: Mapping[str, Any]) -> Touched:
    """Touch the account that holds the code named; a customer's must be their own. An unknown code touches nothing."""
    found = look.ports.promo_codes.find(fold(given["code"]))
    if found is not None:
        yield from look.of_account(found.account)
        yield Limit.OWNER, found.customer


def a_segment(look: Permissions, given: Mapping[str, Any]) -> Touched:
    """Touch the segment named."""
    return look.of_segment(given.get("segment"))


def a_channel(_: Permissions, given: Mapping[str, Any]) -> Touched:
    """Touch the channel named."""
    yield Limit.CHANNEL, given["channel"]


def a_case(look: Permissions, given: Mapping[str, Any]) -> Touched:
    """Touch the segment of the case named, and the account that holds the code it carries."""
    found = look.ports.cases.find(given["case"])
    if found is not None:
        yield from look.of_code(found.promo_code)
        yield from look.of_segment(found.segment)


def a_finished_case(look: Permissions, given: Mapping[str, Any]) -> Touched:
    """Touch what the contract that finishes a case does: its account, and all accounts of the customer."""
    yield from look.of_account(given["account"])
    found = look.ports.cases.find(given["case"])
    if found is not None:
        yield from look.of_segment(given.get("segment"))
        if found.promo_code is not None:
            yield from look.of_customer(given["customer"])


def a_grant(look: Permissions, given: Mapping[str, Any]) -> Touched:
    """Touch the account of the grant named."""
    found = look.ports.grants.find(given["key"])
    if found is not None:
        yield from look.of_account(found.account)


def a_subject(look: Permissions, given: Mapping[str, Any]) -> Touched:
    """Touch the account that a chain of the trace is about, or both accounts of the referral that it is about."""
    kind, _, named = given["subject"].partition(":")
    if kind == "account":
        yield from look.of_account(named)
    elif kind == "referral":
        yield from a_referral(look, {"contract": named})


def everything(look: Permissions, _: Mapping[str, Any]) -> Touched:
    """Touch every segment of the programme."""
    for segment in look.programme.segments:
        yield Limit.SEGMENT, segment


def all_that_issue(look: Permissions, _: Mapping[str, Any]) -> Touched:
    """Touch every segment whose contracts bring codes."""
    for segment in look.programme.issuing_segments:
        yield Limit.SEGMENT, segment


def all_brought_in(_: Permissions, given: Mapping[str, Any]) -> Touched:
    """Touch the segments of the contracts brought in."""
    for contract in given["contracts"]:
        yield Limit.SEGMENT, contract.segment
