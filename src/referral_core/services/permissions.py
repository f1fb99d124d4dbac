"""Permissions: checked once, before an act runs, by the limits that the act declares to touch (A1, P2, A6).

The declaration of an act names some of the functions at the end of this module. Each takes the act's arguments and
yields every :class:`Limit` within which they lie. Everything that an act shows or changes belongs to accounts, and an
account lies in the segments of all its contracts.

What is not stored lies outside every limit, and is refused in the same words as what is somebody else's: the difference
would tell what there is (A6). An act that makes something new touches only what is there of it. What an act answers
beyond that is left out of its answer by :mod:`referral_core.services.visibility`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

import attrs

from referral_core.acts import Act
from referral_core.entities.actor import Actor, Role
from referral_core.entities.case import Case
from referral_core.entities.contract import Contract
from referral_core.entities.promo_code import PromoCode
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

    @property
    def sees_all(self) -> bool:
        """Tell whether the actor is limited neither to segments nor to channels."""
        return self.actor.segments is None and self.actor.channels is None

    def sees(self, *, accounts: Iterable[str] = (), code: str | None = None, segment: str | None = None) -> bool:
        """Tell whether accounts, a code's account and a segment all lie within the actor's segments.

        Lists use it to leave out what single acts refuse.
        """
        if self.actor.segments is None:
            return True
        limits = [limit for account in accounts for limit in self.of_account(account)]
        limits += [*self.of_code(code), *self.of_segment(segment)]
        return all(value in self.actor.segments for _, value in limits)

    def sees_customer(self, customer: str) -> bool:
        """Tell whether the actor may learn what follows from all accounts of a customer, who may be a new one.

        An actor limited to channels may not, whoever it is.
        """
        if self.sees_all:
            return True
        contracts = self.ports.contracts.of_customer(customer)
        return self.actor.channels is None and self.sees(accounts=[contract.account for contract in contracts])

    def sees_contract(self, contract: str) -> bool:
        """Tell whether the account of a contract lies within the actor's segments."""
        if self.actor.segments is None:
            return True
        found = self.ports.contracts.find(contract)
        return found is not None and self.sees(accounts=(found.account,))

    def sees_case(self, case: Case | None) -> bool:
        """Tell whether a case lies within the actor's segments."""
        return case is not None and self.sees(code=case.promo_code, segment=case.segment)

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
        """Yield the segments of an account, for an actor limited to some; an unknown account lies in none of them."""
        if self.actor.segments is not None:
            contracts = self.ports.contracts.of_account(account)
            for contract in contracts:
                yield Limit.SEGMENT, contract.segment
            if not contracts:
                yield ABSENT

    def of_new_account(self, account: str) -> Limits:
        """Yield the segments of an account that may be a new one, for an actor limited to some."""
        if self.actor.segments is not None:
            for contract in self.ports.contracts.of_account(account):
                yield Limit.SEGMENT, contract.segment

    def of_code(self, code: str | None) -> Limits:
        """Yield the segments of the account that holds a code, for an actor limited to some."""
        if code is not None and self.actor.segments is not None:
            found = self.ports.promo_codes.find(fold(code))
            if found is None:
                yield ABSENT
            else:
                yield from self.of_account(found.account)

    def of_segment(self, segment: str | None) -> Limits:
        """Yield a segment."""
        if segment is not None:
            yield Limit.SEGMENT, segment

    def of_contract(self, contract: str) -> Contract | None:
        """Return a contract, for an actor with any limit."""
        return self.ports.contracts.find(contract)

    def _hold(self, act: str, limit: Limit, value: str | None) -> None:
        """Refuse a value outside the actor's limit of its kind, in words that tell nothing of the value."""
        actor = self.actor
        if limit is Limit.OWNER:
            is_outside = actor.role is Role.CUSTOMER and actor.id != value
        elif limit is Limit.CHANNEL:
            is_outside = actor.channels is not None and (value is None or not actor.serves(value))
        else:
            is_outside = actor.segments is not None and value not in actor.segments
        if is_outside:
            raise self._refusal(act)

    def _refusal(self, act: str) -> Refusal:
        """Return the refusal of what lies outside; its words depend on the actor alone."""
        actor, field = self.actor, "actor"
        if actor.role is Role.CUSTOMER:
            why = "is for the customer's own accounts"
        elif actor.segments is not None:
            why = f"touches a segment outside {', '.join(sorted(actor.segments))}"
        else:
            why, field = "is in another channel than the actor's", "channel"
        return Refusal(Reason.NOT_ALLOWED, message=f"{act} {why}", field=field)


ABSENT: Final = (Limit.SEGMENT, None)
"""The limit of what is not stored: it lies in no segment."""


def an_account(look: Permissions, given: Mapping[str, Any]) -> Limits:
    """Touch the account named."""
    return look.of_account(given["account"])


def a_joined_account(look: Permissions, given: Mapping[str, Any]) -> Limits:
    """Touch the account named, if it is there already.

    Somebody limited to channels joins an account on which there is a sign-up of theirs; whose the others are they do
    not learn.
    """
    yield from look.of_new_account(given["account"])
    if look.actor.channels is not None:
        contracts = look.ports.contracts.of_account(given["account"])
        if contracts and not any(look.actor.serves(contract.channel) for contract in contracts):
            yield Limit.CHANNEL, None


