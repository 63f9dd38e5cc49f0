"""What clients of `/api` send about jobs: a new job, and what a worker has to say of one."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import msgspec

from corral.model.errors import InvalidInput
from corral.model.job import NewJob
from corral.policy.javascript import truthy
from corral.policy.job_bodies import parse_job_args
from corral.policy.json_body import check_raw, decode, without_mark
from corral.policy.metadata import check_metadata
from corral.policy.names import check_queue_name

_OPTIONS = frozenset(
    {
        *("attempts", "backoff", "deduplication", "delay", "keepLogs", "lifo", "priority"),
        *("removeOnComplete", "removeOnFail"),
    }
)
_FALSY = (b"null", b"false", b'""')
_MOST_URLS = 100
_LONGEST_URL = 2048
_encode = msgspec.json.Encoder().encode


class BadJson(InvalidInput):
    """The body is not JSON at all."""


class Submission(msgspec.Struct, frozen=True):
    """A new job; `data` is JSON as it came."""

    queue: str
    name: str
    data: bytes
    metadata: dict[str, Any]
    webhooks: dict[str, str]
    options: dict[str, Any]


class Report(msgspec.Struct, frozen=True):
    """What a worker says of a job; what it does not say is UNSET."""

    status: str
    progress: Any = msgspec.UNSET
    result: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    error: Any = msgspec.UNSET
    metadata: dict[str, Any] | msgspec.UnsetType = msgspec.UNSET

    @property
    def reason(self) -> str:
        """Why the job failed."""
        if not truthy(self.error) or self.error is msgspec.UNSET:
            return "Job failed"
        return self.error if isinstance(self.error, str) else _encode(self.error).decode()


class _Posted(msgspec.Struct):
    queue: Any = None
    name: Any = None
    data: msgspec.Raw = msgspec.Raw(b"null")
    metadata: Any = None
    webhooks: Any = None
    options: Any = None


class _Reported(msgspec.Struct):
    status: Any = None
    progress: Any = msgspec.UNSET
    result: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    error: Any = msgspec.UNSET
    metadata: Any = msgspec.UNSET


def parse_submission(body: bytes, longest_name: int, queue: str | None = None) -> Submission:
    """The job of `POST /api/jobs`; or of a path that names the queue. Raises `InvalidInput`."""
    given = _read(body, _Posted)
    name = queue or given.queue
    if not truthy(name) or _is_falsy(bytes(given.data)):
        raise InvalidInput("Queue name and data are required")
    if not isinstance(name, str):
        raise InvalidInput("Queue name must be a string")
    check_queue_name(name, 1, longest_name)
    options = given.options if isinstance(given.options, dict) else {}
    return Submission(
        queue=name,
        name=given.name if isinstance(given.name, str) and given.name else name,
        data=bytes(given.data),
        metadata=check_metadata(given.metadata) if given.metadata is not None else {},
        webhooks=check_webhooks(given.webhooks) if given.webhooks is not None else {},
        options={option: value for option, value in options.items() if option in _OPTIONS},
    )


def parse_report(body: bytes) -> Report:
    """The body of `PUT /api/jobs/:id`. Raises `InvalidInput`."""
    given = _read(body, _Reported)
    if not truthy(given.status):
        raise InvalidInput("Status is required")
    if not isinstance(given.status, str) or len(given.status) > 100:
        raise InvalidInput("Status must be a string of at most 100 characters")
    metadata = given.metadata
    if metadata is not msgspec.UNSET:
        metadata = msgspec.UNSET if metadata is None else check_metadata(metadata)
    return Report(given.status, given.progress, given.result, given.error, metadata)


def parse_webhooks(body: bytes) -> dict[str, str]:
    """The body of `POST /api/jobs/:id/webhook`. Raises `InvalidInput`."""
    given = decode_body(body)
    webhooks = given.get("webhooks") if isinstance(given, dict) else None
    if not isinstance(webhooks, dict):
        example = '{ "completed": "https://...", "failed": "https://..." }'
        raise InvalidInput(f"Webhooks object is required (e.g., {example})")
    return check_webhooks(webhooks)


def decode_body(body: bytes) -> Any:
    """The body as plain values, `{}` for none at all. Raises `BadJson`."""
    try:
        return decode(body) if body.strip() else {}
    except InvalidInput as error:
        raise BadJson(str(error)) from None


def check_webhooks(webhooks: Any) -> dict[str, str]:
    """URLs by status. Raises `InvalidInput`."""
    if not isinstance(webhooks, dict) or len(webhooks) > _MOST_URLS:
        raise InvalidInput("Webhooks must be an object of URLs by status")
    for status, url in webhooks.items():
        if not isinstance(url, str) or len(url) > _LONGEST_URL or not _is_web(url):
            raise InvalidInput(f"Invalid webhook URL for {status}")
    return webhooks


def new_job(given: Submission, notes: Mapping[str, Any], options: Mapping[str, Any]) -> NewJob:
    """The job as it is stored, its data with the notes. Raises `InvalidInput`."""
    chosen = {**options, **given.options, "jobId": notes["_jobId"]}
    return parse_job_args(given.name, _with_notes(given.data, notes), chosen)


def _with_notes(data: bytes, notes: Mapping[str, Any]) -> bytes:
    """What is no object becomes the member `value` of one."""
    if not data.startswith(b"{"):
        return _encode({"value": msgspec.Raw(data), **notes})
    inner = data[1:-1].strip()
    added = _encode(notes)[1:-1]
    return b"{%s,%s}" % (inner, added) if inner else b"{%s}" % added


def _read(body: bytes, kind: type[Any]) -> Any:
    """What is no object has none of the members."""
    try:
        found = msgspec.json.decode(without_mark(body) or b"{}", type=kind)
        check_raw(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        if isinstance(decode_body(body), dict):
            raise BadJson("Body must be JSON") from None
        return kind()
    except InvalidInput as error:
        raise BadJson(str(error)) from None
    return found


def _is_falsy(data: bytes) -> bool:
    return data in _FALSY or (data[0] in b"-0" and float(data) == 0)


def _is_web(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        return False
