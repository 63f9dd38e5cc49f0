"""Running a job by calling the endpoint that is registered for its queue (bullmq-proxy's wire form)."""

import msgspec

from corral.endpoints.http import CallFailed, CallTimeout, HttpPool, HttpReply, Prepared, prepare
from corral.model.endpoint import Endpoint, Target
from corral.model.errors import InvalidInput
from corral.model.job import ClaimedJob
from corral.model.outcome import Completed, Failed, Outcome

DEFAULT_TIMEOUT_MS = 3000
TIMED_OUT = "The operation was aborted."
"""bullmq-proxy's own wording, which clients match."""

BOM = b"\xef\xbb\xbf"
WHITESPACE = b" \t\r\n"

encoder = msgspec.json.Encoder()
syntax = msgspec.json.Decoder(msgspec.Raw)


class EndpointCaller:
    """The runner of one endpoint: `await caller(claimed)` is the outcome of the job. It does not raise.

    `timeout` is seconds until the response headers.
    """

    def __init__(self, endpoint: Endpoint, pool: HttpPool) -> None:
        self._pool = pool
        self.timeout = (endpoint.endpoint.timeout or DEFAULT_TIMEOUT_MS) / 1000
        self._request = prepare_target(endpoint.endpoint)

    async def __call__(self, claimed: ClaimedJob) -> Outcome:
        if isinstance(self._request, Failed):
            return self._request
        try:
            reply = await self._pool.send(self._request, encode_call(claimed), self.timeout)
        except CallTimeout:
            return Failed(TIMED_OUT)
        except CallFailed as error:
            return Failed(str(error))
        return judge_reply(reply)


def encode_call(claimed: ClaimedJob) -> bytes:
    """The body of the call: the job with its lock token, and the token once more beside it."""
    token = encoder.encode(claimed.token)
    job = encoder.encode(claimed.job)
    if claimed.job.token is msgspec.UNSET:
        return b'{"job":%b,"token":%b},"token":%b}' % (job[:-1], token, token)
    return b'{"job":%b,"token":%b}' % (job, token)


def judge_reply(reply: HttpReply) -> Outcome:
    """What an endpoint's reply makes of the job: any 2xx completes it, anything else fails it."""
    if not 200 <= reply.status < 300:
        return Failed(reply.reason or f"HTTP {reply.status}")
    body = reply.body.removeprefix(BOM)
    if b"application/json" not in reply.headers.get(b"content-type", b"").lower():
        return Completed(encoder.encode(body.decode("utf-8", "replace")))
    return _judge_json(body.strip(WHITESPACE))


def _judge_json(body: bytes) -> Outcome:
    if not body:
        return Failed("Unexpected end of JSON input")
    try:
        syntax.decode(body)
        if not body.isascii():
            body.decode("utf-8")
    except msgspec.DecodeError as error:
        return Failed(str(error))
    except UnicodeDecodeError as error:
        return Failed(f"JSON is not valid UTF-8: invalid byte at {error.start}")
    except RecursionError:
        return Failed("JSON is nested too deeply")
    return Completed(body)


def prepare_target(target: Target) -> Prepared | Failed:
    """A stored record may hold what cannot be sent: then each of its jobs fails with the reason."""
    headers = target.headers
    if not any(name.lower() == "content-type" for name in headers):
        headers = {**headers, "content-type": "application/json"}
    try:
        return prepare(target.method.upper(), target.url, headers)
    except InvalidInput as error:
        return Failed(str(error))
