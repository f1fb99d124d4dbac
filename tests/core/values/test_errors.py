"""Reasons and errors: the rulebook's words, and what an error carries."""

from __future__ import annotations

import copy
import pickle
from typing import TYPE_CHECKING

import pytest

from referral_core.values import errors
from referral_core.values.errors import (
    REASON_ORDER,
    ArgumentInvalid,
    BillingUnavailable,
    CodeSpaceExhausted,
    ConcurrentChange,
    KeyReused,
    ProgrammeInvalid,
    ReadOnlySession,
    Reason,
    ReferralError,
    Refusal,
    TraceUnreadable,
)

if TYPE_CHECKING:
    from collections.abc import Callable

ABOUT_A_CODE = """
code-unknown code-pending code-ended
existing-customer former-customer self-referral already-referred not-eligible
no-amount group-disabled
"""
"""The reasons that checking a code can give, in the order in which they are reported together."""

WORDS = f"""
{ABOUT_A_CODE}
zone-mismatch
contract-active
contract-unknown contract-exists account-unknown group-unknown case-unknown case-exists referral-unknown bill-exists
referral-void referral-held
contract-ended contract-pending
bill-unknown name-invalid
moment-invalid
not-same-customer
code-taken code-malformed code-overlap no-contract
moment-naive moment-past period-empty period-overlap
amount-invalid currency-mismatch amount-exceeds-unused
group-exists case-closed
reason-missing not-allowed
"""
"""Every reason of the rulebook."""


# ── reasons ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.rule("S5")
def test_the_reasons_are_the_rulebooks_words() -> None:
    assert sorted(Reason) == sorted(WORDS.split())
    assert len(set(WORDS.split())) == len(WORDS.split())


@pytest.mark.rule("S5")
def test_several_reasons_about_a_code_have_an_order() -> None:
    reported = ABOUT_A_CODE.split()
    assert sorted(map(Reason, reversed(reported)), key=REASON_ORDER.__getitem__) == reported
    assert set(REASON_ORDER) == set(Reason)
    assert len(set(REASON_ORDER.values())) == len(Reason)


@pytest.mark.rule("S5")
@pytest.mark.parametrize("reason", Reason)
def test_a_reason_is_its_word_and_is_shown_as_code_writes_it(reason: Reason) -> None:
    assert eval(repr(reason)) is reason
    assert str(reason) == reason.value == f"{reason}"
    assert reason.name == reason.value.upper().replace("-", "_")
    assert repr(Reason.CODE_UNKNOWN) == "Reason.CODE_UNKNOWN"


# ── errors ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_one_root_catches_everything_raised_on_purpose() -> None:
    for error in (Refusal, ArgumentInvalid, ProgrammeInvalid, CodeSpaceExhausted, BillingUnavailable):
        assert issubclass(error, ReferralError)
    assert issubclass(ReferralError, Exception)
    assert not issubclass(ReferralError, ValueError | LookupError | OSError)


def test_the_tree_in_the_docstring_names_every_error() -> None:
    assert errors.__doc__ is not None
    named = {line.strip("│ ├└─").split(" ")[0] for line in errors.__doc__.splitlines() if "──" in line}
    made = {
        error.__name__ for error in vars(errors).values() if isinstance(error, type) and issubclass(error, Exception)
    }
    assert made <= named | {"ReferralError"}


@pytest.mark.rule("S5")
def test_a_refusal_carries_its_reasons_its_field_and_a_sentence() -> None:
    refusal = Refusal(Reason.CODE_ENDED, Reason.NO_AMOUNT, message="A123 cannot be used", field="code")
    assert refusal.reasons == (Reason.CODE_ENDED, Reason.NO_AMOUNT)
    assert refusal.field == "code"
    assert refusal.message == "A123 cannot be used"
    assert str(refusal) == "code-ended, no-amount: code: A123 cannot be used"


@pytest.mark.rule("S5")
def test_a_refusal_without_a_field_says_so_little() -> None:
    refusal = Refusal(Reason.NOT_ALLOWED, message="an agent does not end codes")
    assert refusal.field is None
    assert str(refusal) == "not-allowed: an agent does not end codes"


@pytest.mark.rule("S5")
def test_a_refusal_is_shown_as_one_writes_it() -> None:
    refusal = Refusal(Reason.CODE_ENDED, Reason.NO_AMOUNT, message="A123 cannot be used", field="code")
    assert vars(eval(repr(refusal))) == vars(refusal)


@pytest.mark.rule("S5")
def test_a_refusal_has_a_reason() -> None:
    with pytest.raises((TypeError, ValueError)):
        Refusal(message="no")  # type: ignore[call-arg]  # what is to be refused


def test_an_argument_of_the_wrong_type_is_a_type_error_that_names_it() -> None:
    invalid = ArgumentInvalid("contract", "17 is no text")
    assert isinstance(invalid, TypeError)
    assert (invalid.field, invalid.message) == ("contract", "17 is no text")
    assert str(invalid) == "contract: 17 is no text"
    assert vars(eval(repr(invalid))) == vars(invalid)


@pytest.mark.rule("P1")
def test_an_invalid_programme_carries_every_fault() -> None:
    invalid = ProgrammeInvalid(f"line {number}: wrong" for number in (1, 2))
    assert invalid.faults == ("line 1: wrong", "line 2: wrong")
    assert str(invalid) == "line 1: wrong; line 2: wrong"


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, lambda error: pickle.loads(pickle.dumps(error))])
@pytest.mark.parametrize(
    "error",
    [
        Refusal(Reason.CODE_ENDED, Reason.NO_AMOUNT, message="A123 cannot be used", field="code"),
        ArgumentInvalid("contract", "17 is no text"),
        ProgrammeInvalid(["zone: unknown", "currency: unknown"]),
        CodeSpaceExhausted("more than half of the codes are given out"),
        BillingUnavailable("no answer within 5 s"),
        TraceUnreadable("account:A-1", 3),
        ConcurrentChange("somebody was quicker"),
        KeyReused("key", "was used before"),
        ReadOnlySession("code.end"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_error_passes_from_one_process_to_another(
    error: ReferralError, again: Callable[[ReferralError], ReferralError]
) -> None:
    other = again(error)
    assert type(other) is type(error)
    assert str(other) == str(error)
    assert vars(other) == vars(error)
    assert other.args == error.args
