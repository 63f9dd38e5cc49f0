"""Renders response heads, from a cache that lives for one tick of the clock."""

from email.utils import formatdate
from http import HTTPStatus

from corral.server.http.message import Response, StreamResponse

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_MANY = 256


class HeadWriter:
    """Heads for every connection of one server. Call `renew` about once a second: `date` is in there."""

    def __init__(self) -> None:
        self._prefixes: dict[tuple[int, str, str], bytes] = {}
        self._date = ""

    def renew(self) -> None:
        """Take the current date; also what bounds the cache."""
        self._date = formatdate(usegmt=True)
        self._prefixes.clear()

    def whole(self, response: Response, connection: str) -> bytes:
        """The head of a complete response; `connection` is the header's value or ""."""
        head = self._prefix(response.status, response.content_type, connection)
        if response.headers:
            head += _extra(response.headers)
        if response.status == 204 or response.status == 304:
            return head + b"\r\n"
        return b"%bcontent-length: %d\r\n\r\n" % (head, len(response.body))

    def refusal(self, response: Response) -> bytes:
        """All there is to say to a client whose request cannot be read."""
        return self.whole(response, "close") + response.body

    def chunked(self, response: StreamResponse, connection: str) -> bytes:
        """The head of a stream: chunked, or ended by closing when `connection` is "close"."""
        head = self._prefix(response.status, response.content_type, connection) + _extra(response.headers)
        return head + (b"\r\n" if connection == "close" else b"transfer-encoding: chunked\r\n\r\n")

    def _prefix(self, status: int, content_type: str, connection: str) -> bytes:
        key = (status, content_type, connection)
        prefix = self._prefixes.get(key)
        if prefix is None:
            if len(self._prefixes) >= _MANY or not self._date:
                self.renew()
            prefix = self._prefixes[key] = self._render(status, content_type, connection)
        return prefix

    def _render(self, status: int, content_type: str, connection: str) -> bytes:
        headers = [("date", self._date)]
        if content_type and status != 204 and status != 304:
            headers.append(("content-type", content_type))
        if connection:
            headers.append(("connection", connection))
        return f"HTTP/1.1 {status} {reason(status)}\r\n".encode() + _extra(tuple(headers))


def reason(status: int) -> str:
    """The standard phrase of a status, or "Unknown"."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"


def _extra(headers: tuple[tuple[str, str], ...]) -> bytes:
    lines = [f"{name}: {value}" for name, value in headers]
    for line in lines:
        if "\r" in line or "\n" in line or "\0" in line:
            raise ValueError(f"A response header holds a line break: {line!r}")
    return "".join(f"{line}\r\n" for line in lines).encode("latin-1")
