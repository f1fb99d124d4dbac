"""The data of one proper event of every type, with every field there is."""

from __future__ import annotations

from typing import Any

SIGN_UP: dict[str, Any] = {
    "contract": "K-1",
    "account": "A-1",
    "customer": "ann",
    "product": "electricity",
    "segment": "household",
    "starts_on": "2021-07-01",
    "channel": "sales-portal",
    "group": "referee-manual",
}

PROPER: dict[str, dict[str, Any]] = {
    "contract.concluded": {
        **SIGN_UP,
        "code": "A123",
        "honour": {"moment": "2021-05-01T12:00:00+03:00"},
        "reason": "promised",
        "first_name": "Ann",
    },
    "contract.activated": {"contract": "K-1"},
    "contract.terminated": {"contract": "K-1"},
    "contract.withdrawn": {"contract": "K-1"},
    "contract.annulled": {"contract": "K-1"},
    "code.attach": {
        "contract": "K-1",
        "code": "A123",
        "channel": "sales-portal",
        "group": "referee-manual",
        "honour": {"moment": "2021-05-01T12:00:00+03:00"},
        "reason": "promised",
    },
    "code.check": {
        "code": "A123",
        "channel": "self-service",
        "customer": "ann",
        "product": "electricity",
        "segment": "household",
    },
    "code.issue": {"account": "A-1", "code": "A123", "replace": False, "reason": "asked for"},
    "code.end": {"code": "A123", "at": "2021-07-01T00:00:00+03:00", "reason": "asked for", "referrals": "void"},
    "code.shared": {"code": "A123", "means": "link"},
    "group.add": {"group": "partners", "side": "referee", "name": "Partners"},
    "group.rename": {"group": "referee-manual", "name": "By hand"},
    "group.disable": {"group": "referee-manual"},
    "group.enable": {"group": "referee-manual"},
    "amount.set": {
        "group": "referrer",
        "amount": "10.00",
        "from": "2021-07-01",
        "until": "2021-07-31",
        "correction": False,
        "reason": "summer",
    },
    "referral.change-group": {"contract": "K-1", "group": "referee-manual", "reason": "promised"},
    "referral.hold": {"contract": "K-1", "reason": "looks odd"},
    "referral.release": {"contract": "K-1", "reason": "a family"},
    "referral.void": {"contract": "K-1", "reason": "no such person", "take_back": True},
    "case.open": {
        "case": "case-1",
        "customer": "ann",
        "code": "A123",
        "product": "electricity",
        "segment": "household",
    },
    "case.finish": {**SIGN_UP, "case": "case-1"},
    "case.abandon": {"case": "case-1"},
    "bill.issued": {"bill": "bill-1", "account": "A-1", "amount": "10.00"},
    "bill.cancelled": {"bill": "bill-1"},
    "discount.transfer": {"from": "A-1", "to": "A-2", "amount": "10.00"},
    "termination-fee.note": {"contract": "K-1", "amount": "10.00", "reason": "left early"},
}
