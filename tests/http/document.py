"""The OpenAPI document of an app: what it says of an endpoint, its examples, and whether an answer is what it says."""

from __future__ import annotations

from typing import Any, Final

import attrs
from jsonschema_rs import Draft202012Validator

from referral_adapters.http.endpoint import Endpoint
from tests.http.door import HttpAnswer

JSON: Final = "application/json"
PROBLEM: Final = "application/problem+json"


@attrs.frozen
class Document:
    """An OpenAPI document."""

    content: dict[str, Any]

    def operation(self, endpoint: Endpoint) -> dict[str, Any]:
        """Return what is said of an endpoint."""
        operation: dict[str, Any] = self.content["paths"][endpoint.path][endpoint.method.lower()]
        return operation

    def body_example(self, endpoint: Endpoint) -> object:
        """Return the example of an endpoint's body; ``None`` where it has no body."""
        asked = self.operation(endpoint).get("requestBody")
        if asked is None:
            return None
        media = asked["content"][JSON]
        return media["example"] if "example" in media else self._first_example(media["schema"])

    def answer_example(self, endpoint: Endpoint) -> object:
        """Return the example of what an endpoint answers when all is well."""
        said = self.operation(endpoint)["responses"][str(int(endpoint.status))]["content"]
        return said[endpoint.media_type]["example"]

    def faults(self, endpoint: Endpoint, told: HttpAnswer) -> list[str]:
        """Return in what an answer is not as the document says."""
        said = self.operation(endpoint)["responses"].get(str(told.status))
        if said is None:
            return [f"{told.status} is not in the document"]
        media = told.headers.get("content-type", "").partition(";")[0]
        if media not in said.get("content", {}):
            return [f"{media!r} is not in the document for {told.status}"]
        missing = [
            name for name in said.get("headers", {}) if name == "X-Request-ID" and name.lower() not in told.headers
        ]
        body = told.json() if media.endswith("json") else told.body.decode()
        return [*missing, *self.schema_faults(said["content"][media]["schema"], body)]

    def schema_faults(self, schema: dict[str, Any], value: object) -> list[str]:
        """Return in what a value is not as a schema says."""
        whole = {**schema, "components": self.content["components"]}
        return [str(error) for error in Draft202012Validator(whole, validate_formats=True).iter_errors(value)]

    def _first_example(self, schema: dict[str, Any]) -> object:
        if "$ref" in schema:
            return self._first_example(self.content["components"]["schemas"][schema["$ref"].rpartition("/")[2]])
        if "examples" in schema:
            return schema["examples"][0]
        return next(self._first_example(each) for each in schema["anyOf"] if each.get("type") != "null")
