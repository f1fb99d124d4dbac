"""The acts on codes and referrals, as a feed's lines ask for them."""

from __future__ import annotations

from datetime import datetime

from referral_adapters.feed.fields import Fields
from referral_adapters.feed.result import Done
from referral_core.desk import ReferralDesk
from referral_core.entities.actor import Actor


def attach(desk: ReferralDesk, fields: Fields, at: datetime, actor: Actor) -> Done:
    """``code.attach``."""
    contract, code = fields.name("contract"), fields.text("code")
    channel, group = fields.optional_name("channel") or "sales-portal", fields.optional_name("group")
    honoured, reason = fields.honoured_moment(), fields.optional_text("reason")
    fields.close()
    done = desk.sign_ups.attach(
        contract,
        code=code,
        at=at,
        actor=actor,
        channel=channel,
        group=group,
        honoured_moment=honoured,
        reason=reason,
    )
    return Done(f"The code {code} is attached to contract {contract}.", decision=done.decision)


def check(desk: ReferralDesk, fields: Fields, at: datetime, actor: Actor) -> Done:
    """``code.check``."""
    code, channel = fields.text("code"), fields.optional_name("channel") or "self-service"
    customer = fields.optional_name("customer")
    product, segment = fields.optional_name("product"), fields.optional_name("segment")
    fields.close()
    decision = desk.sign_ups.check(
        code, at=at, actor=actor, channel=channel, customer=customer, product=product, segment=segment
    )
    said = "can be used" if decision.usable else "cannot be used"
    return Done(f"The code {decision.code} {said}.", decision.reasons, decision)


def issue(desk: ReferralDesk, fields: Fields, at: datetime, actor: Actor) -> Done:
    """``code.issue``."""
    account, code = fields.name("account"), fields.optional_text("code")
    replace, reason = fields.flag("replace"), fields.optional_text("reason")
    fields.close()
    issued = desk.codes.issue(account, at=at, actor=actor, text=code, replace=replace, reason=reason)
    return Done(f"The code {issued.text} is issued to account {account}.", issued=issued.text)


def end(desk: ReferralDesk, fields: Fields, at: datetime, actor: Actor) -> Done:
    """``code.end``."""
    code, ends_at, reason = fields.text("code"), fields.optional_moment("at"), fields.text("reason")
    fields.close()
    ended = desk.codes.end(code, at=at, actor=actor, ends_at=ends_at, reason=reason)
    if ended.ends_at is not None and ended.ends_at > at:
        return Done(f"The code {ended.text} will end at {desk.programme.calendar.local(ended.ends_at).isoformat()}.")
    return Done(f"The code {ended.text} has ended.")


def share(desk: ReferralDesk, fields: Fields, at: datetime, actor: Actor) -> Done:
    """``code.shared``."""
    code, means = fields.text("code"), fields.name("means")
    fields.close()
    shared = desk.sharings.share(code, means=means, at=at, actor=actor)
    return Done(f"The code {shared.code} is shared by {means}.")


def change_group(desk: ReferralDesk, fields: Fields, at: datetime, actor: Actor) -> Done:
    """``referral.change-group``."""
    contract, group, reason = fields.name("contract"), fields.name("group"), fields.text("reason")
    fields.close()
    changed = desk.sign_ups.change_group(contract, group=group, at=at, actor=actor, reason=reason)
    amount = changed.referee_offer.amount
    return Done(f"The new customer of contract {contract} is in group {group} and gets {amount}.")
