"""What a feed's results say for a person, by the name of the act: the one part of a feed that knows acts by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

import attrs

from referral_adapters.feed.result import Done
from referral_core.acts import Act
from referral_core.entities.discount_group import DiscountGroup
from referral_core.entities.promo_code import PromoCode, Sharing
from referral_core.entities.referral import Referral
from referral_core.programme.programme import Programme
from referral_core.rules.decision import Decision
from referral_core.services.cases import FinishedCase, OpenedCase
from referral_core.services.contracts import Activation, ContractEnd
from referral_core.services.sign_ups import SignUp
from referral_core.values.moment import LATEST
from referral_core.values.money import Money


@attrs.frozen
class Told:
    """What there is to tell of: the arguments of an act by their names, its moment, and the programme."""

    given: Mapping[str, Any]
    now: Any
    programme: Programme


def done(act: Act[Any], answer: Any, told: Told) -> Done:  # noqa: ANN401 - any act's answer
    """Return what a result says of an act that took effect; of one that has no sentence, that it is done."""
    said = _SENTENCES.get(act.name)
    return Done(f"{act.name} is done.") if said is None else said(answer, told)


def _concluded(sign_up: SignUp, told: Told) -> Done:
    return _signed_up(sign_up, f"Contract {told.given['contract']} is concluded")


def _activated(answer: Activation, told: Told) -> Done:
    said = f"Contract {told.given['contract']} is active"
    if answer.started is not None:
        said += f"; the code {answer.started.text} is active"
    said += "".join(f"; {leg.amount} is due to {leg.account}" for leg in answer.legs)
    return Done(said + _issued(answer.issued) + ".", issued=_text(answer.issued))


def _terminated(answer: ContractEnd, told: Told) -> Done:
    return Done(f"Contract {told.given['contract']} is terminated{_ended(answer.ended)}.")


def _withdrawn(answer: ContractEnd, told: Told) -> Done:
    cancelled = "; its referral is cancelled" if answer.cancelled else ""
    return Done(f"Contract {told.given['contract']} is withdrawn{cancelled}{_ended(answer.ended)}.")


def _attached(answer: SignUp, told: Told) -> Done:
    given = told.given
    said = f"The code {given['code']} is attached to contract {given['contract']}."
    return Done(said, decision=answer.decision)


def _checked(answer: Decision, _: Told) -> Done:
    said = "can be used" if answer.usable else "cannot be used"
    return Done(f"The code {answer.code} {said}.", answer.reasons, answer)


def _code_issued(answer: PromoCode, told: Told) -> Done:
    return Done(f"The code {answer.text} is issued to account {told.given['account']}.", issued=answer.text)


def _code_ended(answer: PromoCode, told: Told) -> Done:
    if (answer.ends_at or LATEST) > told.now:
        local = told.programme.calendar.local(answer.ends_at or LATEST)
        return Done(f"The code {answer.text} will end at {local.isoformat()}.")
    return Done(f"The code {answer.text} has ended.")


def _shared(answer: Sharing, _: Told) -> Done:
    return Done(f"The code {answer.code} is shared by {answer.means}.")


def _moved_to_group(answer: Referral, told: Told) -> Done:
    given, amount = told.given, answer.referee_offer.amount
    return Done(f"The new customer of contract {given['contract']} is in group {given['group']} and gets {amount}.")


def _case_opened(answer: OpenedCase, told: Told) -> Done:
    case, said = answer.case, f"Case {answer.case.id} is open"
    if case.promo_code is not None:
        said += f" with the code {case.promo_code}"
    elif case.warnings:
        said += f" without a code: {told.given['code']} cannot be used"
    return Done(f"{said}.", case.warnings)


def _case_finished(answer: FinishedCase, _: Told) -> Done:
    case = answer.case
    return _signed_up(answer.sign_up, f"Case {case.id} is finished, contract {case.contract} is concluded")


def _billed(answer: Money, told: Told) -> Done:
    given = told.given
    said = f"Bill {given['bill']} of {given['amount']} takes {answer} of the discount of account {given['account']}."
    return Done(said)


def _transferred(answer: Money, told: Told) -> Done:
    given = told.given
    return Done(f"{answer} of discount is moved from account {given['source']} to account {given['target']}.")


def _fee_noted(_: Referral, told: Told) -> Done:
    return Done(f"It is noted on contract {told.given['contract']} that {told.given['amount']} is to be paid back.")


def _group_added(answer: DiscountGroup, _: Told) -> Done:
    return Done(f"Group {answer.id} is added to the {answer.side} side.")


def _group(said: str) -> Callable[[DiscountGroup, Told], Done]:
    return lambda answer, told: Done(f"Group {answer.id} {said.format(**{'name': answer.name, **told.given})}.")


_SENTENCES: Final[Mapping[str, Callable[[Any, Told], Done]]] = MappingProxyType(
    {
        "contract.concluded": _concluded,
        "contract.activated": _activated,
        "contract.terminated": _terminated,
        "contract.withdrawn": _withdrawn,
        "code.attach": _attached,
        "code.check": _checked,
        "code.issue": _code_issued,
        "code.end": _code_ended,
        "code.shared": _shared,
        "referral.change-group": _moved_to_group,
        "case.open": _case_opened,
        "case.finish": _case_finished,
        "case.abandon": lambda answer, _: Done(f"Case {answer.id} is abandoned."),
        "bill.issued": _billed,
        "discount.transfer": _transferred,
        "termination-fee.note": _fee_noted,
        "group.add": _group_added,
        "group.rename": _group("is called {name}"),
        "group.disable": _group("is disabled"),
        "group.enable": _group("is enabled"),
        "amount.set": _group("gives {amount}"),
    }
)


def _signed_up(sign_up: SignUp, said: str) -> Done:
    if sign_up.referral is not None:
        said += f" with the code {sign_up.referral.code}"
    elif sign_up.contract.warnings:
        said += f" without a referral: the code {sign_up.contract.warned_code} cannot be used"
    return Done(
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
