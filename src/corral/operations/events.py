"""Operations that listen: the events of one queue, of many by a pattern, or of all, from any place on."""

import contextlib
import re
from collections.abc import AsyncIterator
from typing import Annotated, Any

import msgspec

from corral.lifecycle.follow import GAP, Follower
from corral.lifecycle.follow_many import ManyFollower, Places
from corral.model.errors import BadField, FieldProblem
from corral.operations.operation import Operation, Permission
from corral.operations.reply import Stream
from corral.operations.services import Services
from corral.policy.cursors import decode_cursor, encode_cursor
from corral.store.events import QueueEvent

_JSON_FIELDS = {"completed": "returnvalue", "progress": "data"}
_ID = re.compile(r"\d{1,19}(?:-\d{1,19})?")
_decode = msgspec.json.Decoder().decode
_places = msgspec.json.Decoder(Places)

Events = Annotated[list[str], msgspec.Meta(description="Names of the events to hear; all when there is none.")]
Jobs = Annotated[list[str], msgspec.Meta(description="Ids of the jobs to hear of; all when there is none.")]


class WatchQueue(msgspec.Struct, frozen=True):
    """`after` is the id of the last event that was heard; without one only new events come."""

    queue: str
    events: Events = []
    jobs: Jobs = []
    after: str | None = None


class WatchQueues(msgspec.Struct, frozen=True):
    """`queues` is a pattern: `*` stands for any text, `?` for one character. `after` is the last id that was sent."""

    queues: str = "*"
    events: Events = []
    jobs: Jobs = []
    after: str | None = None


class Heard(msgspec.Struct, frozen=True, rename="camel"):
    """One event. `id` is where to go on from; `data` has the event's own fields."""

    id: str
    queue: str
    event: str
    data: dict[str, Any]


async def watch_queue(services: Services, request: WatchQueue) -> Stream:
    if request.after is not None and not _ID.fullmatch(request.after):
        raise BadField(FieldProblem(f"Not the id of an event: {request.after}", parameter="after"))
    follower = Follower(services.feeds, services.store.events, request.queue)
    return Stream(_of_one(request, await follower.start(request.after)))


async def watch_queues(services: Services, request: WatchQueues) -> Stream:
    places = _read_places(request.after)
    follower = ManyFollower(services.feeds, services.store, request.queues, services.clock)
    return Stream(_of_many(request, await follower.start(places), places))


async def _of_one(request: WatchQueue, events: AsyncIterator[QueueEvent]) -> AsyncIterator[Heard]:
    wanted = _Wanted(request.events, request.jobs)
    async for event in events:
        if wanted(event):
            yield Heard(event.id, request.queue, event.name, _data(event))


async def _of_many(
    request: WatchQueues, events: AsyncIterator[tuple[str, QueueEvent]], places: Places
) -> AsyncIterator[Heard]:
    wanted = _Wanted(request.events, request.jobs)
    async for queue, event in events:
        places[queue] = event.id
        if wanted(event):
            yield Heard(encode_cursor(msgspec.json.encode(places).decode()), queue, event.name, _data(event))


class _Wanted:
    """Whether a listener asked for an event; a gap concerns everybody."""

    def __init__(self, events: list[str], jobs: list[str]) -> None:
        self._events = frozenset(events)
        self._jobs = frozenset(jobs)

    def __call__(self, event: QueueEvent) -> bool:
        if event.name == GAP:
            return True
        if self._events and event.name not in self._events:
            return False
        return not self._jobs or event.fields.get("jobId") in self._jobs


def _data(event: QueueEvent) -> dict[str, Any]:
    """The fields as BullMQ's QueueEvents gives them: results and progress as JSON."""
    data: dict[str, Any] = dict(event.fields)
    field = _JSON_FIELDS.get(event.name)
    if field in data:
        with contextlib.suppress(msgspec.DecodeError, RecursionError):  # what is no JSON stays text
            data[field] = _decode(data[field])
    return data


def _read_places(after: str | None) -> Places:
    if not after:
        return {}
    try:
        places = _places.decode(decode_cursor(after))
    except (msgspec.DecodeError, BadField):
        places = {"": ""}
    if not all(queue and _ID.fullmatch(place) for queue, place in places.items()):
        raise BadField(FieldProblem("Not an id that this server sent", parameter="after"))
    return places


OPERATIONS = (
    Operation(
        name="watchQueue",
        method="GET",
        path="/v1/queues/{queue}/events",
        summary="Server-sent events of one queue; goes on after Last-Event-ID.",
        request=WatchQueue,
        response=Heard,
        run=watch_queue,
        permission=Permission.READ,
        tag="events",
        query=("after",),
        headers={"after": "last-event-id"},
    ),
    Operation(
        name="watchQueues",
        method="GET",
        path="/v1/events",
        summary="Server-sent events of all queues, or of those that fit a pattern.",
        request=WatchQueues,
        response=Heard,
        run=watch_queues,
        permission=Permission.READ,
        tag="events",
        query=("after",),
        headers={"after": "last-event-id"},
    ),
)
