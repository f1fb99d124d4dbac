"""The programme: all settings of a retailer, validated as a whole (P1)."""

from __future__ import annotations

import attrs

from referral_core.entities.discount_group import DiscountGroup, Side
from referral_core.programme.files import FilePath
from referral_core.programme.settings import GroupLine, Settings, SharingText
from referral_core.values.channel import is_within_any
from referral_core.values.errors import ProgrammeInvalid
from referral_core.values.moment import Calendar


@attrs.frozen(kw_only=True)
class Programme(Settings):
    """A validated programme.

    The constructor, and so :func:`attrs.evolve`, raises :class:`~referral_core.values.errors.ProgrammeInvalid` with
    every fault and its place. Without arguments it returns the household programme.

    >>> Programme().referee_group_for("distributor", "household", "gas")
    'referee-manual'
    """

    calendar: Calendar = attrs.field(init=False, repr=False, eq=False)
    """The days of the programme's zone (M1)."""

    def __attrs_post_init__(self) -> None:
        from referral_core.programme.validation import faults_of  # noqa: PLC0415 - so that importing the core stays quick

        faults = faults_of(self)
        if faults:
            raise ProgrammeInvalid(map(str, faults))
        object.__setattr__(self, "calendar", Calendar(self.zone))

    @classmethod
    def default(cls) -> Programme:
        """Return the household programme, the same as in ``household.toml``."""
        return cls()

    @classmethod
    def of(cls, settings: Settings) -> Programme:
        """Return the programme with these settings."""
        return cls(**attrs.asdict(settings, recurse=False))

    @classmethod
    def from_toml(cls, text: str) -> Programme:
        """Return the programme written in ``text`` as TOML; omitted settings are those of the household programme.

        >>> Programme.from_toml('name = "Islands"').name
        'Islands'

        :raises ProgrammeInvalid: with every fault of the text and its place: unknown settings, values of the wrong
            kind, and faults of validation; or with the one fault of a text that is no TOML.
        """
        from referral_core.programme.toml_file import settings_from_toml  # noqa: PLC0415 - as above

        return cls.of(settings_from_toml(text))

    @classmethod
    def from_file(cls, path: FilePath) -> Programme:
        """Return the programme in the file at ``path``, which is TOML in UTF-8.

        :raises ProgrammeInvalid: as :meth:`from_toml`, or the file is not UTF-8.
        :raises OSError: the file cannot be opened.
        """
        from referral_core.programme.toml_file import read_settings  # noqa: PLC0415 - as above

        return cls.of(read_settings(path))

    def covers(self, product: str, segment: str) -> bool:
        """Tell whether such a contract may be concluded with a code; otherwise the code is ``not-eligible`` (S11)."""
        return product in self.products and segment in self.segments

    def issues_for(self, product: str, segment: str) -> bool:
        """Tell whether the conclusion of such a contract gives the account a code (C3)."""
        return product in self.issuing_products and segment in self.issuing_segments

    def keeps(self, product: str) -> bool:
        """Tell whether an active contract on the product keeps the account's code active (C4)."""
        return product in self.keeping_products

    def blocks(self, channel: str) -> bool:
        """Tell whether an unusable code stops a sign-up in the channel (S6); in other channels it is a warning (S9)."""
        return is_within_any(channel, self.blocking_channels)

    def excludes(self, channel: str) -> bool:
        """Tell whether the sales of a channel are paid for otherwise, so that a code is ``not-eligible`` (S11)."""
        return is_within_any(channel, self.excluded_channels)

    def lines_of(self, side: Side) -> tuple[GroupLine, ...]:
        """Return the table of a side's groups; its last line matches everything (D6)."""
        if side is Side.REFEREE:
            return self.referee_groups
        return self.referrer_groups or (GroupLine(self.referrer_group),)

    def line_for(self, side: Side, channel: str, segment: str, product: str) -> GroupLine:
        """Return the first line of a side's table that matches the new contract, on either side (D6)."""
        return next(line for line in self.lines_of(side) if line.matches(channel, segment, product))

    def referrer_group_for(self, channel: str, segment: str, product: str) -> str:
        """Return the id of the referrer group for a new contract (D6)."""
        return self.line_for(Side.REFERRER, channel, segment, product).group

    def referee_group_for(self, channel: str, segment: str, product: str) -> str:
        """Return the id of the referee group for a new contract (D6)."""
        return self.line_for(Side.REFEREE, channel, segment, product).group

    def existing_customer_products_for(self, product: str) -> tuple[str, ...] | None:
        """Return the products that make an existing customer for a new contract on ``product`` (S1, S12).

        ``None`` is for every product.
        """
        return self.existing_customer_by_product.get(product, self.existing_customer_products)

    def referral_products_for(self, product: str) -> tuple[str, ...] | None:
        """Return the products whose referrals keep a customer from being referred for ``product`` (S4, S12).

        ``None`` is for every product, also where only the active contracts on some count.
        """
        return self.existing_customer_by_product.get(product)

    def initial_groups(self) -> tuple[DiscountGroup, ...]:
        """Return the groups that a new store starts with, enabled and without amounts (D2)."""
        return tuple(setting.group() for setting in self.groups)

    def sharing_text(self, code: str, language: str) -> SharingText:
        """Return the title, the text and the link that a customer shares, with the code filled in (T1).

        :raises LookupError: the programme does not have the language.
        """
        if language not in self.sharing:
            raise LookupError(f"the programme has no language {language!r}, only {', '.join(self.languages)}")
        return self.sharing[language].filled_in(code)
