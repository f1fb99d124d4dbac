"""What an act locks, and what it reads ahead under the locks: lookups that are likely to be asked together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from referral_adapters.sql import billing, cases, codes, contracts, grants, groups, referrals, requests, trace
from referral_adapters.sql.unit_of_work import Families, Family, Key, Member
from referral_core.entities.trace import account_subject, referral_subject


def _around_contract(answers: Sequence[Any]) -> Iterator[tuple[str, Key]]:
    """Yield the account of a contract that is there."""
    contract, *_ = answers
    if contract is not None:
        yield "account", contract.account


def _around_code(answers: Sequence[Any]) -> Iterator[tuple[str, Key]]:
    """Yield the account of a code that is there, and the code again."""
    (held,) = answers
    if held is not None:
        yield "account", held.code.account
        yield "held code", held.code.text


def _chain(account: Key) -> Key:
    return account_subject(str(account))


def _referrals_chain(contract: Key) -> Key:
    return referral_subject(str(contract))


def _nothing(_: Key) -> Key:
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
    # Whoever ends a code looks whose it is, locks the account as all do who change its codes, and looks again.
    Family("ended code", (Member(codes.BY_TEXT, statement=codes.UNLOCKED),), leads_to=_around_code),
    Family("held code", (Member(codes.BY_TEXT, statement=codes.TO_BE_CHANGED),)),
    Family("group", (Member(groups.ALL, _nothing),)),
    Family("case", (Member(cases.BY_ID),)),
    Family("ledger", (Member(billing.LOTS_OF), Member(billing.LAST_MOVED), Member(grants.DUE)), lock="discount {}"),
    Family("bill", (Member(billing.BILLED),)),
    Family("grant", (Member(billing.POSTED),)),
    Family("transfer", (Member(billing.MOVED),)),
    # Locked by what they are called, so that of two who take one up the second sees what the first has done.
    Family("event", (Member(requests.EVENT),), lock="event {}"),
    Family("answer", (Member(requests.ANSWER),), lock="answer {}"),
    # The chain of an account is read with the account, whose lock stands for it.
    Family("chain", (Member(trace.END),), lock="chain {}"),
)
