"""The settings of a programme, not yet validated, with the values of the household programme (P1)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Final

import attrs

from referral_core.entities.discount_group import DiscountGroup, Side
from referral_core.programme.files import shipped
from referral_core.values.channel import is_within
from referral_core.values.word import Word

if TYPE_CHECKING:
    from dateutil.relativedelta import relativedelta

    from referral_core.programme.toml_table import TomlTable


@attrs.frozen(kw_only=True)
class Checking:
    """The limits on codes given by their texts, on every door, which make guessing slow (A4)."""

    per_caller: int = 30
    """The most codes of one customer, or of one person of a distributor."""
    per_address: int = 60
    """The most codes from one network address, by whichever of these and of strangers."""
    per_staff: int = 300
    """The most codes of one member of staff."""
    per_staff_address: int = 3000
    """The most codes from one network address by all staff."""
    per_system: int = 6000
    """The most codes of one system in its own name."""
    within: timedelta = timedelta(minutes=1)
    """The time in which they are counted."""


HOUSEHOLD_CHECKING: Final = Checking()
"""The limits of the household programme."""


@attrs.frozen(kw_only=True)
class Paying:
    """The attempts to post a grant, the pauses in between, and the time for billing's answer (B2).

    The defaults retry a grant over nearly four days, as long as the longest weekend, before it is stuck.
    """

    attempts: int = 12
    """The number of attempts before a grant is stuck and needs staff."""
    first_pause: timedelta = timedelta(minutes=5)
    """The pause after the first failed attempt."""
    growth: int = 2
    """The factor by which each further pause is longer than the one before it."""
    longest_pause: timedelta = timedelta(days=1)
    """The longest pause."""
    answer_within: timedelta = timedelta(minutes=1)
    """The time that billing has for one answer; the lease of a payer lasts this time for each of its calls."""

    def pause_after(self, attempts: int) -> timedelta:
        """Return the pause after the failure of the attempt of this number, counted from 1."""
        pause = self.first_pause
        for _ in range(attempts - 1):
            if pause >= self.longest_pause or self.growth == 1:
                break
            pause *= self.growth
        return min(pause, self.longest_pause)

    def next_try(self, attempts: int, at: datetime) -> datetime | None:
        """Return the moment of the next attempt after this one failed at ``at``, or ``None`` when none is left."""
        return None if attempts >= self.attempts else at + self.pause_after(attempts)


HOUSEHOLD_PAYING: Final = Paying()
"""The retries of the household programme."""


class CodeFormat(Word):
    """The formats of codes that are issued without a chosen text (C10)."""

    RANDOM = "random"
    """Eight characters without look-alikes, which cannot be guessed from other codes."""
    NAMED = "named"
    """First name and year, as in ``MIHKEL2025``."""


class FeePolicy(Word):
    """The proposals for a fee on early termination (B8); staff enter the note by hand in any case."""

    NOTHING = "nothing"
    USED = "used"
    """The part of the discount that bills have used."""
    PRO_RATA = "pro-rata"
    """The part of the discount for the remaining days of the term."""


@attrs.frozen
class GroupSetting:
    """A discount group that a new store starts with: its id, its side and its name for people (D2)."""

    id: str
    side: Side
    name: str

    def group(self) -> DiscountGroup:
        """Return the group, enabled and without amounts."""
        return DiscountGroup(id=self.id, side=self.side, name=self.name)


HOUSEHOLD_GROUPS: Final = (
    GroupSetting("referrer", Side.REFERRER, "referrer"),
    GroupSetting("referee-self-service", Side.REFEREE, "referee-self-service"),
    GroupSetting("referee-manual", Side.REFEREE, "referee-manual"),
)
"""The groups of the household programme (D2)."""


class Annulment(Word):
    """What becomes of the amounts that were granted for a contract which turns out never to have been (B10)."""

    UNSPENT = "unspent"
    """What bills have not used is taken back."""
    KEEP = "keep"
    """They stay."""


class ManualEndBlocks(Word):
    """Whose codes stay away after a manual ending, until staff issue one by hand (C7)."""

    ACCOUNT = "account"
    """The account's own: nothing is issued to it automatically."""
    CUSTOMER = "customer"
    """The customer's: all their codes end, and nothing is issued automatically to any of their accounts."""


