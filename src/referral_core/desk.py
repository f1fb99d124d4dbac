"""The one door for a host: the use cases, grouped by the noun they serve."""

from __future__ import annotations

from typing import TYPE_CHECKING

from referral_core.programme.programme import Programme
from referral_core.use_cases.activating import Contracts
from referral_core.use_cases.auditing import Trace
from referral_core.use_cases.code_book import CodeBook
from referral_core.use_cases.configuring import Groups
from referral_core.use_cases.consuming import Discounts
from referral_core.use_cases.drawing import Drawing
from referral_core.use_cases.erasing import Customers
from referral_core.use_cases.explaining import Referrals
from referral_core.use_cases.following_contracts import FollowingContracts
from referral_core.use_cases.handling_cases import Cases
from referral_core.use_cases.issuing import Codes
from referral_core.use_cases.judging import Judging
from referral_core.use_cases.launching import Launching
from referral_core.use_cases.paying import Payouts
from referral_core.use_cases.referring import Referring
from referral_core.use_cases.sharing import Sharings
from referral_core.use_cases.showing_accounts import Accounts
from referral_core.use_cases.signing_up import SignUps

if TYPE_CHECKING:
    from referral_core.ports.ports import Ports


class ReferralDesk:
    """Everything that can be done, by noun: made by :func:`assemble`.

    Every act takes ``at``, the moment it happens at, and ``actor``, who asks, by keyword, and returns what happened.
    No act opens or commits a transaction: whoever calls owns it.
    """

    def __init__(self, programme: Programme, ports: Ports) -> None:
        judging = Judging(programme, ports)
        book, drawing = CodeBook(programme, ports), Drawing(programme, ports)
        following = FollowingContracts(programme, ports, book, drawing)
        self.programme = programme
        self.ports = ports
        self.codes = Codes(ports, book, drawing)
        self.sign_ups = SignUps(programme, ports, following, judging, Referring(ports, judging))
        self.contracts = Contracts(programme, ports, following)
        self.referrals = Referrals(programme, ports)
        self.cases = Cases(ports, judging, self.sign_ups)
        self.groups = Groups(programme, ports)
        self.payouts = Payouts(programme, ports)
        self.discounts = Discounts(programme, ports)
        self.sharings = Sharings(programme, ports)
        self.customers = Customers(ports)
        self.accounts = Accounts(ports, self.sharings)
        self.trace = Trace(ports)
        self.launch = Launching(programme, ports, book, drawing)


def assemble(programme: Programme, ports: Ports) -> ReferralDesk:
    """Return the desk of a programme over the given ports."""
    return ReferralDesk(programme, ports)
