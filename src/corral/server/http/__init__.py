"""A lean HTTP/1.1 server: bytes in, `Request` out; `Response` in, bytes out. It knows no routes."""