@attrs.frozen
class GroupLine:
    """A line of a side's table of groups: the group of the sign-ups that match; ``None`` matches anything (D6).

    A channel matches its members too.
    """

    group: str
    channel: str | None = None
    segment: str | None = None
    product: str | None = None

    @property
    def criteria(self) -> tuple[str | None, str | None, str | None]:
        """The criteria of the line, in the order channel, segment, product."""
        return (self.channel, self.segment, self.product)

    def matches(self, channel: str, segment: str, product: str) -> bool:
        """Tell whether a sign-up matches."""
        return (
            (self.channel is None or is_within(channel, self.channel))
            and self.segment in {None, segment}
            and self.product in {None, product}
        )

    def is_as_wide_as(self, other: GroupLine) -> bool:
        """Tell whether every sign-up that matches ``other`` matches this line too."""
        return (
            (self.channel is None or (other.channel is not None and is_within(other.channel, self.channel)))
            and self.segment in {None, other.segment}
            and self.product in {None, other.product}
        )


HOUSEHOLD_REFEREE_GROUPS: Final = (
    GroupLine("referee-self-service", channel="self-service"),
    GroupLine("referee-manual"),
)
"""The table of the household programme (D6)."""


PLACEHOLDER: Final = "{code}"
"""The placeholder of the code in a template."""

_UNRESERVED: Final = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")


def percent_encoded(text: str) -> str:
    """Return ``text`` percent-encoded for any place in a link (RFC 3986, section 2)."""
    return "".join(chr(byte) if byte in _UNRESERVED else f"%{byte:02X}" for byte in text.encode())


@attrs.frozen
class SharingText:
    """The input of a share sheet on Android and iOS: a title, a text and a link (T1)."""

    title: str
    text: str
    url: str


@attrs.frozen
class SharingTemplate:
    """A title, a text and a link with the placeholder ``{code}`` (T1)."""

    title: str
    text: str
    link: str

    def filled_in(self, code: str) -> SharingText:
        """Return the texts with ``code`` filled in, percent-encoded in the link."""
        return SharingText(
            title=self.title.replace(PLACEHOLDER, code),
            text=self.text.replace(PLACEHOLDER, code),
            url=self.link.replace(PLACEHOLDER, percent_encoded(code)),
        )

    @classmethod
    def read(cls, table: TomlTable) -> SharingTemplate:
        """Read a template from its table in a programme file; the table records the faults."""
        template = cls(title=table.text("title"), text=table.text("text"), link=table.text("link"))
        table.close()
        return template

    @classmethod
    def read_all(cls, sharing: TomlTable) -> dict[str, SharingTemplate]:
        """Read the templates of all languages from the table that contains them."""
        tables = {language: sharing.table(language) for language in sharing.content}
        return {language: cls.read(table) for language, table in tables.items() if table is not None}


HOUSEHOLD_FILE: Final = "household.toml"


@cache
def _table() -> TomlTable:
    from referral_core.programme.toml_table import TomlTable  # noqa: PLC0415 - so that importing the core stays quick

    return TomlTable(shipped(HOUSEHOLD_FILE), faults=[])


@cache
def household_words() -> tuple[str, ...]:
    """Return the offensive words of the household programme, in capital letters (C10)."""
    return _table().words("offensive_words", ())


@cache
def _templates() -> Mapping[str, SharingTemplate]:
    sharing = _table().table("sharing")
    return SharingTemplate.read_all(sharing) if sharing else {}


def household_sharing(languages: Iterable[str]) -> dict[str, SharingTemplate]:
    """Return the household programme's templates in those of ``languages`` that it has (T1)."""
    return {language: _templates()[language] for language in languages if language in _templates()}


def _copied(sharing: Mapping[str, SharingTemplate]) -> dict[str, SharingTemplate]:
    return dict(sharing)


