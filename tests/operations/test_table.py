"""The table of operations makes sense as a whole."""

from collections import Counter

import msgspec
import pytest

from corral.operations.operation import Operation
from corral.operations.table import OPERATIONS

each = pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: one.name)


def test_names_are_given_once() -> None:
    names = [one.name for one in OPERATIONS]
    routes = [(one.method, one.path) for one in OPERATIONS]
    functions = [fn for one in OPERATIONS if one.fn for fn in (one.fn, *one.also)]
    for given in (names, routes, functions):
        assert [one for one, count in Counter(given).items() if count > 1] == []


@each
def test_every_field_that_is_named_is_there(operation: Operation) -> None:
    fields = {field.name for field in msgspec.structs.fields(operation.request)}
    assert fields >= set(operation.path_fields)
    assert fields >= set(operation.query)
    assert fields >= set(operation.args) - {"*"}
    assert operation.body is None or operation.body in fields


@each
def test_a_result_has_a_status(operation: Operation) -> None:
    assert (operation.response is None) == (operation.status == 204)
    assert all(200 <= status < 300 for status in (operation.status, *operation.other_statuses))
