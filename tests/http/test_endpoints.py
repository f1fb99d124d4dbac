"""Every endpoint, asked properly, in every kind of store: the answers are the document's own examples."""

from __future__ import annotations

from typing import Final

import pytest

from referral_adapters.http.app import ENDPOINTS
from referral_adapters.http.endpoint import Endpoint
from tests.http.conftest import Opening
from tests.http.document import Document
from tests.http.door import Door, HttpAnswer
from tests.http.proper_requests import BY_NAME, PROPER, proper, settled

A_FEW: Final = ("conclude-contract", "activate-contract", "take-bill", "list-trace", "list-events", "erase-customer")


def test_every_endpoint_has_a_proper_request_here() -> None:
    assert set(PROPER) == set(BY_NAME)
    assert len(ENDPOINTS) == len(BY_NAME), "two endpoints of one name"


@pytest.mark.parametrize("name", BY_NAME)
def test_a_proper_request_is_answered_as_the_document_says(door: Door, name: str) -> None:
    document = Document(door.document())
    told = proper(door, name, document)
    assert told.status == PROPER[name].status == BY_NAME[name].status, told.body
    assert document.faults(BY_NAME[name], told) == []
    if BY_NAME[name].answer is not None:
        assert settled(told.json()) == document.answer_example(BY_NAME[name])


@pytest.mark.parametrize("name", A_FEW)
def test_postgresql_answers_the_same(in_postgres: Door, name: str) -> None:
    document = Document(in_postgres.document())
    told = proper(in_postgres, name, document)
    assert (told.status, settled(told.json())) == (PROPER[name].status, document.answer_example(BY_NAME[name]))


def test_an_endpoint_says_in_its_table_what_a_key_does_to_it(opening: Opening) -> None:
    """A request sent twice under a key is answered twice the same where the table says so, and only there."""
    document = Document(opening().document())
    for name, endpoint in BY_NAME.items():
        door, request = opening(), PROPER[name]
        first, again = (
            door.ask(
                endpoint.method,
                request.path,
                document.body_example(endpoint),
                by=request.by,
                headers={"Idempotency-Key": "k"},
            )
            for _ in range(2)
        )
        replayed = again.headers.get("idempotency-replayed") == "true"
        assert (name, replayed) == (name, endpoint.takes_key)
        assert not replayed or (again.status, again.body) == (first.status, first.body)


def test_an_endpoint_says_in_its_table_whether_a_tag_guards_it(opening: Opening) -> None:
    document = Document(opening().document())
    for name, endpoint in BY_NAME.items():
        told = _with_stale_tag(opening(), endpoint, document)
        assert (name, told.status == 412) == (name, endpoint.edits)


def _with_stale_tag(door: Door, endpoint: Endpoint, document: Document) -> HttpAnswer:
    request = PROPER[endpoint.name]
    return door.ask(
        endpoint.method,
        request.path,
        document.body_example(endpoint),
        by=request.by,
        headers={"If-Match": '"stale"'},
    )
