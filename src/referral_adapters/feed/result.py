"""The result of a line: its outcome, and the sentence about it, which is looked up by the name of the act.

No other part of a feed knows acts by name.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

import attrs

from referral_core.acts import Act
from referral_core.entities.discount_group import DiscountGroup
from referral_core.entities.promo_code import PromoCode, Sharing
from referral_core.entities.referral import Referral
from referral_core.programme.messages import Messages
from referral_core.programme.programme import Programme
from referral_core.rules.decision import Decision
from referral_core.services.cases import FinishedCase, OpenedCase
from referral_core.services.contracts import Activation, ContractEnd
from referral_core.services.sign_ups import SignUp
from referral_core.values.errors import Reason
from referral_core.values.moment import LATEST
from referral_core.values.money import Money


class Outcome(enum.StrEnum):
    """What became of a line."""

    DONE = "done"
    WARNED = "warned"
    REPEATED = "repeated"
    REFUSED = "refused"
    INVALID = "invalid"

    @property
    def took_effect(self) -> bool:
        """Tell whether the line's effect, and its id, are kept."""
        return self is Outcome.DONE or self is Outcome.WARNED


@attrs.frozen
class Report:
    """The report of an act that took effect: a sentence, warnings, the code it judged and the code it issued."""

    message: str
    warnings: tuple[Reason, ...] = ()
    decision: Decision | None = None
    issued: str | None = None


def verdict(decision: Decision) -> dict[str, Any]:
    """Return the fields of a result about a judged code: whether it is usable, amounts and groups."""
    if decision.referrer is None or decision.referee is None:
        return {"usable": False}
    return {
        "usable": True,
        "referee_amount": str(decision.referee.amount.amount),
        "referrer_amount": str(decision.referrer.amount.amount),
        "referee_group": decision.referee.group,
        "referrer_group": decision.referrer.group,
    }


@attrs.frozen
class Occasion:
    """The occasion of a report: the arguments of the act by their names, its moment, and the programme."""

    given: Mapping[str, Any]
    now: Any
    programme: Programme


def report_of(act: Act[Any], answer: Any, occasion: Occasion) -> Report:  # noqa: ANN401 - any act's answer
    """Return the report of an act that took effect; acts without a sentence of their own are reported as done."""
    said = _SENTENCES.get(act.name)
    return Report(f"{act.name} is done.") if said is None else said(answer, occasion)


def _concluded(sign_up: SignUp, occasion: Occasion) -> Report:
    return _signed_up(sign_up, f"Contract {occasion.given['contract']} is concluded")


def _activated(answer: Activation, occasion: Occasion) -> Report:
    said = f"Contract {occasion.given['contract']} is active"
    if answer.started is not None:
        said += f"; the code {answer.started.text} is active"
    said += "".join(f"; {grant.amount} is due to {grant.account}" for grant in answer.grants)
    return Report(said + _issued(answer.issued) + ".", issued=_text(answer.issued))


def _terminated(answer: ContractEnd, occasion: Occasion) -> Report:
    return Report(f"Contract {occasion.given['contract']} is terminated{_ended(answer.ended)}.")


def _withdrawn(answer: ContractEnd, occasion: Occasion) -> Report:
    cancelled = "; its referral is cancelled" if answer.cancelled else ""
    return Report(f"Contract {occasion.given['contract']} is withdrawn{cancelled}{_ended(answer.ended)}.")


def _annulled(answer: ContractEnd, occasion: Occasion) -> Report:
    cancelled = "; its referral is cancelled" if answer.cancelled else ""
    return Report(f"Contract {occasion.given['contract']} is annulled{cancelled}{_ended(answer.ended)}.")


def _attached(answer: SignUp, occasion: Occasion) -> Report:
    given = occasion.given
    said = f"The code {given['code']} is attached to contract {given['contract']}."
    return Report(said, decision=answer.decision)


def _checked(answer: Decision, _: Occasion) -> Report:
    said = "can be used" if answer.usable else "cannot be used"
    hint = f" {Messages.for_language('en').not_applied(answer.missing_groups)}" if answer.missing_groups else ""
    return Report(f"The code {answer.code} {said}.{hint}", answer.reasons, answer)


def _code_issued(answer: PromoCode, occasion: Occasion) -> Report:
    return Report(f"The code {answer.text} is issued to account {occasion.given['account']}.", issued=answer.text)


