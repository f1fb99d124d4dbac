"""The endpoints of a service as a router for a host's own app, or as an app by itself."""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus
from itertools import chain
from typing import Any, Final

from fastapi import APIRouter, FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import compile_path

from referral_adapters.http import acts, table
from referral_adapters.http.endpoint import Endpoint
from referral_adapters.http.handlers import handler_of
from referral_adapters.http.models.answer import Problem
from referral_adapters.http.problems import problem_of
from referral_adapters.http.route import EndpointRoute
from referral_adapters.http.service import Service

ENDPOINTS: Final[tuple[Endpoint, ...]] = table.ENDPOINTS
"""The endpoints that the document describes, in its order."""
ALL: Final = (*ENDPOINTS, *acts.ENDPOINTS)
"""All endpoints, also those of the client, which the document leaves to the others to describe."""
_BY_NAME: Final = {endpoint.name: endpoint for endpoint in ENDPOINTS}
_BY_PATH: Final = [(compile_path(endpoint.path)[0], endpoint) for endpoint in ALL]

_DESCRIPTION: Final = """
The rules of a customer referral programme. Amounts are text in the programme's currency, moments RFC 3339 in its zone.
Problems follow RFC 9457 and carry the reason codes of the rules. Every change may be repeated under the same
`Idempotency-Key`, and every edit guarded by `If-Match`.
"""


def referral_router(service: Service, endpoints: Iterable[Endpoint] = ALL) -> APIRouter:
    """Return the endpoints of a service, for :meth:`fastapi.FastAPI.include_router` under a prefix of the host's.

    A host may choose some of the ``endpoints``, or add an act of its own. The routes themselves do everything about a
    request, from its token to its problems, so the host's own handlers and middleware stay as they are.
    """
    router = APIRouter()
    _add_endpoints(router, service, endpoints)
    return router


def _add_endpoints(router: APIRouter, service: Service, endpoints: Iterable[Endpoint]) -> None:
    for endpoint in endpoints:
        router.add_api_route(
            endpoint.path,
            handler_of(endpoint),
            methods=[endpoint.method],
            name=endpoint.name,
            operation_id=endpoint.name,
            summary=endpoint.summary,
            response_model=endpoint.answer,
            response_class=Response if endpoint.answer is None else APIRouter().default_response_class,
            status_code=int(endpoint.status),
            responses=endpoint.responses(),
            tags=[endpoint.tag],
            route_class_override=EndpointRoute.of(service, endpoint),
            openapi_extra=_extra(endpoint),
            include_in_schema=endpoint.tag != acts.TAG,  # whose acts the other endpoints describe already
        )


def create_app(service: Service, *, title: str = "Referral programme", docs: bool = True) -> FastAPI:
    """Return an app with the endpoints of a service and nothing else; with ``docs``, its OpenAPI document too."""
    app = FastAPI(
        title=title,
        description=_DESCRIPTION,
        openapi_url="/openapi.json" if docs else None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,  # a path with a slash behind it is another path, which is not there
        separate_input_output_schemas=False,
    )
    _add_endpoints(app.router, service, ALL)  # a router inside the app's own would cost every request some time

    async def problem(request: Request, error: Exception) -> Response:
        response = problem_of(error).response("en")
        if response.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
            response.headers["Allow"] = ", ".join(_methods_of(request.url.path))
        return response

    app.add_exception_handler(HTTPException, problem)
    app.add_exception_handler(Exception, problem)
    described = app.openapi

    def openapi() -> dict[str, Any]:
        return completed(described())

    app.openapi = openapi  # type: ignore[method-assign]
    return app


def completed(document: dict[str, Any]) -> dict[str, Any]:
    """Return an app's OpenAPI document with the parts that FastAPI leaves out: token, problems, and example answers.

    A host whose own app has the router completes the document of that app.
    """
    parts = document.setdefault("components", {})
    parts.setdefault("securitySchemes", {})["bearer"] = {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
    schemas = parts.setdefault("schemas", {})
    schemas.setdefault(Problem.__name__, Problem.model_json_schema(ref_template="#/components/schemas/{model}"))
    for name, schema in schemas[Problem.__name__].pop("$defs", {}).items():
        schemas.setdefault(name, schema)
    for operation in chain.from_iterable(methods.values() for methods in document["paths"].values()):
        endpoint = _BY_NAME.get(operation.get("operationId", ""))
        if endpoint is not None and endpoint.answer_example is not None:
            answer = operation["responses"][str(int(endpoint.status))]["content"]
            answer[endpoint.media_type]["example"] = endpoint.answer_example
    return document


def _methods_of(path: str) -> list[str]:
    """Return the methods of a path, for ``Allow``; the framework names those of one endpoint only."""
    return sorted({endpoint.method for pattern, endpoint in _BY_PATH if pattern.match(path)})


def _extra(endpoint: Endpoint) -> dict[str, Any]:
    """Return the parts of an endpoint's OpenAPI description that FastAPI does not know: permission and headers."""
    role = endpoint.least_role
    extra: dict[str, Any] = {
        "security": [{"bearer": []}, *([{}] if endpoint.public else [])],
        "parameters": endpoint.parameters(),
    }
    if endpoint.body is not None:
        extra["requestBody"] = {"content": endpoint.body}
    if endpoint.act is not None and role is not None:
        extra["x-permission"] = {"act": endpoint.act, "least_role": role.value}
    return extra