def _listed(products: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    return dict(products)


@attrs.frozen(kw_only=True)
class Settings:
    """All settings of a programme; the defaults are those of the household programme.

    Settings are not validated, and serve only for finding their faults. A validated
    :class:`~referral_core.programme.programme.Programme` is made of them.
    """

    name: str = "Elektrum household"
    zone: str = "Europe/Tallinn"
    """The zone of days, by its name in the IANA database (M1)."""
    currency: str = "EUR"
    """The currency of all amounts, by its ISO 4217 code (M3)."""
    products: tuple[str, ...] = ("electricity",)
    """The products whose contracts may be concluded with a code (S11)."""
    segments: tuple[str, ...] = ("household",)
    """The segments whose contracts may be concluded with a code (S11)."""
    channels: tuple[str, ...] = ("self-service", "sales-portal", "distributor")
    """The channels that settings name. The set is open: every other channel is a staff channel too.

    A member of a listed family, as ``distributor/shop7``, is listed with it (D6).
    """
    blocking_channels: tuple[str, ...] = ("self-service",)
    """The channels in which an unusable code stops the sign-up (S6); in all others it warns (S9)."""
    excluded_channels: tuple[str, ...] = ()
    """The channels whose sign-ups earn no discount, because their sales are paid for otherwise (S11)."""
    issuing_products: tuple[str, ...] = ("electricity",)
    """The products whose contracts give the account a code (C3)."""
    issuing_segments: tuple[str, ...] = ("household",)
    """The segments whose contracts give the account a code (C3)."""
    keeping_products: tuple[str, ...] = ("electricity", "gas")
    """The products whose active contracts keep the code active, which may lie outside the programme (C4)."""
    groups: tuple[GroupSetting, ...] = HOUSEHOLD_GROUPS
    """The discount groups at the start (D2)."""
    referrer_group: str = "referrer"
    """The id of the group that all referrers belong to, unless ``referrer_groups`` says more."""
    referrer_groups: tuple[GroupLine, ...] | None = None
    """The table of referrer groups by the new contract; ``None`` for ``referrer_group`` alone (D6)."""
    referee_groups: tuple[GroupLine, ...] = HOUSEHOLD_REFEREE_GROUPS
    """The table of referee groups; the first matching line decides (D6)."""
    existing_customer_products: tuple[str, ...] | None = None
    """The products whose active contracts make an existing customer, ``None`` for every product (S1)."""
    existing_customer_by_product: Mapping[str, tuple[str, ...]] = attrs.field(
        factory=dict, converter=_listed, hash=False
    )
    """The same for single products of the new contract, which also says whose referrals count for it (S12)."""
    returning_after: relativedelta | None = None
    """The length of absence after which a former customer counts as new again, ``None`` for never (S2)."""
    manual_end_blocks: ManualEndBlocks = ManualEndBlocks.ACCOUNT
    annulment: Annulment = Annulment.UNSPENT
    """Whether a manual ending blocks its account or its whole customer from automatic codes (C7)."""
    pay_ended_referrer: bool = True
    """Whether a referrer is paid although code or contract ended before the activation (B5)."""
    checking: Checking = HOUSEHOLD_CHECKING
    """The limits on checks of codes (A4)."""
    code_format: CodeFormat = CodeFormat.RANDOM
    """The format of issued codes (C10)."""
    offensive_words: tuple[str, ...] = attrs.field(factory=household_words)
    """The words that no generated code contains, in the letters and digits of codes (C10)."""
    fee_policy: FeePolicy = FeePolicy.NOTHING
    """The proposal for a fee on early termination (B8)."""
    fee_term_months: int = 12
    """The months that a pro-rata proposal is spread over (B8)."""
    paying: Paying = HOUSEHOLD_PAYING
    """The attempts and pauses of posting grants to billing (B2)."""
    languages: tuple[str, ...] = ("et", "en", "ru", "lv")
    """The languages that customers may choose from; the first is the default (T1)."""
    sharing: Mapping[str, SharingTemplate] = attrs.field(converter=_copied, hash=False)
    """The templates of what customers share, by language (T1)."""

    @sharing.default
    def _household_sharing(self) -> dict[str, SharingTemplate]:
        return household_sharing(self.languages)
