"""Schedulers as they are stored."""

from typing import Any

import pytest

from corral.model.errors import BadField, InvalidInput
from corral.policy.scheduling import new_scheduler, template_options

NOW = 1_795_000_000_000


def test_the_next_job_is_made_from_the_template() -> None:
    new = new_scheduler("s", "tick", b"5", {"pattern": "@hourly", "limit": 3}, {"priority": 2}, NOW)
    assert new.record == {"name": "tick", "pattern": "@hourly", "limit": 3}
    assert new.template == {"priority": 2}
    assert new.first["priority"] == 2
    assert new.first["repeat"] == {"pattern": "@hourly", "limit": 3, "count": 1}
    assert (new.first["jobId"], new.first["delay"]) == (f"repeat:s:{new.due}", new.due - NOW)


@pytest.mark.parametrize("repeat", [{"every": 5, "limit": 0}, {"pattern": "@daily", "limit": 2, "count": 2}, {}])
def test_what_never_runs_is_refused(repeat: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput):
        new_scheduler("s", "tick", b"5", repeat, {}, NOW)


@pytest.mark.parametrize(
    ("repeat", "pointer"),
    [
        ({"every": 10**14}, "#/every"),
        ({"every": 5, "offset": 10**14 - NOW}, "#/offset"),
        ({"every": 5, "startDate": 8_640_000_000_000_000}, None),
        ({"pattern": "@daily", "startDate": 10**14}, None),
    ],
)
def test_times_that_no_id_can_hold_are_refused(repeat: dict[str, Any], pointer: str | None) -> None:
    with pytest.raises(InvalidInput) as error:
        new_scheduler("s", "tick", b"5", repeat, {}, NOW)
    if pointer:
        assert isinstance(error.value, BadField)
        assert error.value.problems[0].pointer == pointer


def test_the_template_gets_no_defaults() -> None:
    opts = {"backoff": 500, "lifo": True, "removeOnComplete": None, "priority": 2.0}
    assert template_options(opts) == {"backoff": 500, "lifo": True, "priority": 2}
    assert template_options({}) == template_options(None) == {}


@pytest.mark.parametrize("option", ["jobId", "repeat", "delay", "parent"])
def test_what_each_job_has_of_its_own_is_refused(option: str) -> None:
    values: dict[str, Any] = {"jobId": "x", "repeat": {}, "delay": 0, "parent": {"id": "a", "queue": "b:c"}}
    with pytest.raises(BadField) as error:
        template_options({option: values[option]})
    assert error.value.problems[0].pointer == f"#/{option}"
