"""What staff had otherwise than the rules by themselves would, read from the trace (S8, S10, D7, K2)."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Final

from referral_core.entities.contract import Contract
from referral_core.entities.referral import Referral
from referral_core.entities.trace_entry import TraceEntry, account_subject, referral_subject
from referral_core.ports.trace import TraceRepository
from referral_core.services.explanation import Deviation, Override

_TOLD: Final = frozenset({"referral.record", "referral.change-group"})


def rows_about(trace: TraceRepository, referral: Referral) -> Iterator[TraceEntry]:
    """Yield the rows that say how a referral's offers came to be, in order.

    Before referrals had chains of their own, these stood on the chain of the referee's account.
    """
    subjects = account_subject(referral.referee), referral_subject(referral.contract)
    for row in chain.from_iterable(map(trace.chain, subjects)):
        if row.act in _TOLD and row.after is not None and row.after.get("contract") == referral.contract:
            yield row


def overrides(
    trace: TraceRepository, contract: Contract, referral: Referral, *, was_chosen: bool
) -> Iterator[Override]:
    """Yield every deviation in the order of the trace; ``was_chosen`` tells of the group as the code was used."""
    for row in rows_about(trace, referral):
        if row.act == "referral.change-group":
            yield _override(Deviation.GROUP_CHANGED, row)
            continue
        # A conclusion that was told later says when it took place, and so is no code that was added later.
        if row.moment != contract.concluded_at and (row.after or {}).get("at") is None:
            yield _override(Deviation.ATTACHED, row)
        if referral.honoured_moment is not None:
            yield _override(Deviation.HONOURED if referral.case is None else Deviation.CASE, row)
        if was_chosen:
            yield _override(Deviation.GROUP_CHOSEN, row)


def _override(deviation: Deviation, row: TraceEntry) -> Override:
    before, after = row.before or {}, row.after or {}
    return Override(
        deviation, row.moment, row.role, row.actor, row.reason, after.get("referee_group"), before.get("referee_group")
    )
