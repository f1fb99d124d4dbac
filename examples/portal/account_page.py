"""A page about one account: its customer, its other accounts, and the parts that staff go to and fro between."""

from __future__ import annotations

from fastapi.responses import Response

from examples.portal.complaint import Complaint
from examples.portal.staff_page import staff_page, typed
from examples.portal.visit import Visit
from referral_core.services.accounts import AccountView


def account_page(
    visit: Visit, account: str, template: str, *, tab: str, complaint: Complaint | None = None, **context: object
) -> Response:
    """Answer with a page about an account.

    :raises Refusal: ``not-allowed``, ``account-unknown``.
    """
    view = viewed(visit, account)
    return staff_page(
        visit,
        template,
        complaint=complaint,
        view=view,
        siblings=siblings(visit, view),
        tab=tab,
        fields=typed(visit),
        **context,
    )


def viewed(visit: Visit, account: str) -> AccountView:
    """Return an account as it stands.

    :raises Refusal: ``not-allowed``, ``account-unknown``.
    """
    world, actor = visit.world, visit.someone().actor
    return world.ask(actor).accounts.show(account)


def siblings(visit: Visit, view: AccountView) -> tuple[str, ...]:
    """Return the other accounts of the same customer."""
    world, actor = visit.world, visit.someone().actor
    accounts = world.ask(actor).accounts.of_customer(view.customer)
    return tuple(account for account in accounts if account != view.account)
