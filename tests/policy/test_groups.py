"""The option `group`."""

from typing import Any

import pytest

from corral.model.errors import InvalidInput
from corral.policy.groups import group_of
from corral.policy.job_bodies import parse_job_args
from corral.policy.options import is_plain
from corral.policy.scheduling import template_options


def _stored(group: Any, **opts: Any) -> Any:
    return parse_job_args("job", b"{}", {"group": group, **opts}).opts.get("group")


def test_a_limit_of_one_goes_without_saying() -> None:
    assert _stored({"id": "a"}) == _stored({"id": "a", "limit": 1}) == {"id": "a"}
    assert _stored({"id": "a", "limit": 3.0}) == {"id": "a", "limit": 3}
    assert _stored(None) is None


@pytest.mark.parametrize(
    "group",
    ["a", 5, [], {"limit": 1}, {"id": ""}, {"id": 5}, {"id": "a" * 1025}, {"id": "a", "limit": 0},
     {"id": "a", "limit": -1}, {"id": "a", "limit": 1.5}, {"id": "a", "limit": "2"}, {"id": "a", "name": "b"}],
)  # fmt: skip
def test_what_is_no_group_is_refused(group: Any) -> None:
    with pytest.raises(InvalidInput):
        _stored(group)


def test_jobs_that_repeat_have_none() -> None:
    with pytest.raises(InvalidInput):
        _stored({"id": "a"}, repeat={"every": 1000})
    with pytest.raises(InvalidInput):
        template_options({"group": {"id": "a"}})


def test_a_job_of_a_group_is_not_plain() -> None:
    assert not is_plain({"attempts": 0, "group": {"id": "a"}})


@pytest.mark.parametrize("foreign", ["a", 5, {}, {"id": 7}, {"id": ""}, [1], None])
def test_what_other_programs_have_stored_under_that_name_is_none(foreign: Any) -> None:
    assert group_of({"group": foreign}) is None


def test_the_group_and_how_many_at_once() -> None:
    assert group_of({"group": {"id": "a"}}) == ("a", 1)
    assert group_of({"group": {"id": "a", "limit": 4}}) == ("a", 4)
    assert group_of({"group": {"id": "a", "limit": "x"}}) == ("a", 1)
