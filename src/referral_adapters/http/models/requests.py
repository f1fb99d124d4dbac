"""The bodies of requests."""

from __future__ import annotations

from typing import Any

from pydantic import ConfigDict, Field, StrictBool

from referral_adapters.http.models.fields import Amount, Code, Day, DayOrMoment, Id, Model, Moment, Text
from referral_core.entities.discount_group import Side


def _shown(**example: Any) -> ConfigDict:  # noqa: ANN401 - any JSON
    return ConfigDict(json_schema_extra={"examples": [example]})


class CodeCheck(Model):
    """A code, and for whom and for what it would be used (S5). A customer is always checked as themselves."""

    model_config = _shown(code="A123", product="electricity", segment="household")

    code: Code
    channel: Id | None = None
    customer: Id | None = Field(
        default=None, description="Whose the contract would be; customers check for themselves."
    )
    product: Id | None = None
    segment: Id | None = None


class Honour(Model):
    """An earlier moment to be honoured (S10)."""

    moment: Moment


class Concluding(Model):
    """A contract that is concluded, with or without a code (S7)."""

    model_config = _shown(contract="K-2", account="B", customer="C-2", code="A123", channel="self-service")

    contract: Id
    account: Id
    customer: Id
    product: Id = "electricity"
    segment: Id = "household"
    channel: Id = "self-service"
    starts_on: Day | None = None
    code: Code | None = None
    group: Id | None = None
    honour: Honour | None = None
    reason: Text | None = None
    first_name: Text | None = None
    at: Moment | None = Field(default=None, description="When it was concluded, if not now; only systems may say.")


class Fact(Model):
    """That something came to be."""

    model_config = _shown(at="2021-03-14T09:00:00+02:00")

    at: Moment | None = Field(default=None, description="When it came to be, if not now.")


class Attaching(Model):
    """A code for a contract that was concluded without one (S8)."""

    model_config = _shown(code="A123", reason="The customer forgot it.")

    code: Code
    channel: Id = "sales-portal"
    group: Id | None = None
    honour: Honour | None = None
    reason: Text | None = None


class GroupChange(Model):
    """Another group for the new customer (D7)."""

    model_config = _shown(group="referee-self-service", reason="Started in self-service.")

    group: Id
    reason: Text


class Issuing(Model):
    """A code by hand (C9): of the given text, or drawn."""

    model_config = _shown(code="MIHKEL2025", replace=True, reason="The customer asked for a word of their own.")

    code: Code | None = None
    replace: StrictBool = False
    reason: Text | None = None


class Ending(Model):
    """The end of a code (C5): now, or at a later moment."""

    model_config = _shown(reason="Passed around on a coupon site.")

    at: Moment | None = None
    reason: Text


class Sharing(Model):
    """That an account's code was passed on, and by what means (T2)."""

    model_config = _shown(means="link")

    means: Id


class CaseOpening(Model):
    """A sign-up in self-service that failed (K1)."""

    model_config = _shown(case="LT-1", customer="C-2", code="A123")

    case: Id
    customer: Id
    code: Code | None = None
    product: Id = "electricity"
    segment: Id = "household"


class CaseFinish(Model):
    """The contract that finishes a case (K2)."""

    model_config = _shown(contract="K-2", account="B", customer="C-2")

    contract: Id
    account: Id
    customer: Id
    product: Id | None = None
    segment: Id | None = None
    starts_on: Day | None = None
    channel: Id = "sales-portal"
    group: Id | None = None


class NewGroup(Model):
    """A group of one side (D2)."""

    model_config = _shown(group="referee-fair", side="referee", name="Spring fair")

    group: Id
    side: Side
    name: Text | None = None


class GroupName(Model):
    """What a group is to be called (D2)."""

    model_config = _shown(name="Spring fair 2026")

    name: Text


class NewAmount(Model):
    """An amount for a period (D3-D5): from now on unless ``from`` says otherwise, open-ended unless ``until`` does."""

    model_config = _shown(amount="12", **{"from": "2021-04-01", "until": "2021-04-30"})

    amount: Amount
    from_: DayOrMoment | None = Field(default=None, alias="from")
    until: DayOrMoment | None = Field(default=None, description="The last day, or the moment at which it has ended.")
    correction: StrictBool = False
    reason: Text | None = None


class Bill(Model):
    """A bill, which takes what it can of the account's discount (B6)."""

    model_config = _shown(bill="2021-03-E", account="E", amount="24.90")

    bill: Id
    account: Id
    amount: Amount
    at: Moment | None = None


class Transfer(Model):
    """Unused discount on its way to another account of the same customer (B7): all of it, or an amount."""

    model_config = _shown(**{"from": "G", "to": "G2", "amount": "5"})

    from_: Id = Field(alias="from")
    to: Id
    amount: Amount | None = None


class Fee(Model):
    """A note that a discount is to be paid back (B8)."""

    model_config = _shown(amount="7", reason="Terminated in the third month.")

    amount: Amount
    reason: Text


class Erasing(Model):
    """Why a customer is erased, in words that do not name them (A5)."""

    model_config = _shown(reason="Asked to be forgotten.")

    reason: Text


class Reason(Model):
    """Why something is done by hand."""

    model_config = _shown(reason="Billing is back.")

    reason: Text
