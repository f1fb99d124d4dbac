"""Discount groups and their amounts (D2-D8)."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from typing import Any, Final

from starlette.responses import Response

from referral_adapters.http.asking import Asked, Asking
from referral_adapters.http.endpoint import Endpoint
from referral_adapters.http.models.fields import Id
from referral_adapters.http.models.groups import AmountPeriod, AmountPreviewAnswer, GroupAnswer, GroupsAnswer
from referral_adapters.http.models.requests import GroupName, NewAmount, NewGroup
from referral_core.entities.discount_group import DiscountGroup


def list_groups(asked: Asked) -> Response:
    """List all groups, each with its amounts over time."""
    groups = asked.session.groups.all()
    return asked.answered(GroupsAnswer(items=[_shown(asked, group) for group in groups]))


def get_group(asked: Asked, group: Id) -> Response:
    """Show a group with its amounts over time."""
    return asked.answered(_found(asked, group))


def add_group(asked: Asked, body: NewGroup) -> Response:
    """Add a group to one side (D2)."""

    def act() -> GroupAnswer:
        added = asked.session.groups.add(body.group, side=body.side, name=body.name)
        return _shown(asked, added)

    return asked.done(body, act, status=HTTPStatus.CREATED)


def rename_group(asked: Asked, group: Id, body: GroupName) -> Response:
    """Call a group by another name (D2)."""

    def act() -> GroupAnswer:
        return _shown(asked, asked.session.groups.rename(group, name=body.name))

    return asked.done(body, act, edited=lambda: _found(asked, group))


def disable_group(asked: Asked, group: Id) -> Response:
    """Let a group give nothing to new sign-ups; what is locked stays (D8)."""

    def act() -> GroupAnswer:
        return _shown(asked, asked.session.groups.disable(group))

    return asked.done(None, act, edited=lambda: _found(asked, group))


def enable_group(asked: Asked, group: Id) -> Response:
    """Let a group give its amounts again (D8)."""

    def act() -> GroupAnswer:
        return _shown(asked, asked.session.groups.enable(group))

    return asked.done(None, act, edited=lambda: _found(asked, group))


def set_amount(asked: Asked, group: Id, body: NewAmount) -> Response:
    """Enter an amount for a period (D3-D5)."""

    def act() -> GroupAnswer:
        changed = asked.session.groups.set_amount(
            group,
            asked.money(body.amount),
            reason=body.reason,
            correction=body.correction,
            **_period(asked, body),
        )
        return _shown(asked, changed)

    return asked.done(body, act, edited=lambda: _found(asked, group))


def preview_amount(asked: Asked, group: Id, body: NewAmount) -> Response:
    """Show what an amount would do to those that are there, without entering it."""
    preview = asked.session.groups.preview(
        group,
        asked.money(body.amount),
        correction=body.correction,
        **_period(asked, body),
    )
    spans = {
        name: [AmountPeriod.of(span, asked.calendar) for span in getattr(preview, name)]
        for name in ("before", "after", "displaced")
    }
    return asked.answered(AmountPreviewAnswer(**spans))


def _period(asked: Asking, body: NewAmount) -> dict[str, Any]:
    """Return the period of an amount: a day is its beginning, or as a last day its end (M1, M2)."""
    calendar, first, last = asked.calendar, body.from_, body.until
    return {
        "starts": first if first is None or isinstance(first, datetime) else calendar.start_of(first, "from"),
        "ends": last if last is None or isinstance(last, datetime) else calendar.end_of(last, "until"),
    }


def _found(asked: Asking, group: str) -> GroupAnswer:
    return _shown(asked, asked.session.groups.find(group))


def _shown(asked: Asking, group: DiscountGroup) -> GroupAnswer:
    return GroupAnswer.of(group, asked.at, asked.calendar)


_TAG: Final = "groups"
ENDPOINTS: Final = (
    Endpoint(method="GET", path="/groups", does=list_groups, act="group.list", answer=GroupsAnswer, tag=_TAG),
    Endpoint(method="GET", path="/groups/{group}", does=get_group, act="group.show", answer=GroupAnswer, tag=_TAG),
    Endpoint(
        method="POST",
        path="/groups",
        does=add_group,
        act="group.add",
        answer=GroupAnswer,
        status=HTTPStatus.CREATED,
        tag=_TAG,
    ),
    Endpoint(
        method="PUT",
        path="/groups/{group}/name",
        does=rename_group,
        act="group.rename",
        answer=GroupAnswer,
        edits=True,
        tag=_TAG,
    ),
    Endpoint(
        method="POST",
        path="/groups/{group}/disable",
        does=disable_group,
        act="group.disable",
        answer=GroupAnswer,
        edits=True,
        tag=_TAG,
    ),
    Endpoint(
        method="POST",
        path="/groups/{group}/enable",
        does=enable_group,
        act="group.enable",
        answer=GroupAnswer,
        edits=True,
        tag=_TAG,
    ),
    Endpoint(
        method="POST",
        path="/groups/{group}/amounts",
        does=set_amount,
        act="amount.set",
        answer=GroupAnswer,
        edits=True,
        tag=_TAG,
    ),
    Endpoint(
        method="POST",
        path="/groups/{group}/amounts/preview",
        does=preview_amount,
        act="amount.preview",
        answer=AmountPreviewAnswer,
        keyless=True,
        tag=_TAG,
    ),
)
