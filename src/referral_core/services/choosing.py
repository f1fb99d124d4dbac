"""What staff, or a case, choose for a sign-up: a referee group (D7), an honoured moment (S10)."""

from __future__ import annotations

from datetime import datetime

import attrs

from referral_core.entities.case import Case
from referral_core.values.errors import Refusal
from referral_core.values.reason import Reason


@attrs.frozen
class Choice:
    """A checked choice: ``group`` is a referee group, ``honoured`` lies before the concluding moment."""

    group: str | None
    honoured: datetime | None
    reason: str | None
    case: Case | None = None


def chosen_by_case(case: Case, group: str | None, concluded_at: datetime) -> Choice:
    """Return what a case supplies by itself: its moment, and itself as the reason (K2)."""
    return Choice(group, _honoured(case.opened_at, case.opened_at > concluded_at), f"case {case.id}", case)


def chosen_by_hand(
    *, group: str | None, honoured: datetime | None, reason: str | None, concluded_at: datetime
) -> Choice:
    """Return what staff choose, having checked that the moment lies before (S10).

    :raises Refusal: ``moment-invalid``.
    """
    return Choice(group, _honoured(honoured, honoured is not None and honoured >= concluded_at), reason)


def _honoured(honoured: datetime | None, is_late: bool) -> datetime | None:
    if honoured is not None and is_late:
        raise Refusal(
            Reason.MOMENT_INVALID,
            message=f"the honoured moment {honoured.isoformat()} does not lie before the concluding moment",
            field="honour.moment",
        )
    return honoured
