"""A keep-alive HTTP/1.1 client for the calls that run jobs."""

from corral.endpoints.http.errors import CallFailed, CallTimeout
from corral.endpoints.http.limits import Limits
from corral.endpoints.http.pool import HttpPool
from corral.endpoints.http.reply import HttpReply
from corral.endpoints.http.request import Prepared, prepare

__all__ = ["CallFailed", "CallTimeout", "HttpPool", "HttpReply", "Limits", "Prepared", "prepare"]
