"""Customers: erasing one (A5)."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from referral_adapters.http.asking import Asked
from referral_adapters.http.endpoint import Endpoint
from referral_adapters.http.models.customers import ErasedAnswer
from referral_adapters.http.models.fields import Id
from referral_adapters.http.models.requests import Erasing


def erase_customer(asked: Asked, customer: Id, body: Erasing) -> Response:
    """Erase a customer: personal references go; money and the trace stay consistent (A5)."""

    def act() -> ErasedAnswer:
        erased = asked.session.customers.erase(customer, reason=body.reason)
        return ErasedAnswer(
            pseudonym=erased.pseudonym,
            accounts=len(erased.data.accounts),
            contracts=erased.data.contracts,
            traced=erased.data.traced,
        )

    return asked.done(body, act)


ENDPOINTS: Final = (
    Endpoint(
        method="POST",
        path="/customers/{customer}/erase",
        does=erase_customer,
        act="customer.erase",
        answer=ErasedAnswer,
        tag="customers",
    ),
)
