"""What stays open of a caller's: it ends when the key does, or when what the key may is changed."""

from collections.abc import AsyncIterator
from typing import Any

from corral.policy.access import Caller
from corral.server.authority import Authority
from corral.server.http.message import Session, Socket, StreamResponse

_BAD_AUTHENTICATION = 4000
_ENDED = "Invalid authentication"


class Sessions:
    """The open WebSockets of applications."""

    def __init__(self, authority: Authority) -> None:
        self._authority = authority
        self._open: set[_Watched] = set()

    def watched(self, session: Session, caller: Caller) -> Session:
        """The same session, for as long as the caller is who it was."""
        return session if caller.key is None else _Watched(session, caller, self._open)

    def streamed(self, answer: StreamResponse, caller: Caller) -> StreamResponse:
        """The same for an answer without end."""
        chunks = self._while_valid(answer.chunks, caller)
        return StreamResponse(answer.status, answer.content_type, answer.headers, chunks, answer.endless)

    def sweep(self) -> None:
        """Close those whose key has ended."""
        for session in [one for one in self._open if not self._authority.still(one.caller)]:
            session.end()

    async def _while_valid(self, chunks: AsyncIterator[bytes], caller: Caller) -> AsyncIterator[bytes]:
        try:
            async for chunk in chunks:
                if not self._authority.still(caller):
                    return
                yield chunk
        finally:
            await chunks.aclose()  # type: ignore[attr-defined]


class _Watched:
    """Hands everything on; methods that a session may lack are asked of the inner one."""

    def __init__(self, inner: Session, caller: Caller, open: "set[_Watched]") -> None:
        self.caller = caller
        self._inner = inner
        self._open = open
        self._socket: Socket | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def opened(self, socket: Socket) -> None:
        self._socket = socket
        self._open.add(self)
        self._inner.opened(socket)

    def received(self, message: bytes) -> None:
        self._inner.received(message)

    def closed(self, code: int) -> None:
        self._open.discard(self)
        self._inner.closed(code)

    def writable(self) -> None:
        heard = getattr(self._inner, "writable", None)
        if heard is not None:
            heard()

    def end(self) -> None:
        self._open.discard(self)
        if self._socket is not None:
            self._socket.close(_BAD_AUTHENTICATION, _ENDED)
