"""One way to change anything: a service saves an entity, and its row of the trace comes with it (A2)."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

import referral_core
from referral_core.entities.case import Case
from referral_core.entities.contract import Contract
from referral_core.entities.discount_group import DiscountGroup
from referral_core.entities.grant import Grant
from referral_core.entities.promo_code import PromoCode, Sharing
from referral_core.entities.referral import Referral
from referral_core.entities.reversal import Reversal
from referral_core.ports.store import Repositories
from referral_core.services.records import RECORDS, STORES

CORE: Final = Path(referral_core.__file__).parent
SAVING: Final = {"context.py", "records.py"}
"""The modules by which everything is stored and traced."""
OVER_ALL: Final = {"billing"}
"""What keeps no entity of a service's."""
REPOSITORIES: Final = {name for name, part in vars(Repositories).items() if isinstance(part, property)} - OVER_ALL
WRITING: Final = {"add", "add_all", "add_first", "add_sharing", "append", "change", "close", "open", "put", "replace"}
"""The methods by which repositories store something."""


def written_by_hand(text: str) -> Iterator[str]:
    """Yield where a module reaches for a method of a repository that stores something."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Attribute) and node.attr in WRITING and _name(node.value) in REPOSITORIES:
            yield f"{_name(node.value)}.{node.attr}, line {node.lineno}"


def _name(node: ast.AST) -> str:
    if isinstance(node, ast.Name):
        return node.id
    return node.attr if isinstance(node, ast.Attribute) else ""


@pytest.mark.rule("A2")
def test_no_service_stores_or_traces_by_hand() -> None:
    by_hand = {
        path.name: found
        for path in (CORE / "services").glob("*.py")
        if path.name not in SAVING and (found := [*written_by_hand(path.read_text("utf-8"))])
    }
    assert by_hand == {}


def test_what_is_stored_by_hand_would_be_found() -> None:
    assert [*written_by_hand("self._ports.contracts.put(each)\ntaken.add(text)")] == ["contracts.put, line 1"]
    assert [*written_by_hand("trace = context.store.trace\nadd = trace.append")] == ["trace.append, line 2"]
    by_saving = [each for name in SAVING for each in written_by_hand((CORE / "services" / name).read_text("utf-8"))]
    assert {each.partition(",")[0].partition(".")[2] for each in by_saving} == WRITING


@pytest.mark.rule("A2")
def test_every_entity_is_stored_and_all_but_sharings_are_traced() -> None:
    assert {*STORES} == {Contract, PromoCode, DiscountGroup, Referral, Grant, Reversal, Case, Sharing}
    assert {*RECORDS} == {*STORES} - {Sharing}
