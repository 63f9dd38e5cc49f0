"""WebSockets on the HTTP server's port: whole messages in and out, limits, compression, back-pressure."""

import corral.server.http  # noqa: F401 - the two packages use each other; this fixes the order of loading
