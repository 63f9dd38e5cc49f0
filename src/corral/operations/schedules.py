"""Making, changing, executing and ending schedules."""

from collections.abc import Mapping
from typing import Any

import msgspec

from corral.delivery.calling import Called
from corral.lifecycle.ownership import SCHEDULES
from corral.lifecycle.schedules import OPERATORS, job_data
from corral.model.errors import CorralError, NotFound, StoreUnavailable
from corral.model.schedule import Schedule
from corral.operations.services import Services
from corral.policy.schedule_timing import check_timing

_MISSING = "Schedule not found"


async def make_schedule(services: Services, given: Mapping[str, Any]) -> Schedule:
    """Runs from now on, if it is enabled; `given` are its fields. It counts as the one job that it begins with.

    Raises `InvalidInput`, `NameTaken`, `QueueForbidden`, `Forbidden` for too many, `TooManyRequests`.
    """
    now = services.clock()
    check_timing(given["timing"], 0, now)
    await services.deliveries.check([given["endpoint"].url])
    made = Schedule(
        id=_new_id(services, now),
        application=services.caller.application or OPERATORS,
        queue=SCHEDULES if services.claim is None else await services.claim(SCHEDULES),
        created_at=now,
        updated_at=now,
        **given,
    )
    await services.schedules.add(made)
    if made.enabled:
        try:
            await services.schedules.arrange(services.store, made, 0, now)
        except StoreUnavailable:
            raise  # it may run all the same; if not, it is mended
        except CorralError:
            await services.schedules.remove(services.store, made)
            raise
    return made


async def change_schedule(services: Services, schedule_id: str, given: Mapping[str, Any]) -> Schedule:
    """Raises as `make_schedule`, and `NotFound`."""
    before = await own_schedule(services, schedule_id)
    if "endpoint" in given:
        await services.deliveries.check([given["endpoint"].url])
    wanted = msgspec.structs.replace(before, **given)
    return await _put(services, before, wanted, "timing" in given)


async def toggle_schedule(services: Services, schedule_id: str, enabled: bool) -> Schedule:
    """Raises `NotFound`, `InvalidInput` when nothing would come any more."""
    before = await own_schedule(services, schedule_id)
    return await _put(services, before, msgspec.structs.replace(before, enabled=enabled), False)


async def remove_schedule(services: Services, schedule_id: str) -> None:
    """With its next job, unless it runs. Raises `NotFound`."""
    await services.schedules.remove(services.store, await own_schedule(services, schedule_id))


async def execute_schedule(services: Services, schedule_id: str, execution: str) -> Called:
    """Call its endpoint now, once, whether it is enabled or not. Raises `NotFound`."""
    return await services.schedule_calls.execute(await own_schedule(services, schedule_id), execution)


async def own_schedule(services: Services, schedule_id: str) -> Schedule:
    """As it is now, whichever process has changed it. Raises `NotFound`, `QueueForbidden`."""
    _check_reach(services)
    await services.schedules.kept.refresh()
    found = services.schedules.kept.get(schedule_id)
    if found is None or services.caller.application not in (None, found.application):
        raise NotFound(_MISSING)
    return found


async def own_schedules(services: Services) -> list[Schedule]:
    """Newest first; the operator's are those of all. Raises `QueueForbidden`."""
    _check_reach(services)
    await services.schedules.kept.refresh()
    return services.schedules.of(services.caller.application)


async def _put(services: Services, before: Schedule, wanted: Schedule, timed: bool) -> Schedule:
    """The new one in place of the old; its scheduler anew where what that holds is another."""
    now, store = services.clock(), services.store
    executed = (await services.schedules.executions.of(before.id)).count
    anew = wanted.enabled and (timed or not before.enabled or job_data(wanted) != job_data(before)
                               or wanted.retry_policy != before.retry_policy)  # fmt: skip
    if timed or anew:
        check_timing(wanted.timing, executed, now)

    def changed(found: Schedule) -> Schedule:
        parts = {name: getattr(wanted, name) for name in _CHANGED if getattr(wanted, name) != getattr(before, name)}
        over = found.over and not wanted.enabled
        return msgspec.structs.replace(found, **parts, over=over, updated_at=max(now, found.updated_at))

    after = await services.schedules.change(before.id, changed)
    if after is None:
        raise NotFound(_MISSING)
    if anew:
        await services.schedules.arrange(store, after, executed, now)
    elif not after.enabled:
        await store.schedulers.remove(after.queue, after.id)
    return after


def _check_reach(services: Services) -> None:
    """Whoever may not use the queue of schedules has none."""
    if services.physical is not None:
        services.physical(SCHEDULES)


def _new_id(services: Services, now: int) -> str:
    """24 hexadecimal digits that begin with the second, as those of the database that the original kept them in."""
    return f"{now // 1000:08x}{services.new_id().replace('-', '')[:16]}"


_CHANGED = ("name", "description", "endpoint", "timing", "retry_policy", "enabled", "metadata", "created_by")
