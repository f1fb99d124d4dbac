"""What manual endings block where they block the whole customer (C7)."""

from __future__ import annotations

import pytest

from referral_core.entities.promo_code import Ending, Issuing, PromoCode
from referral_core.rules.manual_ends import is_blocked_with_customer
from tests.phrases import at

pytestmark = pytest.mark.rule("C7")


def code(
    account: str, issued: str, ended: str | None = None, why: Ending | None = None, how: Issuing = Issuing.AUTOMATIC
) -> PromoCode:
    return PromoCode(
        text=f"{account}{issued[-2:]}XX",
        account=account,
        customer="c",
        issued_at=at(issued),
        issued_by="system",
        issuing=how,
        ends_at=None if ended is None else at(ended),
        ending=why,
        ended_by_hand_at=at(ended) if ended is not None and why is Ending.BY_HAND else None,
    )


ENDED = code("A", "2021-01-01", "2021-02-01", Ending.BY_HAND)


@pytest.mark.parametrize(
    ("codes", "expected"),
    [
        ((), False),
        ((code("A", "2021-01-01", "2021-02-01", Ending.CONTRACTS_ENDED),), False),
        ((ENDED,), True),
        ((ENDED, code("B", "2021-03-01")), True),
        ((ENDED, code("B", "2021-03-01", how=Issuing.BY_HAND)), False),
        ((ENDED, code("C", "2021-03-01", how=Issuing.BY_HAND)), True),
        ((ENDED, code("B", "2021-02-01", how=Issuing.BY_HAND)), False),
        ((ENDED, code("B", "2021-02-01", "2021-02-01", Ending.REPLACED, Issuing.BY_HAND)), False),
        ((ENDED, code("B", "2021-01-05", "2021-03-01", Ending.CONTRACTS_ENDED, Issuing.BY_HAND)), False),
        ((ENDED, code("B", "2021-01-05", "2021-02-01", Ending.CONTRACTS_ENDED, Issuing.BY_HAND)), True),
        ((ENDED, code("B", "2021-01-05", "2021-02-01", Ending.BY_HAND, Issuing.BY_HAND)), True),
        ((ENDED, code("B", "2021-03-01", "2021-04-01", Ending.BY_HAND, Issuing.BY_HAND)), True),
    ],
)
def test_a_code_by_hand_lifts_the_block_for_its_account(codes: tuple[PromoCode, ...], expected: bool) -> None:
    assert is_blocked_with_customer("B", codes) is expected
