"""Contracts by pages in a database."""

from __future__ import annotations

import json
from collections.abc import Collection
from functools import cache
from typing import Any, Final

import attrs
from sqlalchemy import JSON, ColumnElement, Executable, Text, TextClause, bindparam, cast, column, func, select

from referral_adapters.sql.contract_tables import CONTRACTS, IS_CONCLUDED
from referral_adapters.sql.contracts import contract_of
from referral_adapters.sql.work import Work
from referral_core.entities.contract import Contract, ContractStatus

_C: Final = CONTRACTS.c
_encode: Final = json.JSONEncoder(ensure_ascii=False).encode


@attrs.frozen
class SqlContractPages:
    """The port ``ContractPages`` in a database: a stretch of the primary key, of which the rest is left out.

    What staff look through every day, open sign-ups and those of a channel, has an index of its own.
    """

    work: Work

    def page(
        self,
        after: str | None,
        limit: int,
        *,
        status: ContractStatus | None = None,
        channel: str | None = None,
        segments: Collection[str] | None = None,
    ) -> tuple[Contract, ...]:
        """Return the next ``limit`` contracts whose id is above ``after``, by the code points of the id.

        ``status``, ``channel`` and ``segments`` leave out all others; those that are left out do not count.
        """
        given: dict[str, Any] = {"most": limit}
        is_open = status is ContractStatus.CONCLUDED
        if after is not None:
            given["after"] = after
        if status is not None and not is_open:
            given["status"] = status.value
        if channel is not None:
            given["channel"] = channel
        if segments is not None:
            given["segments"] = _encode(sorted(segments))
        return tuple(map(contract_of, self.work.rows(_page(self.work.dialect, frozenset(given), is_open), given)))


@cache
def _page(dialect: str, given: frozenset[str], is_open: bool) -> Executable:
    """Return the statement for what is given, of open contracts only or of all."""
    conditions = {
        "after": _C.id > bindparam("after"),
        "status": _C.status == bindparam("status"),
        "channel": _C.channel == bindparam("channel"),
        "segments": _C.segment.in_(_LISTED[dialect]),
    }
    wanted: list[ColumnElement[bool] | TextClause] = [conditions[name] for name in conditions if name in given]
    if is_open:
        wanted.append(IS_CONCLUDED)
    return select(CONTRACTS).where(*wanted).order_by(_C.id).limit(bindparam("most"))


_SEGMENTS: Final = bindparam("segments", type_=Text)
_LISTED: Final = {
    "postgresql": select(func.json_array_elements_text(cast(_SEGMENTS, JSON))),
    "sqlite": select(column("value")).select_from(func.json_each(_SEGMENTS)),
}
"""The segments that are given, as each database takes them out of a list in JSON."""
