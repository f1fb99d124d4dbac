"""Refusals that several services share: of unknown ids, and of ids and accounts that are taken."""

from __future__ import annotations

from referral_core.programme.programme import Programme
from referral_core.values.errors import Reason, Refusal

_SHOWN = 40


def unknown_code(code: str) -> Refusal:
    """Return the refusal of a code that no account ever held."""
    return Refusal(Reason.CODE_UNKNOWN, message=f"no account ever held the code {code[:_SHOWN]!r}", field="code")


def unknown_contract(contract: str) -> Refusal:
    """Return the refusal of a contract that was never concluded."""
    return Refusal(Reason.CONTRACT_UNKNOWN, message=f"there is no contract {contract}", field="contract")


def unknown_account(account: str, field: str = "account") -> Refusal:
    """Return the refusal of an account without contracts."""
    return Refusal(Reason.ACCOUNT_UNKNOWN, message=f"no contract stands on account {account}", field=field)


def unknown_referral(contract: str) -> Refusal:
    """Return the refusal of a contract that carries no referral."""
    return Refusal(Reason.REFERRAL_UNKNOWN, message=f"contract {contract} carries no referral", field="contract")


def unknown_group(programme: Programme, group: str) -> Refusal:
    """Return the refusal of a group that the store does not have; it tells when the programme names the group (P5)."""
    is_named = any(setting.id == group for setting in programme.groups)
    hint = ": the programme names it, and has to be applied to this store" if is_named else ""
    return Refusal(Reason.GROUP_UNKNOWN, message=f"there is no group {group}{hint}", field="group")


def unknown_case(case: str) -> Refusal:
    """Return the refusal of a case that was never opened."""
    return Refusal(Reason.CASE_UNKNOWN, message=f"there is no case {case}", field="case")


def unknown_customer() -> Refusal:
    """Return the refusal of an unknown customer, or of an erased one, whose id is stored nowhere."""
    return Refusal(
        Reason.ACCOUNT_UNKNOWN,
        message="there is no such customer: there never was one, or it was erased",
        field="customer",
    )


def unknown_grant(key: str) -> Refusal:
    """Return the refusal of a key without a grant."""
    return Refusal(Reason.REFERRAL_UNKNOWN, message=f"no referral has a grant {key[:_SHOWN]!r}", field="key")


def contract_exists(contract: str) -> Refusal:
    """Return the refusal of a contract whose id is taken."""
    return Refusal(Reason.CONTRACT_EXISTS, message=f"contract {contract} was concluded before", field="contract")


def not_same_customer(account: str) -> Refusal:
    """Return the refusal of a contract on an account that another customer owns."""
    return Refusal(Reason.NOT_SAME_CUSTOMER, message=f"account {account} belongs to another customer", field="customer")
