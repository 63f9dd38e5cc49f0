"""Cron against the recorded answers of cron-parser, and against its own promises."""

import re
from datetime import UTC, datetime
from itertools import pairwise, repeat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corral.model.errors import InvalidInput
from corral.policy.cron import Cron
from corral.policy.cron.search import Search
from corral.policy.cron.walk import Walk

TABLE = Path(__file__).parent / "vectors/cron.tsv"
ROWS = 8664
RUNS = 5
NEVER = "0 0 31 4,6 *"
# Where the clocks went back in the middle of an hour: there cron-parser may give up, and corral must not.
GIVES_UP = {
    "America/Caracas",
    "America/St_Johns",
    "Asia/Pyongyang",
    "Australia/Lord_Howe",
    "Pacific/Chatham",
}

Row = tuple[int, str, list[int | None], list[int | None]]


def table() -> dict[str, list[Row]]:
    """By zone: start, pattern, the runs of one search, the runs asked for one by one."""
    found: dict[str, list[Row]] = {}
    for line in TABLE.read_text().splitlines()[1:]:
        if line[0] == ">":
            zone, ms = line[2:].split("\t")
            start = int(ms)
        else:
            pattern, taken, *chained = line.split("\t")
            runs = times_of(taken, start), times_of((chained or [taken])[0], start)
            found.setdefault(zone, []).append((start, pattern, *runs))
    return found


def times_of(steps: str, start: int) -> list[int | None]:
    """`3600x4 60 -`: seconds after the start's full second, and after each run; None for no answer."""
    second, runs = start // 1000, list[int | None]()
    for step in steps.split(" "):
        if step == "-":
            runs.append(None)
            continue
        seconds, _, count = step.partition("x")
        for _ in repeat(None, int(count or 1)):
            second += int(seconds)
            runs.append(second * 1000)
    return runs


RECORDED = table()


def test_the_table_is_whole() -> None:
    assert sum(map(len, RECORDED.values())) == ROWS


@pytest.mark.parametrize("zone", RECORDED)
def test_every_recorded_answer(zone: str) -> None:
    for start, pattern, taken, chained in RECORDED[zone]:
        cron = Cron.parse(pattern, zone)
        where = f"{pattern} from {start}"
        assert_same(cron.take(start, RUNS), taken, zone, where)
        assert_same(chain(cron, start), chained, zone, f"{where}, one by one")


def test_a_pattern_without_any_day_has_no_run() -> None:
    cron = Cron.parse(NEVER)
    assert cron.next_after(0) is None
    assert cron.take(0, 3) == []


@pytest.mark.parametrize("ms", [-(2**60), 2**60])
def test_times_beyond_the_calendar_have_no_run(ms: int) -> None:
    assert Cron.parse("* * * * *", "Europe/Berlin").next_after(ms) is None


def test_a_run_is_strictly_after() -> None:
    cron = Cron.parse("* * * * * *")
    assert [cron.next_after(ms) for ms in (-1, 0, 1, 999, 1000)] == [0, 1000, 1000, 1000, 2000]


def test_without_a_zone_the_local_one_counts() -> None:
    noon = "0 12 * * *"
    winter = int(datetime(2024, 1, 10, tzinfo=UTC).timestamp() * 1000)
    for local, hour in (("UTC", 12), ("Asia/Kolkata", 6.5), ("America/New_York", 17)):
        expected = winter + hour * 3_600_000
        assert Cron.parse(noon, local=local).next_after(winter) == expected
        assert Cron.parse(noon, "local", local=local).next_after(winter) == expected
        assert Cron.parse(noon, local).next_after(winter) == expected


@pytest.mark.parametrize("zone", ["europe/berlin", "EUROPE/Berlin", "utc+1", "UTC+01:00", "Etc/GMT-1"])
def test_zones_go_by_many_names(zone: str) -> None:
    assert Cron.parse("0 1 1 1 *", zone).next_after(0) == 31_536_000_000


