"""The locks of acts, and the lookups that are read ahead under them, by the kind of key that an act names."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from referral_adapters.sql import billing, cases, codes, contracts, grants, groups, lots, referrals, requests, trace
from referral_adapters.sql.unit_of_work import Families, Family, Key, Member
from referral_core.entities.trace import account_subject, referral_subject


def _around_contract(answers: Sequence[Any]) -> Iterator[tuple[str, Key]]:
    """Yield the account of a contract, if there is the contract."""
    contract, *_ = answers
    if contract is not None:
        yield "account", contract.account


def _around_code(answers: Sequence[Any]) -> Iterator[tuple[str, Key]]:
    """Yield the account of a code, and the code again, if there is the code."""
    (held,) = answers
    if held is not None:
        yield "account", held.code.account
        yield "held code", held.code.text


def _chain(account: Key) -> Key:
    return account_subject(str(account))


def _referrals_chain(contract: Key) -> Key:
    return referral_subject(str(contract))


def _nothing(_: Key) -> Key:
    """Return the key of the lookup of all groups, which has no parameter."""
    return ""


FAMILIES: Final = Families(
    Family(
        "account",
        (Member(contracts.OF_ACCOUNT), Member(codes.OF_ACCOUNT), Member(trace.END, _chain)),
        lock="account {}",
    ),
    Family(
        "contract",
        (
            Member(contracts.BY_ID),
            Member(referrals.BY_CONTRACT),
            Member(trace.END, _referrals_chain),
        ),
        leads_to=_around_contract,
    ),
    Family("customer", (Member(contracts.OF_CUSTOMER), Member(referrals.LIVE_OF)), lock="customer {}"),
    Family("code", (Member(codes.BY_TEXT), Member(groups.ALL, _nothing))),
    # Ending a code reads its account without a lock, locks the account by name as every change of its codes does, and
    # reads the code again: another act may have changed it before the lock was granted.
    Family("ended code", (Member(codes.BY_TEXT, statement=codes.UNLOCKED),), leads_to=_around_code),
    Family("held code", (Member(codes.BY_TEXT, statement=codes.TO_BE_CHANGED),)),
    Family("group", (Member(groups.ALL, _nothing),)),
    Family("case", (Member(cases.BY_ID),)),
    Family("ledger", (Member(lots.LOTS_OF), Member(grants.DUE), Member(grants.REVERSALS_DUE)), lock="discount {}"),
    Family("bill", (Member(billing.BILLED),)),
    Family("grant", (Member(billing.POSTED),)),
    Family("transfer", (Member(billing.MOVED),)),
    # A new event or answer has no row to lock. Under the lock of its name, the second of two equal requests waits, and
    # then reads the row of the first.
    Family("event", (Member(requests.EVENT),), lock="event {}"),
    Family("answer", (Member(requests.ANSWER),), lock="answer {}"),
    # For chains without a family: the chain of an account is read with the account, under the account's lock.
    Family("chain", (Member(trace.END),), lock="chain {}"),
)
