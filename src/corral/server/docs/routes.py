"""The public routes of the reference: the OpenAPI document and its pages, each made when it is first asked for."""

from functools import cache

import msgspec

from corral.operations.table import OPERATIONS
from corral.server.call import Access, Call, Route
from corral.server.docs.page import policy, reference
from corral.server.docs.problems import problems_page
from corral.server.http.message import Response
from corral.server.openapi.document import document
from corral.server.v1.tagged import with_etag

_HTML = "text/html; charset=utf-8"


async def openapi(call: Call) -> Response:
    """GET /openapi.json"""
    return with_etag(_openapi(call.services.version), call.request.headers.get("if-none-match"))


async def docs(call: Call) -> Response:
    """GET /docs"""
    return _docs(call.services.version)


async def problems(call: Call) -> Response:
    """GET /docs/problems"""
    return _problems()


ROUTES = (
    Route("GET", "/openapi.json", Access.PUBLIC, openapi),
    Route("GET", "/docs", Access.PUBLIC, docs),
    Route("GET", "/docs/problems", Access.PUBLIC, problems),
)


@cache
def _openapi(version: str) -> Response:
    return Response(200, msgspec.json.encode(document(OPERATIONS, version)), "application/json")


@cache
def _docs(version: str) -> Response:
    return _page(reference(document(OPERATIONS, version)))


@cache
def _problems() -> Response:
    return _page(problems_page())


def _page(html: str) -> Response:
    headers = (("content-security-policy", policy()), ("x-content-type-options", "nosniff"))
    return Response(200, html.encode(), _HTML, headers)
