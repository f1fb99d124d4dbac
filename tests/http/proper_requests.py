"""A proper request of every endpoint, by the least role that may ask it, in the world of :mod:`tests.http.world`."""

from __future__ import annotations

import json
import re
from hashlib import sha256
from typing import Any, Final

import attrs

from referral_adapters.http.app import ENDPOINTS
from tests.http.document import Document
from tests.http.door import Door, HttpAnswer


@attrs.frozen
class Proper:
    """A proper request: where it goes, and by whom; its body is the example that the document shows."""

    path: str
    by: str
    status: int = 200


CUSTOMER: Final = "customer:C-1"
PROPER: Final[dict[str, Proper]] = {
    "check-code": Proper("/code-checks", "agent"),
    "list-accounts": Proper("/accounts?customer=C-1", CUSTOMER),
    "get-account": Proper("/accounts/A", CUSTOMER),
    "get-code": Proper("/accounts/A/code", CUSTOMER),
    "get-sharing-text": Proper("/accounts/A/sharing-text", CUSTOMER),
    "get-qr-code": Proper("/accounts/A/qr-code", CUSTOMER),
    "record-sharing": Proper("/accounts/A/sharings", CUSTOMER),
    "get-figures": Proper("/accounts/A/figures", CUSTOMER),
    "list-referrals": Proper("/accounts/A/referrals?limit=2", CUSTOMER),
    "list-movements": Proper("/accounts/A/movements", CUSTOMER),
    "list-activity": Proper("/accounts/A/activity?limit=2", "agent"),
    "issue-code": Proper("/accounts/A/codes", "agent", 201),
    "get-code-by-text": Proper("/codes/A123", "agent"),
    "end-code": Proper("/codes/A123/end", "supervisor"),
    "conclude-contract": Proper("/contracts", "agent", 201),
    "list-contracts": Proper("/contracts?limit=1&open=true&channel=sales-portal", "agent"),
    "get-contract": Proper("/contracts/K-4", "agent"),
    "activate-contract": Proper("/contracts/K-3/activate", "system"),
    "terminate-contract": Proper("/contracts/K-4/terminate", "system"),
    "withdraw-contract": Proper("/contracts/K-3/withdraw", "system"),
    "annul-contract": Proper("/contracts/K-4/annul", "system"),
    "attach-code": Proper("/contracts/K-5/code", "agent"),
    "change-group": Proper("/contracts/K-3/referee-group", "agent"),
    "hold-referral": Proper("/contracts/K-3/referral/hold", "supervisor"),
    "release-referral": Proper("/contracts/K-12/referral/release", "supervisor"),
    "void-referral": Proper("/contracts/K-3/referral/void", "supervisor"),
    "explain-referral": Proper("/contracts/K-4/explanation", "agent"),
    "note-fee": Proper("/contracts/K-6/fee-notes", "supervisor", 201),
    "propose-fee": Proper("/contracts/K-6/fee-proposal", "supervisor"),
    "open-case": Proper("/cases", "agent", 201),
    "list-cases": Proper("/cases?limit=1&open=true", "agent"),
    "get-case": Proper("/cases/LT-7", "agent"),
    "finish-case": Proper("/cases/LT-7/finish", "agent"),
    "abandon-case": Proper("/cases/LT-8/abandon", "agent"),
    "list-groups": Proper("/groups", "agent"),
    "get-group": Proper("/groups/referrer", "agent"),
    "add-group": Proper("/groups", "administrator", 201),
    "rename-group": Proper("/groups/referee-manual/name", "administrator"),
    "disable-group": Proper("/groups/referee-manual/disable", "administrator"),
    "enable-group": Proper("/groups/referee-manual/enable", "administrator"),
    "set-amount": Proper("/groups/referee-manual/amounts", "administrator"),
    "preview-amount": Proper("/groups/referee-manual/amounts/preview", "administrator"),
    "take-bill": Proper("/bills", "system"),
    "cancel-bill": Proper("/bills/2021-01-F/cancel", "system"),
    "transfer-discount": Proper("/transfers", "supervisor"),
    "pay-due": Proper("/payouts", "system"),
    "list-stuck": Proper("/grants/stuck", "supervisor"),
    "retry-grant": Proper("/grants/referee/K-8/retry", "supervisor"),
    "retry-reversal": Proper("/grants/referee/K-6/reversals/F/retry", "supervisor"),
    "erase-customer": Proper("/customers/C-9/erase", "administrator"),
    "list-trace": Proper("/trace?subject=account:A&limit=1", "administrator"),
    "seal-trace": Proper("/trace/seals", "administrator"),
    "bring-events": Proper("/events", "system"),
    "list-events": Proper("/events?limit=2", "administrator"),
    "get-health": Proper("/health", "customer"),
    "get-readiness": Proper("/ready", "customer"),
}

BY_NAME: Final = {endpoint.name: endpoint for endpoint in ENDPOINTS}
_DRAWN: Final = {
    re.compile(r"erased-[0-9a-f]{32}"): "erased-8f33aa46215e21a16cd45ae4eea55f2d",
    re.compile(r'"hash": "[0-9a-f]{64}"'): f'"hash": "{sha256().hexdigest()}"',
}
"""What no two runs draw alike: pseudonyms, and hashes of what is salted."""


def proper(door: Door, name: str, document: Document) -> HttpAnswer:
    """Ask an endpoint properly, with the body that the document shows."""
    endpoint, request = BY_NAME[name], PROPER[name]
    return door.ask(endpoint.method, request.path, document.body_example(endpoint), by=request.by)


def settled(answer: object) -> Any:  # noqa: ANN401 - any JSON
    """Return an answer as the document shows it."""
    text = json.dumps(answer)
    for drawn, shown in _DRAWN.items():
        text = drawn.sub(shown, text)
    return json.loads(text)