def _code_ended(answer: PromoCode, occasion: Occasion) -> Report:
    if (answer.ends_at or LATEST) > occasion.now:
        local = occasion.programme.calendar.local(answer.ends_at or LATEST)
        return Report(f"The code {answer.text} will end at {local.isoformat()}.")
    return Report(f"The code {answer.text} has ended.")


def _shared(answer: Sharing, _: Occasion) -> Report:
    return Report(f"The code {answer.code} is shared by {answer.means}.")


def _moved_to_group(answer: Referral, occasion: Occasion) -> Report:
    given, amount = occasion.given, answer.referee_offer.amount
    return Report(f"The new customer of contract {given['contract']} is in group {given['group']} and gets {amount}.")


def _stopped(said: str) -> Callable[[Referral, Occasion], Report]:
    return lambda _, occasion: Report(f"The referral of contract {occasion.given['contract']} {said}.")


def _case_opened(answer: OpenedCase, occasion: Occasion) -> Report:
    case, said = answer.case, f"Case {answer.case.id} is open"
    if case.promo_code is not None:
        said += f" with the code {case.promo_code}"
    elif case.warnings:
        said += f" without a code: {occasion.given['code']} cannot be used"
    return Report(f"{said}.", case.warnings)


def _case_finished(answer: FinishedCase, _: Occasion) -> Report:
    case = answer.case
    return _signed_up(answer.sign_up, f"Case {case.id} is finished, contract {case.contract} is concluded")


def _billed(answer: Money, occasion: Occasion) -> Report:
    given = occasion.given
    said = f"Bill {given['bill']} of {given['amount']} takes {answer} of the discount of account {given['account']}."
    return Report(said)


def _bill_cancelled(answer: Money, occasion: Occasion) -> Report:
    return Report(f"Bill {occasion.given['bill']} is cancelled: the {answer} of discount that it took comes back.")


def _transferred(answer: Money, occasion: Occasion) -> Report:
    given = occasion.given
    return Report(f"{answer} of discount is moved from account {given['source']} to account {given['target']}.")


def _fee_noted(_: Referral, occasion: Occasion) -> Report:
    return Report(
        f"It is noted on contract {occasion.given['contract']} that {occasion.given['amount']} is to be paid back."
    )


def _group_added(answer: DiscountGroup, _: Occasion) -> Report:
    return Report(f"Group {answer.id} is added to the {answer.side} side.")


def _group(said: str) -> Callable[[DiscountGroup, Occasion], Report]:
    return lambda answer, occasion: Report(
        f"Group {answer.id} {said.format(**{'name': answer.name, **occasion.given})}."
    )


_SENTENCES: Final[Mapping[str, Callable[[Any, Occasion], Report]]] = MappingProxyType(
    {
        "contract.concluded": _concluded,
        "contract.activated": _activated,
        "contract.terminated": _terminated,
        "contract.withdrawn": _withdrawn,
        "contract.annulled": _annulled,
        "code.attach": _attached,
        "code.check": _checked,
        "code.issue": _code_issued,
        "code.end": _code_ended,
        "code.shared": _shared,
        "referral.change-group": _moved_to_group,
        "referral.hold": _stopped("is held"),
        "referral.release": _stopped("is released"),
        "referral.void": _stopped("is void"),
        "case.open": _case_opened,
        "case.finish": _case_finished,
        "case.abandon": lambda answer, _: Report(f"Case {answer.id} is abandoned."),
        "bill.issued": _billed,
        "bill.cancelled": _bill_cancelled,
        "discount.transfer": _transferred,
        "termination-fee.note": _fee_noted,
        "group.add": _group_added,
        "group.rename": _group("is called {name}"),
        "group.disable": _group("is disabled"),
        "group.enable": _group("is enabled"),
        "amount.set": _group("gives {amount}"),
    }
)


def _signed_up(sign_up: SignUp, said: str) -> Report:
    if sign_up.referral is not None:
        said += f" with the code {sign_up.referral.code}"
    elif sign_up.contract.warnings:
        said += f" without a referral: the code {sign_up.contract.warned_code} cannot be used"
    return Report(
        said + _issued(sign_up.issued) + ".",
        sign_up.contract.warnings,
        sign_up.decision,
        _text(sign_up.issued),
    )


def _text(code: PromoCode | None) -> str | None:
    return None if code is None else code.text


def _issued(code: PromoCode | None) -> str:
    return "" if code is None else f"; the code {code.text} is issued"


def _ended(code: PromoCode | None) -> str:
    return "" if code is None else f"; the code {code.text} has ended"
