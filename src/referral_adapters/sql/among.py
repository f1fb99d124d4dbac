"""Statements about many keys at once: one statement, however many they are."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from typing import Any, Final

from sqlalchemy import Column, Executable, Select, Text, any_, bindparam, column, func, select
from sqlalchemy.dialects.postgresql import ARRAY

from referral_adapters.sql.prepared import Row
from referral_adapters.sql.work import Work

_KEYS: Final = "keys"


class Among:
    """A query for the rows whose key is among some texts."""

    def __init__(self, query: Select[Any], key: Column[str]) -> None:
        listed: Select[Any] = select(column("value")).select_from(func.json_each(bindparam(_KEYS)))
        self._statements: dict[str, Executable] = {
            "postgresql": query.where(key == any_(bindparam(_KEYS, type_=ARRAY(Text)))),
            "sqlite": query.where(key.in_(listed)),
        }

    def rows(self, work: Work, keys: Collection[str]) -> Sequence[Row]:
        """Return the rows of these keys, in no order."""
        given = json.dumps(list(keys)) if work.dialect == "sqlite" else list(keys)
        return work.rows(self._statements[work.dialect], {_KEYS: given}) if keys else []
