"""`ETag`: an answer that its reader has already is not sent again."""

from corral.policy.etags import etag_of, has_etag
from corral.server.call import Call, Handler
from corral.server.http.message import Response, StreamResponse


def tagged(inner: Handler) -> Handler:
    """The same handler, its 200s with a tag, and 304 in their place for `If-None-Match`."""

    async def handle(call: Call) -> Response | StreamResponse:
        answer = await inner(call)
        if not isinstance(answer, Response) or answer.status != 200:
            return answer
        return with_etag(answer, call.request.headers.get("if-none-match"))

    return handle


def with_etag(answer: Response, known: str | None) -> Response:
    """`known` is the `If-None-Match` of the request."""
    own = next((value for name, value in answer.headers if name == "etag"), None)
    etag = own or etag_of(answer.body)
    headers = answer.headers if own else (*answer.headers, ("etag", etag))
    if known is not None and has_etag(known, etag, weak=True):
        return Response(304, headers=headers)
    return Response(200, answer.body, answer.content_type, headers)
