"""WebSockets on the HTTP server's port: whole messages in and out, limits, compression, back-pressure."""
