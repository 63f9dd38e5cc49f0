"""What an HTTP call brings back."""

import msgspec


class HttpReply(msgspec.Struct, frozen=True, gc=False):
    """A whole response. Header names are lower case; of a repeated header the last one counts."""

    status: int
    reason: str
    headers: dict[bytes, bytes]
    body: bytes
