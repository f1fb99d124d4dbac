"""The acts on discounts that stand in billing, as a feed's lines ask for them."""

from __future__ import annotations

from datetime import datetime

from referral_adapters.feed.fields import Fields
from referral_adapters.feed.result import Done
from referral_core.desk import ReferralDesk
from referral_core.entities.actor import Actor


def bill(desk: ReferralDesk, fields: Fields, at: datetime, actor: Actor) -> Done:
    """``bill.issued``."""
    number, account = fields.name("bill"), fields.name("account")
    amount = fields.amount("amount", desk.programme.currency)
    fields.close()
    taken = desk.discounts.bill(number, account=account, amount=amount, at=at, actor=actor)
    return Done(f"Bill {number} of {amount} takes {taken} of the discount of account {account}.")


def transfer(desk: ReferralDesk, fields: Fields, at: datetime, actor: Actor) -> Done:
    """``discount.transfer``."""
    source, target = fields.name("from"), fields.name("to")
    amount = fields.optional_amount("amount", desk.programme.currency)
    fields.close()
    moved = desk.discounts.transfer(source, target, at=at, actor=actor, amount=amount, key=fields.key)
    return Done(f"{moved} of discount is moved from account {source} to account {target}.")


def note_fee(desk: ReferralDesk, fields: Fields, at: datetime, actor: Actor) -> Done:
    """``termination-fee.note``."""
    contract, amount = fields.name("contract"), fields.amount("amount", desk.programme.currency)
    reason = fields.text("reason")
    fields.close()
    desk.discounts.note_fee(contract, amount=amount, at=at, actor=actor, reason=reason)
    return Done(f"It is noted on contract {contract} that {amount} is to be paid back.")
