"""The contracts that rows tell of."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Final

from referral_adapters.feed.fields import Fields
from referral_core.entities.contract import Contract
from referral_core.values.moment import Calendar

_DAYS: Final = 4_096
"""How many days, with their midnights, are kept: most rows tell of one of a few thousand."""


class ContractRows:
    """Tells which contract a row is about, in the words and with the defaults of a feed.

    A moment that is only a day means its midnight in the programme's zone (M1).
    """

    def __init__(self, calendar: Calendar) -> None:
        self._midnight = lru_cache(_DAYS)(calendar.start_of)

    def contract(self, values: Mapping[str, str]) -> Contract:
        """Return the contract that a row's values tell of.

        :raises LineInvalid: a value is missing, or not of its kind.
        :raises Refusal: ``moment-naive``, ``moment-invalid``.
        """
        fields = Fields(values, at="")
        contract, account, customer = fields.name("contract"), fields.name("account"), fields.name("customer")
        product, segment = fields.optional_name("product"), fields.optional_name("segment")
        channel = fields.optional_name("channel")
        first_name = fields.text("first_name") if fields.has("first_name") else None
        concluded_at = self._moment(fields, "concluded_at") or fields.moment("concluded_at")
        activated_at, ended_at = self._moment(fields, "activated_at"), self._moment(fields, "ended_at")
        starts_on = fields.date("starts_on") if fields.has("starts_on") else None
        fields.close()
        return Contract.imported(
            id=contract,
            account=account,
            customer=customer,
            product=product or "electricity",
            segment=segment or "household",
            channel=channel or "self-service",
            concluded_at=concluded_at,
            activated_at=activated_at,
            ended_at=ended_at,
            starts_on=starts_on,
            first_name=first_name,
        )

    def _moment(self, fields: Fields, name: str) -> datetime | None:
        if not fields.has(name):
            return None
        return self._midnight(fields.date(name), name) if fields.is_day(name) else fields.moment(name)
