"""The OpenAPI document: valid, complete, and true."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

import pytest
from schemathesis.specs.openapi.definitions import OPENAPI_31_VALIDATOR

from referral_adapters.http import Service, create_app
from referral_adapters.http.app import ENDPOINTS
from referral_adapters.http.bodies import in_words
from referral_adapters.http.endpoint import Endpoint
from referral_adapters.memory import MemoryStore
from referral_core import Programme
from referral_core.programme.files import shipped_languages
from referral_core.programme.messages import Messages
from referral_core.session import ACTS
from referral_core.values.errors import Reason
from tests.http.document import Document

NAMES: Final = [endpoint.name for endpoint in ENDPOINTS]
RULE_ID: Final = re.compile(r"\b[A-Z][0-9]{1,2}\b")


@pytest.fixture(scope="module")
def document() -> Document:
    """Return the document of an app whose callers the host knows by itself."""
    service = Service(programme=Programme.default(), store=MemoryStore(), authenticate=lambda _: None)
    return Document(create_app(service).openapi())


def test_it_is_valid_openapi(document: Document) -> None:
    assert document.content["openapi"].startswith("3.1")
    assert [str(error) for error in OPENAPI_31_VALIDATOR.iter_errors(document.content)] == []


def test_every_reference_leads_somewhere(document: Document) -> None:
    for reference in set(references(document.content)):
        place: Any = document.content
        for part in reference.removeprefix("#/").split("/"):
            assert part in place, reference
            place = place[part]


def references(value: object) -> Iterator[str]:
    """Yield every reference in a document."""
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for each in value.values():
            yield from references(each)
    elif isinstance(value, list):
        for each in value:
            yield from references(each)


def test_it_has_the_endpoints_and_no_other_paths(document: Document) -> None:
    said = {(method.upper(), path) for path, methods in document.content["paths"].items() for method in methods}
    assert said == {(endpoint.method, endpoint.path) for endpoint in ENDPOINTS}


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=NAMES)
def test_every_endpoint_shows_a_body_and_an_answer_by_examples(document: Document, endpoint: Endpoint) -> None:
    operation = document.operation(endpoint)
    for media in operation.get("requestBody", {}).get("content", {}).values():
        example = media.get("example", document.body_example(endpoint))
        assert document.schema_faults(media["schema"], example) == []
    answered = operation["responses"][str(int(endpoint.status))]["content"][endpoint.media_type]
    assert document.schema_faults(answered["schema"], document.answer_example(endpoint)) == []


@pytest.mark.rule("A1")
@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=NAMES)
def test_every_endpoint_says_who_may_ask(document: Document, endpoint: Endpoint) -> None:
    operation = document.operation(endpoint)
    assert operation["security"] == [{"bearer": []}, *([{}] if endpoint.public else [])]
    if endpoint.act is None:
        assert endpoint.public
    else:
        expected = {"act": endpoint.act, "least_role": ACTS[endpoint.act].least.value}
        assert operation["x-permission"] == expected


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=NAMES)
def test_every_endpoint_has_a_sentence_and_the_headers_it_takes(document: Document, endpoint: Endpoint) -> None:
    operation = document.operation(endpoint)
    assert operation["summary"].endswith(".")
    headers = {each["name"] for each in operation["parameters"] if each["in"] == "header"}
    assert ("Idempotency-Key" in headers) is endpoint.takes_key
    assert ("If-Match" in headers) is endpoint.edits


def test_no_sentence_of_the_document_cites_a_rule(document: Document) -> None:
    found = list(sentences(document.content))
    assert len(found) > 200
    assert [sentence for sentence in found if RULE_ID.search(sentence)] == []
    text = repr(document.content)
    assert in_words(text) == text
    assert all(endpoint.summary.endswith(".") and ":meth:" not in endpoint.summary for endpoint in ENDPOINTS)


def sentences(value: object) -> Iterator[str]:
    """Yield every title, summary and description in a document."""
    if isinstance(value, dict):
        for name, each in value.items():
            if name in {"title", "summary", "description"} and isinstance(each, str):
                yield each
            elif name not in {"example", "examples"}:
                yield from sentences(each)
    elif isinstance(value, list):
        for each in value:
            yield from sentences(each)


@pytest.mark.parametrize("language", sorted(shipped_languages()))
def test_no_message_of_a_problem_cites_a_rule(language: str) -> None:
    messages = Messages.for_language(language)
    assert [reason for reason in Reason if RULE_ID.search(messages.staff(reason))] == []


def test_an_app_shows_its_document_or_keeps_it_to_itself() -> None:
    service = Service(programme=Programme.default(), store=MemoryStore(), authenticate=lambda _: None)
    assert create_app(service).openapi_url == "/openapi.json"
    assert create_app(service, docs=False).openapi_url is None
