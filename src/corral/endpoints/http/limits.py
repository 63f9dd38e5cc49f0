"""How much of this machine the HTTP client may use."""

import msgspec

MEGABYTE = 1024 * 1024


class Limits(msgspec.Struct, frozen=True):
    """`connections` are per origin, `body` is in bytes (also after decompression), the rest in seconds.

    `idle` is how long an unused connection is kept, `pause` the longest wait between two pieces of a response
    body, `addresses` how long a resolved host name is believed.
    """

    connections: int = 1000
    body: int = 10 * MEGABYTE
    idle: float = 30.0
    pause: float = 60.0
    addresses: float = 10.0


DEFAULT_LIMITS = Limits()
