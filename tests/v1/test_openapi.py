"""The OpenAPI document and the pages made from it say what the table says."""

import re
from html.parser import HTMLParser
from typing import Any

import jsonschema_rs
import pytest
from schemathesis.specs.openapi.definitions import OPENAPI_31_VALIDATOR

from corral.model.errors import CorralError
from corral.operations.operation import Operation
from corral.operations.table import OPERATIONS
from corral.server import status
from corral.server.docs import routes as docs
from corral.server.docs.problems import catalogue
from corral.server.failures import status_of
from corral.server.openapi.document import TAGS, document
from corral.server.proxy import routes as proxy
from corral.server.v1.places import places_of
from tests.acceptance.client import Client
from tests.docs.api_page import PAGE, api_page

DOCUMENT = document(OPERATIONS, "1.2.3")
COMPONENTS = DOCUMENT["components"]

every_operation = pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: one.name)


def described(operation: Operation) -> dict[str, Any]:
    found: dict[str, Any] = DOCUMENT["paths"][operation.path][operation.method.lower()]
    return found


def test_the_document_is_openapi_3_1() -> None:
    assert [error.message for error in OPENAPI_31_VALIDATOR.iter_errors(DOCUMENT)] == []


@pytest.mark.parametrize("name", COMPONENTS["schemas"])
def test_every_type_is_a_json_schema(name: str) -> None:
    schema = COMPONENTS["schemas"][name]
    jsonschema_rs.meta.validate({"$schema": "https://json-schema.org/draft/2020-12/schema", **schema})
    assert schema["description"]


def test_every_reference_leads_somewhere() -> None:
    for kind, name in re.findall(r"'#/components/(\w+)/([^']+)'", str(DOCUMENT)):
        assert name in COMPONENTS[kind]


@pytest.mark.parametrize("what", ["name", "fn", ("method", "path")])
def test_no_two_operations_have_the_same(what: str | tuple[str, ...]) -> None:
    names = (what,) if isinstance(what, str) else what
    found = [tuple(getattr(one, name) for name in names) for one in OPERATIONS if getattr(one, names[0])]
    found += [(other,) for one in OPERATIONS for other in one.also if what == "fn"]
    assert len(found) == len(set(found))


@every_operation
def test_an_operation_is_told_whole(operation: Operation) -> None:
    entry = described(operation)
    assert entry["operationId"] == operation.name
    assert entry["summary"].endswith(".")
    assert entry["tags"] == [operation.tag]
    assert operation.tag in TAGS
    assert entry["security"] == [{"bearer": [operation.permission]}, {"apiKey": [operation.permission]}]
    assert operation.request.__doc__
    fields = {field.name for field in places_of(operation).path.values()}
    assert fields == set(operation.path_fields)


@every_operation
def test_every_status_is_told(operation: Operation) -> None:
    told = set(described(operation)["responses"])
    successes = {operation.status, *operation.other_statuses}
    assert told >= {str(one) for one in (*successes, *map(status_of, operation.errors), 400, 401, 503)}
    assert "500" not in told


@every_operation
def test_a_body_that_is_needed_has_an_example_that_is_right(operation: Operation) -> None:
    if "requestBody" not in described(operation):
        return
    media = described(operation)["requestBody"]["content"]["application/json"]
    if places_of(operation).needs_body:
        assert "example" in media
    if "example" in media:
        whole = {**media["schema"], "components": COMPONENTS}
        jsonschema_rs.validate(whole, media["example"])


@every_operation
def test_parameters_are_told(operation: Operation) -> None:
    entry = described(operation)
    told = {(one["in"], one["name"]) for one in entry.get("parameters", [])}
    places = places_of(operation)
    assert told >= {("query", name) for name in places.query} | {("path", name) for name in places.path}
    assert told >= {("header", name) for name in places.headers}
    assert (("header", "idempotency-key") in told) is operation.keyed


def test_the_other_routes_are_told_too() -> None:
    others = [*proxy.ROUTES, *status.ROUTES, *docs.ROUTES]
    routed = {(route.method.lower(), re.sub(r":(\w+)", r"{\1}", route.path)) for route in others}
    told = {(method, path) for path, item in DOCUMENT["paths"].items() for method in item}
    assert told - {(one.method.lower(), one.path) for one in OPERATIONS} == routed


def test_the_page_of_the_docs_is_up_to_date() -> None:
    assert PAGE.read_text() == api_page(), "run: python -m tests.docs.api_page"


def test_every_operation_is_in_the_page() -> None:
    page = PAGE.read_text()
    missing = [one.name for one in OPERATIONS if f"### {one.name}\n\n`{one.method} {one.path}`" not in page]
    assert missing == []


def test_codes_are_those_of_one_class_each_or_of_its_parents() -> None:
    assert [kind.code for kind in catalogue() if not kind.__doc__] == []
    assert {error.code for one in OPERATIONS for error in one.errors} <= {kind.code for kind in catalogue()}


async def test_the_document_is_served_to_everybody(client: Client) -> None:
    reply = await client.call("GET", "/openapi.json", token=None)
    assert (reply.status, reply.headers["content-type"]) == (200, "application/json")
    assert reply.json()["paths"] == DOCUMENT["paths"]
    known = {"if-none-match": reply.headers["etag"]}
    assert (await client.call("GET", "/openapi.json", token=None, headers=known)).status == 304


class Page(HTMLParser):
    """What a page links to, names, and would load."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.open: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in ("meta", "input"):
            self.open.append(tag)
        for name, value in attrs:
            if name == "id":
                self.ids.append(str(value))
            elif name == "href":
                self.links.append(str(value))
            elif name == "src":
                self.loaded.append(str(value))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


async def page(client: Client, path: str) -> Page:
    reply = await client.call("GET", path, token=None)
    assert (reply.status, reply.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "default-src 'none'" in reply.headers["content-security-policy"]
    found = Page(reply.text)
    assert (found.open, found.loaded) == ([], [])
    return found


async def test_the_reference_needs_nothing_from_elsewhere(client: Client) -> None:
    reference, problems = await page(client, "/docs"), await page(client, "/docs/problems")
    assert set(reference.ids) >= {one.name for one in OPERATIONS}
    assert len(reference.ids) == len(set(reference.ids))
    for link in reference.links:
        target, _, anchor = link.partition("#")
        assert target in ("", "/docs/problems")
        assert not anchor or anchor in (reference if not target else problems).ids


async def test_the_type_of_a_problem_leads_to_it(client: Client) -> None:
    ids = (await page(client, "/docs/problems")).ids
    kind = (await client.call("GET", "/v1/nothing")).json()["type"]
    assert kind.removeprefix("/docs/problems#") in ids
    assert set(ids) == {kind.code for kind in catalogue()}
    assert CorralError.code in ids
