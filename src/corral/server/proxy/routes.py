"""bullmq-proxy's HTTP routes: decode, call one operation, encode."""

from urllib.parse import parse_qs

from corral.operations import jobs, workers
from corral.operations.operation import Permission
from corral.policy.job_bodies import parse_jobs
from corral.policy.names import check_queue_name, decode_segment
from corral.policy.paging import parse_log_range, parse_page, parse_statuses
from corral.policy.worker_bodies import parse_endpoint, parse_worker
from corral.server.call import OK, Access, Call, Route, as_json
from corral.server.http.message import Response


async def add_jobs(call: Call) -> Response:
    """POST /queues/:queueName/jobs"""
    queue = _queue(call)
    return as_json(call, await jobs.add_jobs(call.services, queue, parse_jobs(call.request.body)))


async def get_jobs(call: Call) -> Response:
    """GET /queues/:queueName/jobs"""
    queue = _queue(call)
    query = _query(call)
    page = parse_page(query.get("start"), query.get("length"))
    states = parse_statuses(query.get("statuses"))
    return as_json(call, await jobs.list_jobs(call.services, queue, states, page))


async def get_job(call: Call) -> Response:
    """GET /queues/:queueName/jobs/:jobId"""
    queue = _queue(call)
    return as_json(call, await jobs.get_job(call.services, queue, decode_segment(call.params[1])))


async def set_progress(call: Call) -> Response:
    """POST /queues/:queueName/jobs/:jobId/progress"""
    queue = _queue(call)
    await jobs.set_progress(call.services, queue, decode_segment(call.params[1]), call.request.body)
    return OK


async def add_log(call: Call) -> Response:
    """POST /queues/:queueName/jobs/:jobId/logs"""
    queue = _queue(call)
    row = jobs.check_json(call.request.body)
    await jobs.add_log(call.services, queue, decode_segment(call.params[1]), row)
    return OK


async def get_logs(call: Call) -> Response:
    """GET /queues/:queueName/jobs/:jobId/logs"""
    queue = _queue(call)
    query = _query(call)
    rows = parse_log_range(query.get("start"), query.get("length"), query.get("end"))
    return as_json(call, await jobs.get_logs(call.services, queue, decode_segment(call.params[1]), rows))


async def register_worker(call: Call) -> Response:
    """POST /workers"""
    limits = call.services.names
    await workers.register_worker(call.services, parse_worker(call.request.body, limits.min, limits.max))
    return OK


async def register_endpoint(call: Call) -> Response:
    """POST /endpoints/:queueName"""
    limits = call.services.names
    endpoint = parse_endpoint(decode_segment(call.params[0]), call.request.body, limits.min, limits.max)
    await workers.register_worker(call.services, endpoint)
    return OK


async def list_workers(call: Call) -> Response:
    """GET /workers, GET /endpoints"""
    return as_json(call, await workers.list_workers(call.services))


async def remove_worker(call: Call) -> Response:
    """DELETE /workers/:queueName, DELETE /endpoints/:queueName"""
    await workers.remove_worker(call.services, decode_segment(call.params[0]))
    return OK


ROUTES = (
    Route("POST", "/queues/:queueName/jobs", Access.TOKEN, add_jobs, taskless=True, permission=Permission.ENQUEUE),
    Route("GET", "/queues/:queueName/jobs", Access.TOKEN, get_jobs, permission=Permission.READ),
    Route("GET", "/queues/:queueName/jobs/:jobId", Access.TOKEN, get_job, permission=Permission.READ),
    Route("POST", "/queues/:queueName/jobs/:jobId/progress", Access.LOCK, set_progress),
    Route("POST", "/queues/:queueName/jobs/:jobId/logs", Access.LOCK, add_log),
    Route("GET", "/queues/:queueName/jobs/:jobId/logs", Access.TOKEN, get_logs, permission=Permission.READ),
    Route("POST", "/workers", Access.TOKEN, register_worker, permission=Permission.MANAGE),
    Route("GET", "/workers", Access.TOKEN, list_workers, permission=Permission.READ),
    Route("DELETE", "/workers/:queueName", Access.TOKEN, remove_worker, permission=Permission.MANAGE),
    Route("POST", "/endpoints/:queueName", Access.TOKEN, register_endpoint, permission=Permission.MANAGE),
    Route("GET", "/endpoints", Access.TOKEN, list_workers, permission=Permission.READ),
    Route("DELETE", "/endpoints/:queueName", Access.TOKEN, remove_worker, permission=Permission.MANAGE),
)


def _queue(call: Call) -> str:
    limits = call.services.names
    queue = decode_segment(call.params[0])
    check_queue_name(queue, limits.min, limits.max)
    return queue


def _query(call: Call) -> dict[str, str]:
    """The first value of each parameter, as the original takes it."""
    query = call.request.query
    return {name: values[0] for name, values in parse_qs(query, keep_blank_values=True).items()} if query else {}
