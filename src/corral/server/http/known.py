"""Requests whose head has come before, byte for byte: what it says is known without parsing it again."""

from corral.server.http.message import Request

_END = b"\r\n\r\n"
_MANY = 256
_LONGEST = 1024
_UNUSUAL = ("transfer-encoding", "expect", "upgrade")


class KnownHeads:
    """The last few hundred heads of everyday requests; those of one client are mostly the same."""

    def __init__(self) -> None:
        self._known: dict[bytes, tuple[Request, int]] = {}

    def request(self, data: bytes) -> Request | None:
        """The request that `data` is, if it is all of one and its head is known."""
        end = data.find(_END) + len(_END)
        known = self._known.get(data[:end])
        if known is None or len(data) != end + known[1]:
            return None
        like = known[0]
        return Request(like.method, like.target, like.headers, data[end:])

    def learn(self, data: bytes, request: Request) -> None:
        """Remember the head of `request`, which was parsed from `data` and nothing else."""
        end = len(data) - len(request.body)
        if end > _LONGEST or data.find(_END) + len(_END) != end or not _is_everyday(request):
            return
        if len(self._known) >= _MANY:
            self._known.clear()
        like = Request(request.method, request.target, request.headers)
        self._known[data[:end]] = like, len(request.body)


def _is_everyday(request: Request) -> bool:
    """Whether it is nothing but its head and a body of the length named there, and leaves the connection as it was."""
    if not request.keep_alive or request.version != "1.1":
        return False
    return not any(name in request.headers for name in _UNUSUAL)
