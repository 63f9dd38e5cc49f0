"""Where a redirect leads, by the rules of the Fetch standard (HTTP-redirect fetch)."""

from urllib.parse import urljoin

from corral.endpoints.http.errors import CallFailed
from corral.endpoints.http.reply import HttpReply
from corral.endpoints.http.request import Prepared, prepare
from corral.model.errors import InvalidInput

REDIRECTS = frozenset({301, 302, 303, 307, 308})
MAX_HOPS = 5
BODY_HEADERS = {"content-encoding", "content-language", "content-location", "content-type"}
SECRET_HEADERS = {"authorization", "cookie", "host", "proxy-authorization"}


def redirect(request: Prepared, body: bytes, reply: HttpReply) -> tuple[Prepared, bytes] | None:
    """The request to send next, or None when the reply names no place to go.

    A POST becomes a GET without body after 301 and 302, anything but GET after 303. Headers that hold secrets
    stay with the origin they were meant for. Raises CallFailed when the place is not an HTTP URL.
    """
    location = reply.headers.get(b"location")
    if location is None:
        return None
    method, headers = request.method, request.headers
    if _becomes_get(method, reply.status):
        method, headers, body = "GET", _without(headers, BODY_HEADERS), b""
    try:
        url = urljoin(request.url, location.decode("utf-8", "replace"))
        onward = prepare(method, url, headers)
        if onward.origin != request.origin:
            onward = prepare(method, url, _without(headers, SECRET_HEADERS))
    except (InvalidInput, ValueError) as error:
        raise CallFailed(f"cannot follow the redirect: {error}") from None
    return onward, body


def _becomes_get(method: str, status: int) -> bool:
    return method != "GET" if status == 303 else method == "POST" and status < 303


def _without(headers: dict[str, str], names: set[str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name.lower() not in names}
