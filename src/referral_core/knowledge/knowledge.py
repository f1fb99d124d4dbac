"""All ports as they stood at a moment."""

from __future__ import annotations

from datetime import datetime

from referral_core.knowledge.billing import KnownBilling
from referral_core.knowledge.cases import KnownCases
from referral_core.knowledge.contract_pages import KnownContractPages
from referral_core.knowledge.contracts import KnownContracts
from referral_core.knowledge.discount_groups import KnownDiscountGroups
from referral_core.knowledge.grants import KnownGrants
from referral_core.knowledge.history import KnownHistory
from referral_core.knowledge.launch import KnownLaunchCodes, KnownLaunchContracts
from referral_core.knowledge.persons import KnownPersons
from referral_core.knowledge.promo_codes import KnownPromoCodes
from referral_core.knowledge.referrals import KnownReferrals
from referral_core.knowledge.seals import KnownSeals
from referral_core.knowledge.sharings import KnownSharings
from referral_core.knowledge.trace import KnownTrace
from referral_core.ports.gathered_evidence import GatheredEvidence
from referral_core.ports.ports import Ports
from referral_core.values.moment import moment


class Knowledge:
    """The ports of any store as they stood, known at the moment ``by``: what was recorded by then, and no more (R3).

    Whatever reads ports reads this too, so that every figure, check and explanation can be had as of an earlier day.
    Codes, groups and referrals are taken from the port ``History``; of everything else the moments that it carries
    itself say what was known. A method that would write raises :class:`TypeError`.

    It is as large as a handful of references and keeps nothing, so it may be made for every question. What each
    answer costs beyond that of the ports themselves is the reading of a history for each code and referral named.
    """

    def __init__(self, ports: Ports, *, by: datetime) -> None:
        by = moment(by, "by")
        self.by = by
        self.history = KnownHistory(ports.history, by)
        self.contracts = KnownContracts(ports.contracts, by)
        self.contract_pages = KnownContractPages(ports.contract_pages, by)
        self.promo_codes = KnownPromoCodes(ports.promo_codes, self.history, by)
        self.groups = KnownDiscountGroups(ports.groups, self.history, by)
        self.referrals = KnownReferrals(ports.referrals, ports.contracts, self.history, by)
        self.evidence = GatheredEvidence(self)
        self.grants = KnownGrants(ports.grants, by)
        self.cases = KnownCases(ports.cases, by)
        self.sharings = KnownSharings(ports.sharings, by)
        self.trace = KnownTrace(ports.trace, by)
        self.seals = KnownSeals(ports.seals, by)
        self.persons = KnownPersons(ports.persons, by)
        self.launch_contracts = KnownLaunchContracts(by)
        self.launch_codes = KnownLaunchCodes(by)
        self.billing = KnownBilling(ports.billing, self.grants, by)
        self.folding = ports.folding
        self._ports = ports

    @property
    def code_key(self) -> bytes:
        """The secret behind codes, which never changes; asked for when it is needed."""
        return self._ports.code_key