@pytest.mark.parametrize(
    "zone",
    ["", "Nowhere/City", "Europe", "/etc/localtime", "../UTC", "posix/UTC", "utc+24", "localtime", "x\0"],
)
def test_unknown_zones_are_refused(zone: str) -> None:
    with pytest.raises(InvalidInput, match=f"^Invalid timezone: {re.escape(zone)}$"):
        Cron.parse("* * * * *", zone)


# What cron-parser 5.10.3 found for these seeds, from the start of 2024 on.
@pytest.mark.parametrize(
    ("pattern", "seed", "runs"),
    [
        ("H H * * *", "reports", ["2024-01-01T01:36:00", "2024-01-02T01:36:00"]),
        ("H H(2-5) H * H", "ünï😀", ["2024-01-06T04:51:00", "2024-01-13T04:51:00"]),
        ("H/7 H(1-9)/4 * * * *", "a", ["2024-01-01T00:01:04", "2024-01-01T00:01:11"]),
        ("0 H/50 * * MON#2", "nightly", ["2024-01-08T12:00:00", "2024-02-12T12:00:00"]),
        ("H(50-70) 0 * H(11-40) ?", "b", ["2024-12-01T00:53:00", "2024-12-02T00:53:00"]),
    ],
)
def test_h_spreads_by_its_seed(pattern: str, seed: str, runs: list[str]) -> None:
    start = int(datetime(2024, 1, 1, tzinfo=UTC).timestamp() * 1000)
    found = Cron.parse(pattern, seed=seed).take(start, len(runs))
    assert [datetime.fromtimestamp(ms / 1000, UTC).strftime("%FT%T") for ms in found] == runs


def test_h_without_a_seed_keeps_its_time() -> None:
    assert Cron.parse("H H H * *") == Cron.parse("H H H * *")
    assert len({Cron.parse("H H H * *", seed=str(n)).next_after(0) for n in range(20)}) > 15


fields = st.one_of(
    st.just("*"),
    st.integers(0, 23).map(str),
    st.sampled_from(["*/5", "*/7", "1-3", "0,2", "2-20/3", "0-22"]),
)
days = st.sampled_from(["*", "*", "*", "1", "L", "28-31", "*/2"])
weekdays = st.sampled_from(["*", "*", "*", "0", "5L", "1#2", "MON-FRI"])
patterns = st.tuples(fields, fields, fields, days, weekdays).map(lambda f: f"{f[0]} {f[1]} {f[2]} {f[3]} * {f[4]}")
changing_zones = st.sampled_from(["Europe/Berlin", "America/Havana", "Australia/Lord_Howe", "Pacific/Apia", "UTC"])
times = st.integers(0, 2_000_000_000_000)


@given(patterns, changing_zones, times)
def test_the_calendar_finds_what_the_steps_find(pattern: str, zone: str, ms: int) -> None:
    cron = Cron.parse(pattern, zone)
    assert Search(cron.fields, cron.zone, ms).next_run() == Walk(cron.fields, cron.zone, ms).next_run()


@given(patterns, changing_zones, times)
def test_time_never_goes_back(pattern: str, zone: str, ms: int) -> None:
    cron = Cron.parse(pattern, zone)
    assert all(early < late for early, late in pairwise([ms, *cron.take(ms, 4)]))
    assert all(early < late for early, late in pairwise([ms, *(run for run in chain(cron, ms) if run)]))


def chain(cron: Cron, start: int) -> list[int]:
    """The runs as a scheduler asks for them: the next after the last one."""
    runs: list[int] = []
    while len(runs) < RUNS and (run := cron.next_after(runs[-1] if runs else start)) is not None:
        runs.append(run)
    return runs


def assert_same(runs: list[int], recorded: list[int | None], zone: str, where: str) -> None:
    answered = [run for run in recorded if run is not None]
    if zone in GIVES_UP and len(answered) < len(recorded) and NEVER not in where:
        assert len(runs) == RUNS, where
        runs = runs[: len(answered)]
    assert runs == answered, where
