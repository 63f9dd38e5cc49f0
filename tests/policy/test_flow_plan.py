"""The order in which the jobs of flows are added, and what is refused."""

import itertools
from typing import Any

import msgspec
import pytest

from corral.model.errors import BadField
from corral.policy.flow_plan import FlowRules, Planned, plan_flows


class Given(msgspec.Struct, frozen=True):
    name: str
    queue_name: str
    children: "tuple[Given, ...]" = ()
    opts: dict[str, Any] = {}
    data: msgspec.Raw = msgspec.Raw(b"{}")
    prefix: str | None = None

    def options(self) -> dict[str, Any]:
        return self.opts


def plan(*flows: Given, **defaults: dict[str, Any]) -> list[Planned]:
    numbers = itertools.count(1)
    rules = FlowRules("bull", 3, 10, defaults)
    return plan_flows([(f"/{i}", flow) for i, flow in enumerate(flows)], rules, lambda: f"new-{next(numbers)}")


def refused(*flows: Given) -> tuple[str | None, str]:
    with pytest.raises(BadField) as error:
        plan(*flows)
    return error.value.problems[0].pointer, str(error.value)


def test_parents_come_before_their_children_level_by_level() -> None:
    deep = Given("a", "books", (Given("b", "pages", (Given("c", "lines"),)), Given("d", "pages")))
    planned = plan(deep, Given("e", "books", (Given("f", "pages"),)))
    assert [one.added.job.name for one in planned] == ["a", "e", "b", "d", "f", "c"]
    assert [one.parent for one in planned] == [None, None, 0, 0, 1, 2]
    assert [one.added.has_children for one in planned] == [True, True, True, False, False, False]


def test_children_name_their_parent_whatever_they_say() -> None:
    stranger = {"parent": {"id": "x", "queue": "bull:other"}}
    root = Given("a", "books", (Given("b", "pages", opts=stranger), Given("c", "pages", opts={"jobId": "own"})))
    first, second, third = (one.added for one in plan(root))
    assert "parent" not in first.job.opts
    assert second.job.opts["parent"] == third.job.opts["parent"] == {"id": "new-1", "queue": "bull:books"}
    assert [(one.job_id, one.custom) for one in (first, second, third)] == [
        ("new-1", False),
        ("new-2", False),
        ("own", True),
    ]
    assert "jobId" not in second.job.opts


def test_a_root_may_have_a_parent_outside() -> None:
    outside = {"id": "x", "queue": "bull:other"}
    assert plan(Given("a", "books", opts={"parent": outside}))[0].added.job.opts["parent"] == outside
    strange = {"parent": {"id": "x", "queue": "elsewhere:other"}}
    assert refused(Given("a", "books", opts=strange))[0] == "#/0/opts/parent/queue"


def test_defaults_of_a_queue_give_way_to_the_job() -> None:
    children = (Given("b", "pages", opts={"attempts": 5}), Given("c", "pages"))
    planned = plan(Given("a", "books", children), pages={"attempts": 2, "priority": 3})
    found = [(one.added.job.opts["attempts"], one.added.job.opts.get("priority")) for one in planned]
    assert found == [(0, None), (5, 3), (2, 3)]


@pytest.mark.parametrize(
    ("flow", "place", "text"),
    [
        (Given("a", "no"), "queueName", "queue name must be at least 3 characters long"),
        (Given("a", "books", prefix="other"), "prefix", "The prefix of every queue here is bull"),
        (Given("a", "books", opts={"repeat": {"every": 5}}), "opts/repeat", "A job of a flow cannot be repeated"),
        (Given("a", "books", opts={"attempts": -1}), "opts/attempts", "Invalid attempts -1"),
        (Given("a", "books", opts={"sizeLimit": 1}), "opts/sizeLimit", "The size of job a exceeds the limit 1 bytes"),
    ],
)
def test_what_is_wrong_is_pointed_to(flow: Given, place: str, text: str) -> None:
    assert refused(flow) == (f"#/0/{place}", text)
    assert refused(Given("top", "books", (Given("first", "books"), flow))) == (f"#/0/children/1/{place}", text)


def test_a_deduplicated_job_has_neither_children_nor_a_parent() -> None:
    deduplicated = {"deduplication": {"id": "d"}}
    assert plan(Given("a", "books", opts=deduplicated))
    above = refused(Given("a", "books", (Given("b", "books"),), deduplicated))
    assert above == ("#/0/opts/deduplication", "Deduplication options cannot be used on flow nodes with children")
    below = refused(Given("a", "books", (Given("b", "books", opts=deduplicated),)))
    assert below == ("#/0/children/0/opts", "Deduplication and parent options cannot be used together")


def test_an_id_stands_once_in_each_queue() -> None:
    own = {"jobId": "own"}
    assert len(plan(Given("a", "books", opts=own), Given("a", "pages", opts=own))) == 2
    assert refused(Given("a", "books", opts=own), Given("b", "books", opts=own))[0] == "#/1/opts/jobId"
