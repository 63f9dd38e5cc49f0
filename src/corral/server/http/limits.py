"""Every limit and time-out of the server, in bytes and seconds."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """What one client may use. All hold per connection."""

    body: int = 10_000_000
    head: int = 64 * 1024
    pipeline: int = 16
    request_timeout: float = 30.0
    idle_timeout: float = 75.0
    write_timeout: float = 60.0
    linger: float = 2.0
    message: int = 16 * 1024 * 1024
    buffered: int = 8 * 1024 * 1024
    ping_idle: float = 20.0
    ping_timeout: float = 20.0
    close_timeout: float = 5.0
    compression: bool = True