def own_account(look: Permissions, given: Mapping[str, Any]) -> Limits:
    """Touch the account named; a customer's must be their own."""
    yield from look.of_account(given["account"])
    contracts = look.ports.contracts.of_account(given["account"])
    yield Limit.OWNER, contracts[0].customer if contracts else None


def both_accounts(look: Permissions, given: Mapping[str, Any]) -> Limits:
    """Touch the source and the target of a transfer."""
    yield from look.of_account(given["source"])
    yield from look.of_account(given["target"])


def own_customer(_: Permissions, given: Mapping[str, Any]) -> Limits:
    """Touch the customer named, for a customer themselves."""
    yield Limit.OWNER, given["customer"]


def a_person(look: Permissions, given: Mapping[str, Any]) -> Limits:
    """Touch every account and every open case on which the store names the customer."""
    data = look.ports.personal_data(given["customer"])
    if not data.accounts:
        yield ABSENT
    for account in data.accounts:
        yield from look.of_account(account)
    for case in data.open_cases:
        yield from a_case(look, {"case": case})


def a_contract(look: Permissions, given: Mapping[str, Any]) -> Limits:
    """Touch the account of the contract named."""
    found = look.of_contract(given["contract"])
    if found is None:
        yield ABSENT
    else:
        yield from look.of_account(found.account)


def a_referral(look: Permissions, given: Mapping[str, Any]) -> Limits:
    """Touch both accounts of the referral of the contract named."""
    found = look.of_contract(given["contract"])
    if found is None:
        yield ABSENT
    else:
        for account in look.sides(found):
            yield from look.of_account(account)


def a_sign_up(look: Permissions, given: Mapping[str, Any]) -> Limits:
    """Touch both accounts of the referral of the contract named, and the contract's channel."""
    yield from a_referral(look, given)
    yield from _channel_of(look, given)


def a_contracts_account(look: Permissions, given: Mapping[str, Any]) -> Limits:
    """Touch the account and the channel of the contract named."""
    yield from a_contract(look, given)
    yield from _channel_of(look, given)


def _channel_of(look: Permissions, given: Mapping[str, Any]) -> Limits:
    found = look.of_contract(given["contract"])
    yield Limit.CHANNEL, None if found is None else found.channel


def a_code(look: Permissions, given: Mapping[str, Any]) -> Limits:
    """Touch the account that holds the code named."""
    return look.of_code(given.get("code"))


def a_code_holder(look: Permissions, given: Mapping[str, Any]) -> Limits:
    """Touch every account of the customer who holds the code named, where ending it ends their other codes (C7)."""
    if look.programme.manual_end_blocks is ManualEndBlocks.CUSTOMER and look.actor.segments is not None:
        for found in _held(look, given["code"]):
            for contract in look.ports.contracts.of_customer(found.customer):
                yield Limit.SEGMENT, contract.segment


def stopped_referrals(look: Permissions, given: Mapping[str, Any]) -> Limits:
    """Touch the referees of the code named, if its ending holds or voids their referrals."""
    if given["referrals"] == "keep" or look.actor.segments is None:
        return
    for found in _held(look, given["code"]):
        for referral in look.ports.referrals.all(referrer=found.account):
            if referral.code == found.text and referral.is_pending:
                yield from look.of_account(referral.referee)


def _held(look: Permissions, code: str) -> tuple[PromoCode, ...]:
    """Return the code with a text, or nothing: that is refused already, by :func:`a_code`."""
    found = look.ports.promo_codes.find(fold(code))
    return () if found is None else (found,)


def own_code(look: Permissions, given: Mapping[str, Any]) -> Limits:
    """Touch the account that holds the code named; a customer's must be their own."""
    yield from look.of_code(given["code"])
    found = look.ports.promo_codes.find(fold(given["code"]))
    yield Limit.OWNER, None if found is None else found.customer


def a_segment(look: Permissions, given: Mapping[str, Any]) -> Limits:
    """Touch the segment named."""
    return look.of_segment(given.get("segment"))


def a_channel(_: Permissions, given: Mapping[str, Any]) -> Limits:
    """Touch the channel named."""
    yield Limit.CHANNEL, given["channel"]


def a_case(look: Permissions, given: Mapping[str, Any]) -> Limits:
    """Touch the segment of the case named, and the account that holds the code it carries."""
    found = look.ports.cases.find(given["case"])
    if found is None:
        yield ABSENT
    else:
        yield from look.of_code(found.promo_code)
        yield from look.of_segment(found.segment)


def a_finished_case(look: Permissions, given: Mapping[str, Any]) -> Limits:
    """Touch the case named, and account and segment of the contract that finishes it."""
    yield from a_case(look, given)
    yield from look.of_new_account(given["account"])
    yield from look.of_segment(given.get("segment"))


def a_grant(look: Permissions, given: Mapping[str, Any]) -> Limits:
    """Touch the account of the grant or reversal named, and that of the contract in its key."""
    found = look.ports.grants.find(given["key"]) or look.ports.reversals.find(given["key"])
    if found is None:
        yield ABSENT
    else:
        yield from look.of_account(found.account)
        yield from a_contract(look, {"contract": found.referral})


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


def all_brought_in(look: Permissions, given: Mapping[str, Any]) -> Limits:
    """Touch the segments of the imported contracts, and the accounts that they join."""
    for contract in given["contracts"]:
        yield Limit.SEGMENT, contract.segment
        yield from look.of_new_account(contract.account)
