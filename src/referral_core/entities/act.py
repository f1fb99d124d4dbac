"""The acts of the programme, by the one name they have in feeds, over HTTP and in the trace."""

from __future__ import annotations

from referral_core.values.word import Word


class Act(Word):
    """An act that somebody asks for, or that follows by itself; its value is its name everywhere."""

    CONTRACT_CONCLUDED = "contract.concluded"
    CONTRACT_ACTIVATED = "contract.activated"
    CONTRACT_TERMINATED = "contract.terminated"
    CONTRACT_WITHDRAWN = "contract.withdrawn"
    CODE_ATTACH = "code.attach"
    CODE_CHECK = "code.check"
    CODE_ISSUE = "code.issue"
    CODE_END = "code.end"
    CODE_SHARED = "code.shared"
    GROUP_ADD = "group.add"
    GROUP_RENAME = "group.rename"
    GROUP_DISABLE = "group.disable"
    GROUP_ENABLE = "group.enable"
    AMOUNT_SET = "amount.set"
    REFERRAL_CHANGE_GROUP = "referral.change-group"
    CASE_OPEN = "case.open"
    CASE_FINISH = "case.finish"
    CASE_ABANDON = "case.abandon"
    BILL_ISSUED = "bill.issued"
    DISCOUNT_TRANSFER = "discount.transfer"
    TERMINATION_FEE_NOTE = "termination-fee.note"
    CODE_START = "code.start"
    """Follows by itself when a contract activates (C3)."""
    REFERRAL_RECORD = "referral.record"
    """Follows by itself from a sign-up with a usable code (S7)."""
    REFERRAL_CANCEL = "referral.cancel"
    """Follows by itself when a contract is withdrawn (B9)."""
    GRANT_DUE = "grant.due"
    """Follows by itself when the referee's contract activates (B1)."""
    GRANT_POSTED = "grant.posted"
    """Follows by itself when billing has confirmed a leg (B2)."""
