"""Permissions: checked once, before an act runs, by the limits that the act declares to touch (A1, P2, A6).

The declaration of an act names some of the functions at the end of this module. Each takes the act's arguments and
yields every :class:`Limit` within which they lie. Everything that an act shows or changes belongs to accounts, and an
account lies in the segments of all its contracts. An id that is not stored touches nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import attrs

from referral_core.acts import Act
from referral_core.entities.actor import Actor, Role
from referral_core.entities.contract import Contract
from referral_core.programme.programme import Programme
from referral_core.programme.settings import ManualEndBlocks
from referral_core.rules.permissions import permit_role
from referral_core.values.code_text import fold
from referral_core.values.errors import Reason, Refusal
from referral_core.values.word import Word

if TYPE_CHECKING:
    from referral_core.ports.store import Repositories


class Limit(Word):
    """The kinds of limits of an actor."""

    SEGMENT = "segment"
    CHANNEL = "channel"
    OWNER = "owner"
    """The limit of a customer to their own accounts."""


Limits = Iterator[tuple[Limit, str | None]]


@attrs.frozen
class Permissions:
    """The permissions of one actor."""

    ports: Repositories
    programme: Programme
    actor: Actor

    def admit(self, act: Act[Any], given: Mapping[str, Any]) -> None:
        """Refuse with ``not-allowed`` unless the actor may ask for an act with these arguments.

        For an actor without limits nothing is read from the store.
        """
        actor = self.actor
        permit_role(actor, act.name, act.least, channels=act.channels)
        # A person's act happens now, and is never dated back or forward (M4).
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
        """Refuse with ``not-allowed`` an actor whose role does not permit an act, or whose segments are limited."""
        permit_role(self.actor, act.name, act.least, channels=act.channels)
        for limit, value in everything(self, {}):
            self._hold(act.name, limit, value)

    @property
    def is_limited(self) -> bool:
        """Tell whether the actor has limits beside the role: to segments, to channels, or to their own accounts."""
        actor = self.actor
        return actor.segments is not None or actor.channels is not None or actor.role is Role.CUSTOMER

    def sees(self, *, accounts: Iterable[str] = (), code: str | None = None, segment: str | None = None) -> bool:
        """Tell whether accounts, a code's account and a segment all lie within the actor's segments.

        Lists use it to leave out what single acts refuse.
        """
        if self.actor.segments is None:
            return True
        limits = [limit for account in accounts for limit in self.of_account(account)]
        limits += [*self.of_code(code), *self.of_segment(segment)]
        return all(value in self.actor.segments for _, value in limits)

    def sees_referral(self, contract: Contract) -> bool:
        """Tell whether a contract is in the actor's channels, and both accounts of its referral in their segments."""
        return self.actor.serves(contract.channel) and (
            self.actor.segments is None or self.sees(accounts=self.sides(contract))
        )

    def sides(self, contract: Contract) -> Iterator[str]:
        """Yield the accounts of a contract's referral: the contract's own, and the referrer's."""
        yield contract.account
        referral = self.ports.referrals.find(contract.id)
        if referral is not None:
            yield referral.referrer

    def of_account(self, account: str) -> Limits:
        """Yield the segments of an account, for an actor limited to some."""
        if self.actor.segments is not None:
            for contract in self.ports.contracts.of_account(account):
                yield Limit.SEGMENT, contract.segment

    def of_code(self, code: str | None) -> Limits:
        """Yield the segments of the account that holds a code, for an actor limited to some."""
        if code is not None and self.actor.segments is not None:
            found = self.ports.promo_codes.find(fold(code))
            if found is not None:
                yield from self.of_account(found.account)

    def of_customer(self, customer: str | None) -> Limits:
        """Yield the segments of every account of a customer, for an actor limited to some."""
        if customer is not None and self.actor.segments is not None:
            for contract in self.ports.contracts.of_customer(customer):
                yield Limit.SEGMENT, contract.segment

    def of_segment(self, segment: str | None) -> Limits:
        """Yield a segment."""
        if segment is not None:
            yield Limit.SEGMENT, segment

    def of_contract(self, contract: str) -> Contract | None:
        """Return a contract, for an actor with any limit."""
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


def an_account(look: Permissions, given: Mapping[str, Any]) -> Limits:
    """Touch the account named."""
    return look.of_account(given["account"])


def own_account(look: Permissions, given: Mapping[str, Any]) -> Limits:
    """Touch the account named; a customer's must be their own."""
    yield from look.of_account(given["account"])
    contracts = look.ports.contracts.of_account(given["account"])
    # An unknown account is refused like another customer's: the difference would tell which accounts exist (A6).
    yield Limit.OWNER, contracts[0].customer if contracts else None


def both_accounts(look: Permissions, given: Mapping[str, Any]) -> Limits:
    """Touch the source and the target of a transfer."""
    yield from look.of_account(given["source"])
    yield from look.of_account(given["target"])


def own_customer(_: Permissions, given: Mapping[str, Any]) -> Limits:
    """Touch the customer named, for a customer themselves."""
    yield Limit.OWNER, given["customer"]


