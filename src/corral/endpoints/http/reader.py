"""Reading one response after the other from the bytes of a connection."""

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

from corral.endpoints.http.errors import CallFailed
from corral.endpoints.http.reply import HttpReply


class ResponseReader:
    """Fed with what a connection brings. Interim responses (1xx) are skipped; `limit` is bytes of body.

    `begun` is true from the first byte of a response, `has_headers` once its headers are complete, and
    `reusable` tells after a reply whether the connection may carry another call.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._reason: list[bytes] = []
        self._fields: dict[bytes, bytes] = {}
        self._pieces: list[bytes] = []
        # The parser calls these straight: no Python frame for each header and each piece of a body.
        self.on_status = self._reason.append
        self.on_header = self._fields.__setitem__
        self.on_body = self._pieces.append
        self._parser = HttpResponseParser(self)
        self._headers: dict[bytes, bytes] | None = None
        self._reply: HttpReply | None = None
        self._received = 0
        self.reusable = False

    def begin(self) -> None:
        """Expect the response to a new request."""
        self._reply = None
        self._received = 0
        self._clear()

    @property
    def begun(self) -> bool:
        return self._received > 0

    @property
    def has_headers(self) -> bool:
        return self._headers is not None

    def feed(self, data: bytes) -> HttpReply | None:
        """The reply once it is whole. Raises CallFailed for what is not HTTP, or too much of it."""
        self._received += len(data)
        try:
            self._parser.feed_data(data)
        except HttpParserUpgrade:
            raise CallFailed("the server switched to another protocol") from None
        except HttpParserError as error:
            self.reusable = False
            if self._reply is None:
                raise CallFailed(f"the response is not valid HTTP: {error}") from None
        if self._received > self._limit:
            self._check_size()
        return self._reply

    def end(self) -> HttpReply | None:
        """The connection has ended: the reply, when its body was to last until then."""
        headers = self._headers
        if headers is None or b"content-length" in headers:
            return None
        if b"chunked" in headers.get(b"transfer-encoding", b"").lower():
            return None
        return self._make_reply(headers)

    def on_message_begin(self) -> None:
        if self._reply is not None:
            self.reusable = False

    def on_headers_complete(self) -> None:
        self._headers = {name.lower(): value for name, value in self._fields.items()}
        self.reusable = self._reply is None and self._parser.should_keep_alive()

    def on_message_complete(self) -> None:
        if self._reply is not None:
            return
        if self._parser.get_status_code() < 200:
            self._clear()
        elif self._headers is not None:
            self._reply = self._make_reply(self._headers)

    def _make_reply(self, headers: dict[bytes, bytes]) -> HttpReply:
        reason = b"".join(self._reason).decode("latin-1").strip()
        return HttpReply(self._parser.get_status_code(), reason, headers, b"".join(self._pieces))

    def _clear(self) -> None:
        self._headers = None
        self.reusable = False
        self._reason.clear()
        self._fields.clear()
        self._pieces.clear()

    def _check_size(self) -> None:
        """The framing counts too, under the same limit, so that endless headers end as well."""
        body = sum(map(len, self._pieces))
        if max(body, self._received - body) > self._limit:
            raise CallFailed(f"the response is larger than {self._limit} bytes")
