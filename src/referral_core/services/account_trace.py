"""Where the trace tells of an account: on its own chain, and on those of the referrals it has a side in (A2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs

from referral_core.entities.discount_group import Side
from referral_core.entities.trace_entry import TraceEntry, account_subject, referral_subject

if TYPE_CHECKING:
    from referral_core.ports.store import Repositories

_REFERRALS: Final = referral_subject("")


@attrs.frozen
class AccountTrace:
    """The chains that have rows about one account, and which of their rows these are.

    On the chain of a referral, every row is about the referee's account but those of the referrer's grant. About the
    referrer's account are those of its grant alone: all else is the friend's.
    """

    own: frozenset[str]
    referred: tuple[str, ...]
    grants: frozenset[str]

    @classmethod
    def of(cls, ports: Repositories, account: str) -> AccountTrace:
        """Return where an account is told of. Neither the account nor a referral has to have a row."""
        contracts = [contract.id for contract in ports.contracts.of_account(account)]
        grants = list(ports.grants.all(account=account))
        return cls(
            own=frozenset({account_subject(account), *map(referral_subject, contracts)}),
            referred=tuple(referral_subject(grant.referral) for grant in grants if grant.side is Side.REFERRER),
            grants=frozenset(grant.key for grant in grants),
        )

    @property
    def subjects(self) -> tuple[str, ...]:
        """The subjects of the chains: the account's own, then its contracts' referrals, then its friends'."""
        return (*sorted(self.own), *self.referred)

    def has(self, row: TraceEntry) -> bool:
        """Tell whether a row of one of these chains is about the account."""
        grant = (row.after or {}).get("grant")
        if row.subject.startswith(_REFERRALS) and grant is not None:
            return grant in self.grants
        return row.subject in self.own
