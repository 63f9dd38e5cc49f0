"""Gaps in what was heard, and ends that are told of once."""

from corral.delivery.gaps import SLACK_MS, Ends, Gap, gap_before
from corral.policy.changes import COMPLETED, FAILED, Change
from corral.store.events import QueueEvent

NOW = 1_800_000_000_000


def event(place: int) -> QueueEvent:
    return QueueEvent(f"{place}-0", "completed", {}, NOW + place)


def end(job: str, at: int, status: str = COMPLETED) -> Change:
    return Change(f"of {job}", status, at, job)


def test_there_is_no_gap_while_the_last_event_or_an_earlier_one_is_kept() -> None:
    for oldest in ("5-0", "4-9", "1-0"):
        assert gap_before([event(9)], "5-0", NOW, oldest) is None


def test_a_gap_ends_with_the_first_event_that_is_new() -> None:
    found = gap_before([event(12), event(9), event(3)], "5-0", NOW, "8-0")
    assert found == Gap(NOW - SLACK_MS, NOW + 9 + SLACK_MS)


def test_events_that_came_late_end_no_gap() -> None:
    assert gap_before([event(3)], "5-0", NOW, "8-0") is None


def test_an_end_is_told_of_once_whichever_way_it_comes_first() -> None:
    ends = Ends()
    assert ends.heard([end("a", NOW)]) == [end("a", NOW)]
    assert ends.found([end("a", NOW - 3), end("b", NOW)]) == [end("b", NOW)]
    assert ends.heard([end("b", NOW + 3), end("b", NOW, FAILED)]) == [end("b", NOW, FAILED)]


def test_a_job_that_ends_again_later_is_told_of_again() -> None:
    ends = Ends()
    ends.found([end("a", NOW)])
    again = end("a", NOW + 2 * SLACK_MS)
    assert ends.heard([again]) == [again]


def test_what_is_no_end_always_passes() -> None:
    ends, change = Ends(), Change("1", "started", NOW, "a")
    assert ends.found([change]) == ends.heard([change]) == [change]
