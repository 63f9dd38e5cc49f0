"""Every line that corral logs, worded here and nowhere else; bullmq-proxy's own words where it has the line.

Nothing passed in here may be a token; query strings, where tokens travel, are cut off. `voice.verbose` tells
whether debug lines are written.
"""

import traceback
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from corral.model.errors import LockLost
from corral.observe.voice import Voice

PROXY_VERSION = "1.5.3"
"""The bullmq-proxy whose behaviour is served, as its banner says it."""

voice = Voice()


# The process


def listening(url: str, port: int, *, version: str, year: int) -> None:
    proxy = f"Running BullMQ Proxy on port {port} (c) {year} Taskforce.sh Inc. v{PROXY_VERSION}"
    voice.info("listening", f"corral {version} listening on {url}", proxy=proxy, port=port, url=url)


def setting_warning(text: str) -> None:
    voice.warning("setting", text)


def stopping(signal: str, seconds: float) -> None:
    text = f"{signal}: stopping; running jobs have {seconds:g} s to finish, a second signal stops at once"
    voice.info("stopping", text)


def stopped() -> None:
    voice.info("stopped", "Stopped")


def stop_timed_out(seconds: float) -> None:
    voice.error("stop-timed-out", f"Not everything has stopped within {seconds:g} s; leaving it")


def cannot_serve(why: str) -> None:
    voice.error("cannot-serve", f"Error starting server: {why}")


def child_started(index: int, pid: int) -> None:
    voice.info("child-started", f"Process {index} started (pid {pid})", child=index, pid=pid)


def child_died(index: int, pid: int, code: int, again_in: float) -> None:
    text = f"Process {index} (pid {pid}) {_ending(code)}; starting it again in {again_in:g} s"
    voice.error("child-died", text, child=index, pid=pid, code=code)


def child_killed(index: int, pid: int, seconds: float) -> None:
    text = f"Process {index} (pid {pid}) has not stopped within {seconds:g} s; killed"
    voice.error("child-killed", text, child=index, pid=pid)


def unexpected(where: str, error: BaseException) -> None:
    """A mistake of corral's own, with its traceback."""
    trace = "".join(traceback.format_exception(error)).rstrip()
    voice.error("unexpected", f"Unexpected error in {where}: {_why(error)}", voice.requests, trace=trace)


# The engine


def engine_connected(name: str, where: str) -> None:
    voice.info("engine-connected", f"Connected to {name} at {where}", where=where)


def engine_waiting(name: str, where: str, why: Exception | str) -> None:
    text = f"Waiting for {name} at {where}: {_why(why)}"
    voice.warning("engine-waiting", text, voice.trouble, where=where)


def engine_lost(name: str, where: str, why: Exception | str) -> None:
    text = f"Lost the connection to {name} at {where}: {_why(why)}"
    voice.warning("engine-lost", text, voice.trouble, where=where)


def engine_event(event: str, detail: Mapping[str, object]) -> None:
    """The life of the embedded engine, as its `OnEvent` tells it."""
    match event:
        case "started" | "attached" | "stopped":
            text = {
                "started": "The embedded engine runs (pid {pid})",
                "attached": "Using the embedded engine of another corral (pid {pid})",
                "stopped": "The embedded engine has stopped",
            }[event]
            voice.info(f"engine-{event}", text.format(**detail), **detail)
        case "died":
            how = _ending(detail.get("code"))
            text = f"The embedded engine (pid {detail.get('pid')}) {how}; starting it again"
            voice.error("engine-died", text, voice.trouble, **detail)
        case "loading":
            text = f"The embedded engine reads its data back: {detail.get('percent')} %"
            voice.warning("engine-loading", text, voice.trouble, **detail)
        case "waiting":
            text = "Another corral owns the embedded engine here, and it does not answer yet"
            voice.warning("engine-waiting", text, voice.trouble, **detail)
        case "orphan":
            text = "An engine of an earlier corral still runs; it has been asked to stop"
            voice.warning("engine-orphan", text, voice.trouble, **detail)
        case "restart-failed":
            text = f"The embedded engine cannot be started: {detail.get('error')}"
            voice.error("engine-restart-failed", text, voice.trouble, **_plain(detail))
        case _:
            voice.info(f"engine-{event}", f"The embedded engine: {event}", **_plain(detail))


def migrated(name: str) -> None:
    voice.info("migrated", f"Brought the schema up to date: {name}", migration=name)


def eviction_policy(policy: str) -> None:
    text = f"Redis may drop jobs when its memory is full: maxmemory-policy is {policy}, it has to be noeviction"
    voice.warning("eviction-policy", text, policy=policy)


def bullmq5_seen(queue: str, version: str) -> None:
    text = (
        f"Queue {queue} is also used by {version}: resume it with corral or BullMQ 6 only, "
        "a resume by BullMQ 5 can lose jobs"
    )
    voice.warning("bullmq5-seen", text, queue=queue, version=version)


# Requests


def unauthorized(reason: str, path: str, source: str) -> None:
    """`reason`: `missing token`, `invalid token` or `missing jobId or queueName`."""
    path = _bare_path(path)
    text = f"Unauthorized request ({reason}) to path {path} from {source}"
    voice.warning("unauthorized", text, voice.requests, reason=reason, path=path, source=source)


def not_found(path: str, source: str) -> None:
    path = _bare_path(path)
    text = f"Not found request to path {path} from {source}"
    voice.warning("not-found", text, voice.requests, path=path, source=source)


