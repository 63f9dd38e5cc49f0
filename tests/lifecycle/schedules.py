"""Schedules for tests, of an engine that is shared: each test has applications of its own."""

import itertools
from typing import Any

from corral.lifecycle.kept import Kept
from corral.lifecycle.schedules import Schedules
from corral.model.application import Application, ApplicationSettings
from corral.model.schedule import Schedule, ScheduledEndpoint, Timing
from corral.policy.built_in_queues import JobDefaults
from corral.store.store import Store

NOW = 1_795_000_000_000
_numbers = itertools.count(1)


async def known_schedules(store: Store, application: str) -> Schedules:
    """As a process knows them that knows this application."""
    applications = Kept(store.records, "applications", Application)
    await applications.put(application, Application(application, "shop", ApplicationSettings(), NOW, NOW))
    return Schedules(store, applications, JobDefaults())


def schedule(application: str, queue: str, name: str = "report", **more: Any) -> Schedule:
    return Schedule(
        id=f"{next(_numbers):024x}",
        application=application,
        queue=queue,
        name=name,
        endpoint=more.pop("endpoint", ScheduledEndpoint("http://127.0.0.1:1/", "GET")),
        timing=more.pop("timing", Timing(cron="0 0 1 1 *")),
        created_at=NOW,
        updated_at=NOW,
        **more,
    )
