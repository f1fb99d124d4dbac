"""The settings of a programme, before the laws have judged them (P1)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import attrs

from referral_core.programme.checking import HOUSEHOLD_CHECKING, Checking
from referral_core.programme.code_format import CodeFormat
from referral_core.programme.fee_policy import FeePolicy
from referral_core.programme.group_setting import HOUSEHOLD_GROUPS, GroupSetting
from referral_core.programme.household import household_sharing, household_words
from referral_core.programme.paying import HOUSEHOLD_PAYING, Paying
from referral_core.programme.referee_group_line import HOUSEHOLD_REFEREE_GROUPS, RefereeGroupLine
from referral_core.programme.sharing_template import SharingTemplate

if TYPE_CHECKING:
    from dateutil.relativedelta import relativedelta


def _copied(sharing: Mapping[str, SharingTemplate]) -> dict[str, SharingTemplate]:
    return dict(sharing)


@attrs.frozen(kw_only=True)
class Settings:
    """Everything that can be set; what is left out is as in the household programme.

    Settings that no law has judged are good for finding their faults only. Work with a
    :class:`~referral_core.programme.programme.Programme`.
    """

    name: str = "Elektrum household"
    zone: str = "Europe/Tallinn"
    """The zone of days, by its name in the IANA database (M1)."""
    currency: str = "EUR"
    """The currency of all amounts, by its ISO 4217 code (M3)."""
    products: tuple[str, ...] = ("electricity",)
    """What a contract may supply for a code to be given with it (S11)."""
    segments: tuple[str, ...] = ("household",)
    """To whom (S11)."""
    channels: tuple[str, ...] = ("self-service", "sales-portal", "distributor")
    """The channels that settings speak of. The set is open: any other is one more staff channel."""
    blocking_channels: tuple[str, ...] = ("self-service",)
    """The channels in which an unusable code stops the sign-up (S6); in all others it warns (S9)."""
    issuing_products: tuple[str, ...] = ("electricity",)
    """The products whose contracts give the account a code (C3)."""
    issuing_segments: tuple[str, ...] = ("household",)
    """The segments whose contracts give the account a code (C3)."""
    keeping_products: tuple[str, ...] = ("electricity", "gas")
    """The products whose active contracts keep the code active, which may lie outside the programme (C4)."""
    groups: tuple[GroupSetting, ...] = HOUSEHOLD_GROUPS
    """The discount groups at the start (D2)."""
    referrer_group: str = "referrer"
    """The id of the group that all referrers belong to."""
    referee_groups: tuple[RefereeGroupLine, ...] = HOUSEHOLD_REFEREE_GROUPS
    """The table that a referee's group is found in; the first matching line wins (D6)."""
    existing_customer_products: tuple[str, ...] | None = None
    """The products whose active contracts make an existing customer, ``None`` for every product (S1)."""
    returning_after: relativedelta | None = None
    """The length of absence after which a former customer counts as new again, ``None`` for never (S2)."""
    pay_ended_referrer: bool = True
    """Whether a referrer is paid although code or contract ended before the activation (B5)."""
    checking: Checking = HOUSEHOLD_CHECKING
    """How many checks are answered in a while (A4)."""
    code_format: CodeFormat = CodeFormat.RANDOM
    """How codes are made (C10)."""
    offensive_words: tuple[str, ...] = attrs.field(factory=household_words)
    """What no generated code contains, in the letters and digits of codes (C10)."""
    fee_policy: FeePolicy = FeePolicy.NOTHING
    """What is proposed to be paid back on early termination (B8)."""
    fee_term_months: int = 12
    """The months that a pro-rata proposal is spread over (B8)."""
    paying: Paying = HOUSEHOLD_PAYING
    """How persistently what is due is sent to billing (B2)."""
    languages: tuple[str, ...] = ("et", "en", "ru", "lv")
    """The languages that customers may choose from, the first for those who have not (T1)."""
    sharing: Mapping[str, SharingTemplate] = attrs.field(converter=_copied, hash=False)
    """What customers pass on, by language (T1)."""

    @sharing.default
    def _household_sharing(self) -> dict[str, SharingTemplate]:
        return household_sharing(self.languages)
