"""Discount groups, over the wire."""

from __future__ import annotations

from datetime import date

import attrs

from referral_adapters.http.client.wire import Wire, written_out
from referral_adapters.http.models.groups import AmountPreviewAnswer, GroupAnswer, GroupsAnswer
from referral_core.entities.discount_group import Side


@attrs.frozen
class Groups:
    """Keeps discount groups and their amounts (D2-D8).

    Amounts are text in the programme's currency. A period begins and ends at moments or on days; a last day is
    inclusive (M2). With ``seen`` an edit is done only if the group still is what was seen.
    """

    _wire: Wire

    def add(self, group: str, *, side: Side, name: str | None = None, key: str | None = None) -> GroupAnswer:
        """Add a group to one side (D2).

        :raises Refusal: ``group-exists``.
        """
        body = {"group": group, "side": side, "name": name}
        return self._wire.act(GroupAnswer, "groups", key=key, body=body)

    def rename(self, group: str, *, name: str, seen: GroupAnswer | None = None, key: str | None = None) -> GroupAnswer:
        """Call a group by another name (D2).

        :raises Refusal: ``group-unknown``, ``group-exists``.
        :raises Changed: the group is not what was seen.
        """
        path, body = ("groups", group, "name"), {"name": name}
        return self._wire.act(GroupAnswer, *path, key=key, body=body, seen=seen, method="PUT")

    def disable(self, group: str, *, seen: GroupAnswer | None = None, key: str | None = None) -> GroupAnswer:
        """Let a group give nothing to new sign-ups; what is locked stays (D8).

        :raises Refusal: ``group-unknown``.
        :raises Changed: the group is not what was seen.
        """
        return self._wire.act(GroupAnswer, "groups", group, "disable", key=key, seen=seen)

    def enable(self, group: str, *, seen: GroupAnswer | None = None, key: str | None = None) -> GroupAnswer:
        """Let a group give its amounts again (D8).

        :raises Refusal: ``group-unknown``.
        :raises Changed: the group is not what was seen.
        """
        return self._wire.act(GroupAnswer, "groups", group, "enable", key=key, seen=seen)

    def set_amount(
        self,
        group: str,
        amount: str,
        *,
        starts_at: date | None = None,
        ends_at: date | None = None,
        correction: bool = False,
        reason: str | None = None,
        seen: GroupAnswer | None = None,
        key: str | None = None,
    ) -> GroupAnswer:
        """Enter an amount for a period: from now on, and open-ended, unless said otherwise (D3-D5).

        :raises Refusal: ``group-unknown``, ``amount-invalid``, ``period-overlap``, ``period-empty``, ``moment-past``,
            ``reason-missing``.
        :raises Changed: the group is not what was seen.
        """
        body = {"amount": amount, "correction": correction, "reason": reason, "from": starts_at, "until": ends_at}
        return self._wire.act(GroupAnswer, "groups", group, "amounts", key=key, body=body, seen=seen)

    def preview(
        self,
        group: str,
        amount: str,
        *,
        starts_at: date | None = None,
        ends_at: date | None = None,
        correction: bool = False,
    ) -> AmountPreviewAnswer:
        """Return what an amount would do to those that are there, without entering it.

        :raises Refusal: as :meth:`set_amount`, but for the reason why.
        """
        body = written_out({"amount": amount, "correction": correction, "from": starts_at, "until": ends_at})
        return self._wire.ask(AmountPreviewAnswer, "groups", group, "amounts", "preview", body=body)

    def find(self, group: str) -> GroupAnswer:
        """Return a group with its amounts over time.

        :raises Refusal: ``group-unknown``.
        """
        return self._wire.read(GroupAnswer, "groups", group)

    def all(self) -> list[GroupAnswer]:
        """Return all groups, each with its amounts over time."""
        return self._wire.read(GroupsAnswer, "groups").items
