"""The one collection of all tables, and how constraints are named."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Column, MetaData, Table
from sqlalchemy.schema import SchemaItem

from referral_adapters.sql.types import WORDS, Amount, Moment

METADATA: Final = MetaData(
    naming_convention={
        "pk": "%(table_name)s_pk",
        "uq": "%(table_name)s_%(column_0_N_name)s_unique",
        "ix": "%(table_name)s_%(column_0_N_name)s",
        "fk": "%(table_name)s_%(column_0_N_name)s_known",
        "ck": "%(table_name)s_%(constraint_name)s",
    }
)

REFERENCE: Final = "reference"
"""The distribution of a tiny table that every node of a cluster holds whole."""


def table(name: str, *items: SchemaItem, distribution: str) -> Table:
    """Return a table and name the column by which a cluster distributes its rows."""
    return Table(name, METADATA, *items, info={"distribution": distribution}, sqlite_strict=True)


def words(name: str, **options: Any) -> Column[str]:  # noqa: ANN401 - what a column may be given
    """Return a column of text, which is there unless told otherwise."""
    return Column(name, WORDS, nullable=options.pop("nullable", False), **options)


def offer_columns(side: str, *, nullable: bool = False) -> tuple[Column[Any], ...]:
    """Return the columns of one side's offer: what was locked, and where it came from (S7)."""
    return (
        words(f"{side}_group", nullable=nullable),
        Column(f"{side}_amount", Amount, nullable=nullable),
        words(f"{side}_currency", nullable=nullable),
        Column(f"{side}_from", Moment, nullable=nullable),
        Column(f"{side}_until", Moment),
    )