def not_audited(action: str, target: str, why: BaseException) -> None:
    text = f"{action} on {target} is done, but is not in the audit log: {_why(why)}"
    voice.error("not-audited", text, action=action, target=target)


def request_failed(method: str, path: str, why: BaseException) -> None:
    """The engine was away or answered with an error of its own; the caller has been told."""
    path = _bare_path(path)
    text = f"{method} {path} failed: {_why(why)}"
    voice.error("request-failed", text, voice.trouble, method=method, path=path)


def request_served(method: str, path: str, status: int, seconds: float) -> None:
    path = _bare_path(path)
    voice.debug("request", f"{method} {path} {status} in {seconds * 1000:.1f} ms", status=status)


# WebSockets


def queue_connected(queue: str) -> None:
    voice.info("queue-connected", f"Queue connected for queue {queue}", queue=queue)


def worker_connected(queue: str, concurrency: int) -> None:
    text = f"Worker connected for queue {queue} with concurrency {concurrency}"
    voice.info("worker-connected", text, queue=queue, concurrency=concurrency)


def events_connected(queue: str, events: Sequence[str]) -> None:
    text = f"Queue events connected for queue {queue} with events {','.join(events)}"
    voice.info("events-connected", text, queue=queue, events=list(events))


def subscribing(event: str, queue: str) -> None:
    voice.info("subscribing", f"Subscribing to event: {event}, for queue: {queue}", name=event, queue=queue)


def unsubscribing(event: str, queue: str) -> None:
    voice.info("unsubscribing", f"Unsubscribing from event: {event}, for queue: {queue}", name=event, queue=queue)


def socket_closed(kind: str, queue: str, code: int) -> None:
    """`kind`: `queue`, `worker` or `queue events`."""
    text = f"WebSocket closed for {kind} ({queue}) with code {code}"
    voice.info("socket-closed", text, kind=kind, queue=queue, code=code)


def slow_consumer(kind: str, queue: str) -> None:
    text = f"The client reads too slowly from its {kind} WebSocket ({queue}); closed"
    voice.warning("slow-consumer", text, voice.requests, kind=kind, queue=queue)


# Deliveries


def receiver_disabled(kind: str, receiver: str, why: str) -> None:
    text = f"The {kind} {receiver} is switched off: {why}"
    voice.warning("receiver-disabled", text, kind=kind, receiver=receiver)


def not_sent(delivery: str, why: Exception) -> None:
    text = f"The delivery {delivery} cannot be stored: {_why(why)}"
    voice.error("not-sent", text, voice.trouble, delivery=delivery)


def events_missed(queue: str, ends: int) -> None:
    text = f"Queue {queue}: the engine had dropped events when corral came to them; {ends} jobs that ended are told of"
    voice.warning("events-missed", text, voice.trouble, queue=queue, ends=ends)


# Workers and jobs


def worker_started(queue: str, url: str) -> None:
    voice.info("worker-started", f"Worker started for queue {queue}, calling {_bare_url(url)}", queue=queue)


def worker_stopped(queue: str) -> None:
    voice.info("worker-stopped", f"Worker stopped for queue {queue}", queue=queue)


def bad_record(queue: str, why: Exception) -> None:
    text = f"The stored worker of queue {queue} cannot be used: {_why(why)}"
    voice.error("bad-record", text, voice.jobs, queue=queue)


def job_failed(queue: str, job_id: str, reason: str) -> None:
    voice.debug("job-failed", f"Job {job_id} of queue {queue} failed: {reason}", queue=queue, job=job_id)


def lock_lost(queue: str, job_id: str) -> None:
    text = f"Lost the lock of job {job_id} of queue {queue}; it may run twice"
    voice.warning("lock-lost", text, voice.jobs, queue=queue, job=job_id)


def stalled(queue: str, job_id: str) -> None:
    text = f"Job {job_id} of queue {queue} was stalled: whoever ran it is gone"
    voice.warning("stalled", text, voice.jobs, queue=queue, job=job_id)


def not_stored(queue: str, job_id: str, why: Exception) -> None:
    """A lock that is gone may also mean that the outcome was stored and only the engine's answer was lost."""
    if isinstance(why, LockLost):
        text = f"Job {job_id} of queue {queue} is held no more: its outcome was stored before, or it runs again"
        voice.warning("not-held", text, voice.jobs, queue=queue, job=job_id)
        return
    text = f"The outcome of job {job_id} of queue {queue} could not be stored: {_why(why)}"
    voice.error("not-stored", text, voice.trouble, queue=queue, job=job_id)


def refused(queue: str, why: Exception) -> None:
    """The engine was reached and would not do a worker's bidding, or what it said made no sense."""
    text = f"The worker of queue {queue} has to wait: {_why(why)}"
    voice.error("refused", text, voice.trouble, queue=queue)


def not_advanced(queue: str, job_id: str, why: Exception) -> None:
    text = f"The job after {job_id} of its series in queue {queue} could not be added: {_why(why)}"
    voice.error("not-advanced", text, voice.jobs, queue=queue, job=job_id)


def _why(error: BaseException | str) -> str:
    return error if isinstance(error, str) else str(error) or type(error).__name__


def _ending(code: object) -> str:
    return f"was ended by signal {-code}" if isinstance(code, int) and code < 0 else f"ended with code {code}"


def _bare_path(path: str) -> str:
    return path.partition("?")[0]


def _bare_url(url: str) -> str:
    """Without user, password and query, which may be secrets."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "an address that cannot be read"
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def _plain(detail: Mapping[str, object]) -> dict[str, Any]:
    return {key: value if isinstance(value, int | float) else str(value) for key, value in detail.items()}
