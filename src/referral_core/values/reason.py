"""Reason codes: the words in which a rule says no.

Every refusal, warning and audit row names one of these. The members stand in the order in which several
reasons about one code are reported.
"""

from __future__ import annotations

from typing import Final

from referral_core.values.word import Word


class Reason(Word):
    """A reason code; its value is the word used in feeds, HTTP answers, tables and screens."""

    CODE_UNKNOWN = "code-unknown"
    CODE_PENDING = "code-pending"
    CODE_ENDED = "code-ended"
    EXISTING_CUSTOMER = "existing-customer"
    FORMER_CUSTOMER = "former-customer"
    SELF_REFERRAL = "self-referral"
    ALREADY_REFERRED = "already-referred"
    NOT_ELIGIBLE = "not-eligible"
    NO_AMOUNT = "no-amount"
    GROUP_DISABLED = "group-disabled"
    CONTRACT_ACTIVE = "contract-active"
    CONTRACT_UNKNOWN = "contract-unknown"
    CONTRACT_EXISTS = "contract-exists"
    ACCOUNT_UNKNOWN = "account-unknown"
    GROUP_UNKNOWN = "group-unknown"
    CASE_UNKNOWN = "case-unknown"
    CASE_EXISTS = "case-exists"
    REFERRAL_UNKNOWN = "referral-unknown"
    BILL_EXISTS = "bill-exists"
    CONTRACT_ENDED = "contract-ended"
    CONTRACT_PENDING = "contract-pending"
    NAME_INVALID = "name-invalid"
    MOMENT_INVALID = "moment-invalid"
    NOT_SAME_CUSTOMER = "not-same-customer"
    CODE_TAKEN = "code-taken"
    CODE_MALFORMED = "code-malformed"
    CODE_OVERLAP = "code-overlap"
    NO_CONTRACT = "no-contract"
    MOMENT_NAIVE = "moment-naive"
    MOMENT_PAST = "moment-past"
    PERIOD_EMPTY = "period-empty"
    PERIOD_OVERLAP = "period-overlap"
    AMOUNT_INVALID = "amount-invalid"
    CURRENCY_MISMATCH = "currency-mismatch"
    AMOUNT_EXCEEDS_UNUSED = "amount-exceeds-unused"
    GROUP_EXISTS = "group-exists"
    CASE_CLOSED = "case-closed"
    REASON_MISSING = "reason-missing"
    NOT_ALLOWED = "not-allowed"


REASON_ORDER: Final = {reason: place for place, reason in enumerate(Reason)}
"""The place of each reason when several are reported together (S5)."""
