"""Jobs that clients send: the HTTP body, checked as bullmq-proxy does, and a WebSocket `add`."""

from functools import lru_cache
from typing import Any

import msgspec

from corral.model.errors import BadField, InvalidInput
from corral.model.job import NULL, JobOptions, NewJob
from corral.policy.addable import check_addable
from corral.policy.given_options import check_given
from corral.policy.javascript import is_number, member, text, truthy, unexpected
from corral.policy.json_body import check_raw, decode, without_mark
from corral.policy.options import normalise
from corral.policy.posted_options import check_posted

_FIELDS = frozenset({"name", "data", "opts"})
_OBJECT, _ARRAY = b"{["
_NUMBER_STARTS = b"-0"
_NO_OPTIONS = (b"null", b"{}")
_MEMORABLE = 200  # bytes: the options of many jobs are the same few


class _Input(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    name: Any = None
    data: msgspec.Raw = NULL
    opts: msgspec.Raw = NULL


class _Options(msgspec.Struct, frozen=True, gc=False):
    """Options that passed bullmq-proxy's checks; `refusal` is what BullMQ has against them."""

    stored: JobOptions
    refusal: str | None


_decode = msgspec.json.Decoder(list[_Input]).decode


def parse_jobs(body: bytes) -> list[NewJob]:
    """The jobs of `POST /queues/:queue/jobs`; `data` keeps its bytes.

    The first failure wins, as in bullmq-proxy: each element in turn, then what BullMQ itself would refuse.
    Raises InvalidInput.
    """
    body = without_mark(body)
    try:
        given = _decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise _first_failure(body) from None
    check_raw(body)
    refusal: str | None = None
    jobs: list[NewJob] = []
    for item in given:
        name, data, raw_opts = item.name, bytes(item.data), bytes(item.opts)
        if type(name) is not str or not name or data[0] not in (_OBJECT, _ARRAY):
            odd = _name_refusal(name, data)
            refusal = refusal or odd
            name = _printed(name)
        if raw_opts in _NO_OPTIONS:
            jobs.append(NewJob(name, data, {"attempts": 0}))
            continue
        opts = _remembered(raw_opts) if len(raw_opts) <= _MEMORABLE else _posted(raw_opts)
        refusal = refusal or opts.refusal
        jobs.append(NewJob(name, data, opts.stored.copy()))
    if refusal:
        raise InvalidInput(refusal)
    return jobs


def parse_job_args(name: Any, data: Any, opts: Any) -> NewJob:
    """One job from the arguments of `add`, with any data and BullMQ's own latitude in options.

    As data, `msgspec.Raw` and bytes are JSON already; other values are not. Raises BadField, with pointers from
    an object with the members `name`, `data` and `opts`.
    """
    refusal = _type_refusal(name)
    if refusal:
        raise BadField.at("/name", InvalidInput(refusal))
    encoded = _encoded(data)
    try:
        job = NewJob(_printed(name), encoded, normalise(check_given(opts)))
        _check_size(job)
        check_addable(job.opts)
    except InvalidInput as error:
        raise BadField.at("/opts", error) from None
    return job


def _check_size(job: NewJob) -> None:
    limit = job.opts.get("sizeLimit")
    if limit and len(job.data) > limit:
        error = InvalidInput(f"The size of job {text(job.name)} exceeds the limit {limit} bytes")
        raise BadField.at("/sizeLimit", error)


def _posted(raw: bytes) -> _Options:
    opts = decode(raw)
    if not truthy(opts):
        return _Options({"attempts": 0}, None)
    check_posted(opts)
    stored = normalise(opts if isinstance(opts, dict) else {})
    try:
        check_addable(stored)
    except InvalidInput as error:
        return _Options(stored, str(error))
    return _Options(stored, None)


_remembered = lru_cache(maxsize=512)(_posted)


def _name_refusal(name: Any, data: bytes) -> str | None:
    """For a job whose name or data is no everyday value."""
    if not truthy(name):
        raise InvalidInput("name is required")
    if _is_falsy(data):
        raise InvalidInput("data is required")
    return _type_refusal(name)


def _is_falsy(data: bytes) -> bool:
    if data[0] in _NUMBER_STARTS:
        return float(data) == 0
    return data in (b"null", b"false", b'""')


def _type_refusal(name: Any) -> str | None:
    """BullMQ's scripts take a number for a name, and nothing else but a string."""
    if isinstance(name, str) or is_number(name):
        return None
    return f"Invalid name {text(name)}, must be a string"


def _printed(name: Any) -> str:
    return name if isinstance(name, str) else text(name)


def _encoded(data: Any) -> bytes:
    if isinstance(data, (msgspec.Raw, bytes)):
        encoded = bytes(data) or b"null"
        check_raw(encoded)
        return encoded
    try:
        return msgspec.json.encode(data)
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidInput(f"Invalid data: {error}") from None


def _first_failure(body: bytes) -> InvalidInput:
    """The typed decode refused the body: what bullmq-proxy would have found first."""
    try:
        value = decode(body)
        if not isinstance(value, list):
            raise InvalidInput("Body must be an array")
        for element in value:
            _check_element(element)
    except InvalidInput as failure:
        return failure
    return InvalidInput("Body must be an array of jobs")


def _check_element(element: Any) -> None:
    if element is None:
        raise InvalidInput("null is not a job")
    for name in ("name", "data"):
        if not truthy(member(element, name)):
            raise InvalidInput(f"{name} is required")
    field = unexpected(element, _FIELDS)
    if field is not None:
        raise InvalidInput(f"Unexpected field: {text(field)}")
    if truthy(element.get("opts")):
        check_posted(element["opts"])