def a_person(look: Permissions, given: Mapping[str, Any]) -> Limits:
    """Touch every account on which the store names the customer."""
    for account in look.ports.personal_data(given["customer"]).accounts:
        yield from look.of_account(account)


def a_contract(look: Permissions, given: Mapping[str, Any]) -> Limits:
    """Touch the account of the contract named."""
    found = look.of_contract(given["contract"])
    if found is not None:
        yield from look.of_account(found.account)


def a_referral(look: Permissions, given: Mapping[str, Any]) -> Limits:
    """Touch both accounts of the referral of the contract named."""
    found = look.of_contract(given["contract"])
    if found is not None:
        for account in look.sides(found):
            yield from look.of_account(account)


def a_sign_up(look: Permissions, given: Mapping[str, Any]) -> Limits:
    """Touch both accounts of the referral of the contract named, and the contract's channel."""
    yield from a_referral(look, given)
    found = look.of_contract(given["contract"])
    if found is not None:
        yield Limit.CHANNEL, found.channel


def a_customer_judged(look: Permissions, given: Mapping[str, Any]) -> Limits:
    """Touch every account of the customer for whom a code is judged, if one is given."""
    return look.of_customer(given.get("customer") if given.get("code") is not None else None)


def a_contracts_customer(look: Permissions, given: Mapping[str, Any]) -> Limits:
    """Touch the channel of the contract named, and every account of its customer, for whom a code is judged."""
    found = look.of_contract(given["contract"])
    if found is not None:
        yield from look.of_customer(found.customer)
        yield Limit.CHANNEL, found.channel


def a_code(look: Permissions, given: Mapping[str, Any]) -> Limits:
    """Touch the account that holds the code named."""
    return look.of_code(given.get("code"))


def a_code_holder(look: Permissions, given: Mapping[str, Any]) -> Limits:
    """Touch every account of the customer who holds the code named, where ending it ends their other codes (C7)."""
    if look.programme.manual_end_blocks is ManualEndBlocks.CUSTOMER and look.actor.segments is not None:
        found = look.ports.promo_codes.find(fold(given["code"]))
        if found is not None:
            yield from look.of_customer(found.customer)


def stopped_referrals(look: Permissions, given: Mapping[str, Any]) -> Limits:
    """Touch the referees of the code named, if its ending holds or voids their referrals."""
    if given["referrals"] == "keep" or look.actor.segments is None:
        return
    found = look.ports.promo_codes.find(fold(given["code"]))
    if found is not None:
        for referral in look.ports.referrals.all(referrer=found.account):
            if referral.code == found.text and referral.is_pending:
                yield from look.of_account(referral.referee)


def own_code(look: Permissions, given: Mapping[str, Any]) -> Limits:
    """Touch the account that holds the code named; a customer's must be their own. An unknown code touches nothing."""
    found = look.ports.promo_codes.find(fold(given["code"]))
    if found is not None:
        yield from look.of_account(found.account)
        yield Limit.OWNER, found.customer


def a_segment(look: Permissions, given: Mapping[str, Any]) -> Limits:
    """Touch the segment named."""
    return look.of_segment(given.get("segment"))


def a_channel(_: Permissions, given: Mapping[str, Any]) -> Limits:
    """Touch the channel named."""
    yield Limit.CHANNEL, given["channel"]


def a_case(look: Permissions, given: Mapping[str, Any]) -> Limits:
    """Touch the segment of the case named, and the account that holds the code it carries."""
    found = look.ports.cases.find(given["case"])
    if found is not None:
        yield from look.of_code(found.promo_code)
        yield from look.of_segment(found.segment)


def a_finished_case(look: Permissions, given: Mapping[str, Any]) -> Limits:
    """Touch the account of the contract that finishes a case, and all accounts of the customer."""
    yield from look.of_account(given["account"])
    found = look.ports.cases.find(given["case"])
    if found is not None:
        yield from look.of_segment(given.get("segment"))
        if found.promo_code is not None:
            yield from look.of_customer(given["customer"])


def a_grant(look: Permissions, given: Mapping[str, Any]) -> Limits:
    """Touch the account of the grant or reversal named."""
    found = look.ports.grants.find(given["key"]) or look.ports.reversals.find(given["key"])
    if found is not None:
        yield from look.of_account(found.account)


def a_subject(look: Permissions, given: Mapping[str, Any]) -> Limits:
    """Touch the account of a chain of the trace, or both accounts of a referral's chain."""
    kind, _, named = given["subject"].partition(":")
    if kind == "account":
        yield from look.of_account(named)
    elif kind == "referral":
        yield from a_referral(look, {"contract": named})


def everything(look: Permissions, _: Mapping[str, Any]) -> Limits:
    """Touch every segment of the programme."""
    for segment in look.programme.segments:
        yield Limit.SEGMENT, segment


def all_that_issue(look: Permissions, _: Mapping[str, Any]) -> Limits:
    """Touch every segment whose contracts issue codes."""
    for segment in look.programme.issuing_segments:
        yield Limit.SEGMENT, segment


def all_brought_in(_: Permissions, given: Mapping[str, Any]) -> Limits:
    """Touch the segments of the imported contracts."""
    for contract in given["contracts"]:
        yield Limit.SEGMENT, contract.segment
