"""The one door for a host: the use cases, grouped by the noun they serve."""

from __future__ import annotations

import attrs

from referral_core.ports.ports import Ports
from referral_core.programme.programme import Programme
from referral_core.use_cases.activating import Contracts
from referral_core.use_cases.configuring import Groups
from referral_core.use_cases.consuming import Discounts
from referral_core.use_cases.handling_cases import Cases
from referral_core.use_cases.issuing import Codes
from referral_core.use_cases.judging import Judging
from referral_core.use_cases.paying import Payouts
from referral_core.use_cases.sharing import Sharings
from referral_core.use_cases.signing_up import SignUps


@attrs.frozen
class ReferralDesk:
    """Everything that can be done, by noun.

    Every act takes ``at``, the moment it happens at, and ``actor``, who asks, by keyword, and returns what happened.
    No act opens or commits a transaction: whoever calls owns it.
    """

    programme: Programme
    ports: Ports
    codes: Codes
    sign_ups: SignUps
    contracts: Contracts
    cases: Cases
    groups: Groups
    payouts: Payouts
    discounts: Discounts
    sharings: Sharings


def assemble(programme: Programme, ports: Ports) -> ReferralDesk:
    """Return the desk of a programme over the given ports."""
    codes = Codes(programme, ports)
    judging = Judging(programme, ports)
    sign_ups = SignUps(programme, ports, codes, judging)
    return ReferralDesk(
        programme=programme,
        ports=ports,
        codes=codes,
        sign_ups=sign_ups,
        contracts=Contracts(programme, ports, codes),
        cases=Cases(programme, ports, judging, sign_ups),
        groups=Groups(ports),
        payouts=Payouts(ports),
        discounts=Discounts(programme, ports),
        sharings=Sharings(programme, ports),
    )
