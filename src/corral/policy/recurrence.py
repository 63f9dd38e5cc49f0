"""When a scheduled job comes back: BullMQ's rules for `repeat` options and job schedulers, without any clock.

`repeat` is a mapping of BullMQ's options: exactly one of `every` (ms) and `pattern` (cron), and `limit`,
`count`, `startDate`, `endDate`, `tz`, `offset`, `immediately`, `key`, `hashSeed`. All times are milliseconds
since the epoch. `local` names the zone of patterns without `tz` and of dates without a zone; Node takes its
process's own.
"""

import hashlib
from collections.abc import Mapping
from typing import Any

import msgspec

from corral.model.errors import BadField, InvalidInput
from corral.model.job import JobOptions
from corral.policy.cron import Cron
from corral.policy.cron.dates import to_ms
from corral.policy.cron.zone import Zone, zone_named
from corral.policy.javascript import is_number, text

Repeat = Mapping[str, Any]
Dates = dict[str, int]

_LONGEST = 1000
_WRITTEN_ANEW = frozenset({"immediately", "offset", "startDate", "endDate"})


class Iteration(msgspec.Struct, frozen=True):
    """The next turn of a scheduler. `millis` is None for `every`: the engine's script works that out."""

    count: int
    millis: int | None


def check_repeat(repeat: Repeat, now: int, local: str = "UTC") -> None:
    """Refuses options that no scheduler can follow.

    Raises InvalidInput, with BullMQ's texts if it has any, and a pointer where one option is wrong by itself.

    Without this the other functions trust the types, and refuse what their cron pattern or dates cannot mean.
    """
    _check_types(repeat)
    _check_kind(repeat)
    dates = _dates(repeat, zone_named(local))
    if dates.get("endDate", now) < now:
        raise _refused("endDate", "End date must be greater than current timestamp")
    if repeat.get("pattern"):
        _cron_dates(repeat, _cron(repeat, local))


def next_iteration(repeat: Repeat, now: int, prev: int = 0, local: str = "UTC") -> Iteration | None:
    """The turn after the one that ran at `prev`; None when the limit or the end date is reached.

    Raises InvalidInput for options that `check_repeat` refuses for their pattern, zone or dates.
    """
    count = (repeat.get("count") or 0) + 1
    limit = repeat.get("limit")
    if limit is not None and count > limit:
        return None
    if _dates(repeat, zone_named(local)).get("endDate", now) < now:
        return None
    if not repeat.get("pattern"):
        return Iteration(count, None)
    millis = next_millis(repeat, now, prev, local)
    return None if millis is None else Iteration(count, millis)


def next_millis(repeat: Repeat, now: int, prev: int = 0, local: str = "UTC") -> int | None:
    """The pattern's next run, after both `now` and `prev`; None when none is left before the end date."""
    after = max(now, prev)
    cron = _cron(repeat, local)
    limits = _cron_dates(repeat, cron)
    if repeat.get("immediately"):
        return after
    start = _dates(repeat, zone_named(local)).get("startDate", after)
    run = cron.next_after(max(after, start, limits.get("startDate", after)))
    return None if run is None or run > limits.get("endDate", run) else run


def next_job_opts(
    iteration: Iteration, scheduler_id: str, repeat: Repeat, opts: JobOptions, now: int, local: str = "UTC"
) -> JobOptions:
    """The options of the turn's job, made from those of the scheduler's template.

    What BullMQ sets to null is absent. With `every` the script adds `jobId` and `delay`.
    """
    kept = {key: value for key, value in repeat.items() if key not in _WRITTEN_ANEW}
    again = {**kept, **_dates(repeat, zone_named(local)), "count": iteration.count}
    if offset := _offset(repeat):
        again["offset"] = offset
    merged = {**opts, "repeat": _given(again), "timestamp": now, "repeatJobKey": scheduler_id}
    if iteration.millis is None:
        merged.pop("prevMillis", None)
        return merged
    merged["jobId"] = f"repeat:{scheduler_id}:{iteration.millis}"
    merged["delay"] = max(0, iteration.millis - now)
    merged["prevMillis"] = iteration.millis
    return merged


