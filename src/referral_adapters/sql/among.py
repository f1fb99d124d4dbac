"""Statements about many keys at once: one statement, however many they are."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from typing import Any, Final

from sqlalchemy import ARRAY, JSON, Column, Executable, Select, Text, any_, bindparam, cast, column, func, select

from referral_adapters.sql.prepared import Row
from referral_adapters.sql.work import Work

_KEYS: Final = "keys"
_encode: Final = json.JSONEncoder(ensure_ascii=False).encode


class Among:
    """A query for the rows whose key is among some texts, which go there as one: a list in JSON."""

    def __init__(self, query: Select[Any], key: Column[str]) -> None:
        given = bindparam(_KEYS, type_=Text)
        listed: Select[Any] = select(column("value")).select_from(func.json_each(given))
        array = func.array(
            select(func.json_array_elements_text(cast(given, JSON))).scalar_subquery(), type_=ARRAY(Text)
        )
        self._statements: dict[str, Executable] = {
            "postgresql": query.where(key == any_(array)),
            "sqlite": query.where(key.in_(listed)),
        }

    def rows(self, work: Work, keys: Collection[str]) -> Sequence[Row]:
        """Return the rows of these keys, in no order."""
        return work.rows(self._statements[work.dialect], {_KEYS: _encode(list(keys))}) if keys else []
