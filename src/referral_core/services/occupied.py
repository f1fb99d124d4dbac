"""Refusals of contracts whose place is occupied."""

from __future__ import annotations

from referral_core.values.errors import Refusal
from referral_core.values.reason import Reason


def contract_exists(contract: str) -> Refusal:
    """Return the refusal of a contract whose id another one has."""
    return Refusal(Reason.CONTRACT_EXISTS, message=f"contract {contract} was concluded before", field="contract")


def not_same_customer(account: str) -> Refusal:
    """Return the refusal of a contract on an account that another customer owns."""
    return Refusal(Reason.NOT_SAME_CUSTOMER, message=f"account {account} belongs to another customer", field="customer")
