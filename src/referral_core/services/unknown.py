"""Refusals of names that nothing goes by."""

from __future__ import annotations

from referral_core.values.errors import Refusal
from referral_core.values.reason import Reason

_SHOWN = 40


def unknown_code(code: str) -> Refusal:
    """Return the refusal of a code that no account ever held."""
    return Refusal(Reason.CODE_UNKNOWN, message=f"no account ever held the code {code[:_SHOWN]!r}", field="code")


def unknown_contract(contract: str) -> Refusal:
    """Return the refusal of a contract that was never concluded."""
    return Refusal(Reason.CONTRACT_UNKNOWN, message=f"there is no contract {contract}", field="contract")


def unknown_account(account: str, field: str = "account") -> Refusal:
    """Return the refusal of an account on which no contract stands."""
    return Refusal(Reason.ACCOUNT_UNKNOWN, message=f"no contract stands on account {account}", field=field)


def unknown_referral(contract: str) -> Refusal:
    """Return the refusal of a contract that carries no referral."""
    return Refusal(Reason.REFERRAL_UNKNOWN, message=f"contract {contract} carries no referral", field="contract")


def unknown_case(case: str) -> Refusal:
    """Return the refusal of a case that was never opened."""
    return Refusal(Reason.CASE_UNKNOWN, message=f"there is no case {case}", field="case")


def unknown_customer() -> Refusal:
    """Return the refusal of a customer on no account, also of one who was erased, whose id is kept nowhere."""
    return Refusal(
        Reason.ACCOUNT_UNKNOWN,
        message="there is no such customer: there never was one, or it was erased",
        field="customer",
    )


def unknown_leg(key: str) -> Refusal:
    """Return the refusal of a key under which no leg of a referral is kept."""
    return Refusal(Reason.REFERRAL_UNKNOWN, message=f"no referral has a leg {key[:_SHOWN]!r}", field="key")