def scheduler_record(repeat: Repeat, name: str, local: str = "UTC") -> dict[str, Any]:
    """What the engine stores of a scheduler, as its add script takes it."""
    kept = {key: repeat.get(key) for key in ("tz", "pattern", "every", "limit")}
    return _given({"name": name, **kept, "offset": _offset(repeat), **_dates(repeat, zone_named(local))})


def repeat_key(name: str, repeat: Repeat, job_id: str = "", local: str = "UTC") -> str:
    """The scheduler id of a job that was added with `repeat`: its `key`, or the hash that BullMQ 5 makes."""
    if key := repeat.get("key"):
        return str(key)
    end = _dates(repeat, zone_named(local)).get("endDate", "")
    kind = repeat.get("pattern") or text(repeat.get("every"))
    joined = f"{name}:{job_id}:{end}:{repeat.get('tz') or ''}:{kind}"
    return hashlib.md5(joined.encode("utf-8", "surrogatepass"), usedforsecurity=False).hexdigest()


def _refused(option: str, why: str) -> BadField:
    return BadField.at(f"/{option}", InvalidInput(why))


def _check_types(repeat: Repeat) -> None:
    for name in ("every", "limit", "count", "offset"):
        value = repeat.get(name)
        least = 1 if name == "every" else 0
        if value and not (is_number(value) and least <= value < 2**53):
            raise _refused(name, f"Invalid {name} {text(value)}")
    for name in ("pattern", "tz", "key", "hashSeed"):
        value = repeat.get(name)
        if value is not None and not isinstance(value, str):
            raise _refused(name, f"Invalid {name} {text(value)}, must be a string")
        if value and len(value) > _LONGEST:
            raise _refused(name, f"Invalid {name}, must be at most {_LONGEST} characters")
    if not isinstance(repeat.get("immediately", False), bool | None):
        raise _refused("immediately", f"Invalid immediately {text(repeat['immediately'])}, must be a boolean")


def _check_kind(repeat: Repeat) -> None:
    if repeat.get("pattern") and repeat.get("every"):
        raise InvalidInput("Both .pattern and .every options are defined for this repeatable job")
    if not repeat.get("pattern") and not repeat.get("every"):
        raise InvalidInput("Either .pattern or .every options must be defined for this repeatable job")
    if repeat.get("immediately") and repeat.get("startDate"):
        raise InvalidInput("Both .immediately and .startDate options are defined for this repeatable job")


def _cron(repeat: Repeat, local: str) -> Cron:
    seed = repeat.get("hashSeed") or repeat.get("key")
    try:
        return Cron.parse(repeat["pattern"], repeat.get("tz"), local=local, seed=seed)
    except InvalidInput as error:
        raise _refused("tz" if str(error).startswith("Invalid timezone") else "pattern", str(error)) from None


def _cron_dates(repeat: Repeat, cron: Cron) -> Dates:
    """For the pattern's own limits, and only there, dates and times without a zone are in the pattern's."""
    return _dates(repeat, cron.zone, cron.zone)


def _dates(repeat: Repeat, times_in: Zone, dates_in: Zone | None = None) -> Dates:
    """The start and end date, where there is one: as everywhere in BullMQ, 0 and "" are none."""
    found = {}
    for name in ("startDate", "endDate"):
        if value := repeat.get(name):
            try:
                found[name] = to_ms(value, times_in, dates_in or zone_named("UTC"))
            except ValueError:
                raise _refused(name, f"Invalid {name} {text(value)}") from None
    return found


def _offset(repeat: Repeat) -> int | float | None:
    """An offset shifts the slots of `every`; a pattern has none."""
    return (repeat.get("offset") or None) if repeat.get("every") else None


def _given(values: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value is not None}
