"""How an HTTP call ends without a reply.

CorralError
├── CallTimeout             the response headers did not arrive in time
└── CallFailed              no connection, a broken one, or a response that cannot be read
    └── NoReply             the connection ended before the first byte of the response
"""

from corral.model.errors import CorralError


class CallTimeout(CorralError):
    """The response headers did not arrive within the call's timeout."""

    code = "call-timeout"


class CallFailed(CorralError):
    """The call did not get a whole, readable response; the message is for people."""

    code = "call-failed"


class NoReply(CallFailed):
    """The connection ended before the first byte of the response, so the request may be sent again."""
