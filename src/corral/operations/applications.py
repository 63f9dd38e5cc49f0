"""Operations on the applications that share the server; all of them are the operator's."""

from typing import Annotated, Any

import msgspec

from corral.model.application import Application, ApplicationSettings
from corral.model.errors import NotFound
from corral.operations.operation import Operation, Permission
from corral.operations.reply import Reply
from corral.operations.services import Services

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
Id = Annotated[str, msgspec.Meta(max_length=100)]
Patterns = Annotated[
    list[Annotated[str, msgspec.Meta(max_length=200)]],
    msgspec.Meta(max_length=1000, description="Names of queues; `*` is any text, `?` one character."),
]
Most = Annotated[int, msgspec.Meta(ge=1, le=1_000_000_000)]


class GivenSettings(msgspec.Struct, frozen=True, rename="camel"):
    """`maxConcurrentJobs` bounds the jobs that run at once, over all queues; `maxJobsPerHour` those that are added."""

    allowed_queues: Patterns = msgspec.field(default_factory=lambda: ["*"])
    max_concurrent_jobs: Most | None = None
    max_jobs_per_hour: Most | None = None
    metadata: dict[str, Any] = {}

    def stored(self) -> ApplicationSettings:
        return ApplicationSettings(self.allowed_queues, self.max_concurrent_jobs, self.max_jobs_per_hour, self.metadata)


class AllApplications(msgspec.Struct, frozen=True):
    """Nothing to say."""


class OneApplication(msgspec.Struct, frozen=True):
    """Names the application."""

    application: Id


class CreateApplication(msgspec.Struct, frozen=True):
    """A name for people, and what it may."""

    name: Name
    settings: GivenSettings = GivenSettings()


class ChangeApplication(msgspec.Struct, frozen=True):
    """What is left out stays; settings are replaced as a whole."""

    application: Id
    name: Name | None = None
    settings: GivenSettings | None = None


class Applications(msgspec.Struct, frozen=True):
    """Oldest first."""

    applications: list[Application]


async def create(services: Services, request: CreateApplication) -> Reply:
    """It has no key yet."""
    made = await services.accounts.create(request.name, request.settings.stored(), services.clock())
    return Reply(made, 201, location=f"/v1/applications/{made.id}")


async def list_all(services: Services, request: AllApplications) -> Applications:
    return Applications(await services.accounts.everyone())


async def get(services: Services, request: OneApplication) -> Application:
    """Raises `NotFound`."""
    return await services.accounts.get(request.application)


async def change(services: Services, request: ChangeApplication) -> Application:
    """In force in every process within a second. Raises `NotFound`."""
    settings = None if request.settings is None else request.settings.stored()
    return await services.accounts.change(request.application, request.name, settings, services.clock())


async def delete(services: Services, request: OneApplication) -> None:
    """Its keys end, its endpoints are called no more and its names are released. Jobs that it has left are the
    operator's; a name goes to another application only when nothing is left in the queue. Raises `NotFound`."""
    await services.accounts.delete(request.application)


def row(name: str, method: str, path: str, summary: str, request: type[msgspec.Struct], run: Any) -> Operation:
    """What the rows about applications have in common."""
    return Operation(
        name=name,
        method=method,
        path=f"/v1/applications{path}",
        summary=summary,
        request=request,
        response=Application,
        run=run,
        permission=Permission.OPERATOR,
        tag="applications",
        errors=(NotFound,) if path else (),
    )


_replace = msgspec.structs.replace
OPERATIONS = (
    _replace(
        row("listApplications", "GET", "", "All applications.", AllApplications, list_all), response=Applications
    ),
    _replace(
        row("createApplication", "POST", "", "Add an application.", CreateApplication, create),
        status=201,
        example={"name": "shop", "settings": {"allowedQueues": ["shop-*"], "maxConcurrentJobs": 100}},
    ),
    row("getApplication", "GET", "/{application}", "One application.", OneApplication, get),
    _replace(
        row("changeApplication", "PATCH", "/{application}", "Rename it, or replace its settings.",
            ChangeApplication, change),
        example={"settings": {"maxJobsPerHour": 1000}},
    ),
    _replace(
        row("deleteApplication", "DELETE", "/{application}", "Delete it with all of its keys.",
            OneApplication, delete),
        response=None,
        status=204,
    ),
)  # fmt: skip
