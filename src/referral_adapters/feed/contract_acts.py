"""The acts on contracts and cases, as a feed's lines ask for them."""

from __future__ import annotations

from datetime import datetime

from referral_adapters.feed.fields import Fields
from referral_adapters.feed.result import Done
from referral_core.desk import ReferralDesk
from referral_core.entities.actor import Actor
from referral_core.entities.promo_code import PromoCode
from referral_core.use_cases.signing_up import SignUp


def conclude(desk: ReferralDesk, fields: Fields, at: datetime, actor: Actor) -> Done:
    """``contract.concluded``."""
    contract, account, customer = fields.name("contract"), fields.name("account"), fields.name("customer")
    product = fields.optional_name("product") or "electricity"
    segment = fields.optional_name("segment") or "household"
    channel = fields.optional_name("channel") or "self-service"
    starts_on, code = fields.optional_date("starts_on"), fields.optional_text("code")
    group, honoured, reason = fields.optional_name("group"), fields.honoured_moment(), fields.optional_text("reason")
    first_name = fields.optional_text("first_name")
    fields.close()
    sign_up = desk.sign_ups.conclude(
        contract,
        account=account,
        customer=customer,
        at=at,
        actor=actor,
        product=product,
        segment=segment,
        channel=channel,
        code=code,
        group=group,
        honoured_moment=honoured,
        reason=reason,
        starts_on=starts_on,
        first_name=first_name,
    )
    return _signed_up(sign_up, f"Contract {contract} is concluded")


def activate(desk: ReferralDesk, fields: Fields, at: datetime, actor: Actor) -> Done:
    """``contract.activated``."""
    contract = fields.name("contract")
    fields.close()
    done = desk.contracts.activate(contract, at=at, actor=actor)
    said = f"Contract {contract} is active"
    if done.started is not None:
        said += f"; the code {done.started.text} is active"
    said += "".join(f"; {leg.amount} is due to {leg.account}" for leg in done.legs)
    return Done(said + _issued(done.issued) + ".", issued=_text(done.issued))


def terminate(desk: ReferralDesk, fields: Fields, at: datetime, actor: Actor) -> Done:
    """``contract.terminated``."""
    contract = fields.name("contract")
    fields.close()
    done = desk.contracts.terminate(contract, at=at, actor=actor)
    return Done(f"Contract {contract} is terminated{_ended(done.ended)}.")


def withdraw(desk: ReferralDesk, fields: Fields, at: datetime, actor: Actor) -> Done:
    """``contract.withdrawn``."""
    contract = fields.name("contract")
    fields.close()
    done = desk.contracts.withdraw(contract, at=at, actor=actor)
    cancelled = "; its referral is cancelled" if done.cancelled else ""
    return Done(f"Contract {contract} is withdrawn{cancelled}{_ended(done.ended)}.")


def open_case(desk: ReferralDesk, fields: Fields, at: datetime, actor: Actor) -> Done:
    """``case.open``."""
    case, customer, code = fields.name("case"), fields.name("customer"), fields.optional_text("code")
    product = fields.optional_name("product") or "electricity"
    segment = fields.optional_name("segment") or "household"
    fields.close()
    done = desk.cases.open(case, customer=customer, at=at, actor=actor, code=code, product=product, segment=segment)
    said = f"Case {case} is open"
    if done.case.promo_code is not None:
        said += f" with the code {done.case.promo_code}"
    elif done.case.warnings:
        said += f" without a code: {code} cannot be used"
    return Done(f"{said}.", done.case.warnings)


def finish_case(desk: ReferralDesk, fields: Fields, at: datetime, actor: Actor) -> Done:
    """``case.finish``."""
    case, contract = fields.name("case"), fields.name("contract")
    account, customer = fields.name("account"), fields.name("customer")
    product, segment = fields.optional_name("product"), fields.optional_name("segment")
    starts_on = fields.optional_date("starts_on")
    channel, group = fields.optional_name("channel") or "sales-portal", fields.optional_name("group")
    fields.close()
    done = desk.cases.finish(
        case,
        contract=contract,
        account=account,
        customer=customer,
        at=at,
        actor=actor,
        product=product,
        segment=segment,
        starts_on=starts_on,
        channel=channel,
        group=group,
    )
    return _signed_up(done.sign_up, f"Case {case} is finished, contract {contract} is concluded")


def abandon_case(desk: ReferralDesk, fields: Fields, at: datetime, actor: Actor) -> Done:
    """``case.abandon``."""
    case = fields.name("case")
    fields.close()
    desk.cases.abandon(case, at=at, actor=actor)
    return Done(f"Case {case} is abandoned.")


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
