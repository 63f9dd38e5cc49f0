"""Opens the listening sockets of one address: all interfaces means IPv4 and IPv6 on the same port."""

import errno
import socket

_BACKLOG = 2048
_ATTEMPTS = 8
_NO_IPV6 = (errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL, errno.EPROTONOSUPPORT)


def listen(host: str, port: int, *, reuse_port: bool = False) -> list[socket.socket]:
    """Sockets bound to `host` ("" for every interface), all on one port even when `port` is 0.

    Raises OSError when an address is taken or unknown.
    """
    if not host:
        return [_every_interface(port, reuse_port)]
    for _ in range(_ATTEMPTS if port == 0 else 0):
        try:
            return _each_address(host, port, reuse_port)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
    return _each_address(host, port, reuse_port)


def _every_interface(port: int, reuse_port: bool) -> socket.socket:
    if socket.has_dualstack_ipv6():
        try:
            return socket.create_server(
                ("", port),
                family=socket.AF_INET6,
                dualstack_ipv6=True,
                backlog=_BACKLOG,
                reuse_port=reuse_port,
            )
        except OSError as error:
            if error.errno not in _NO_IPV6:
                raise
    return socket.create_server(("", port), backlog=_BACKLOG, reuse_port=reuse_port)


def _each_address(host: str, port: int, reuse_port: bool) -> list[socket.socket]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    sockets: list[socket.socket] = []
    try:
        for family, address in dict.fromkeys((entry[0], entry[4]) for entry in found):
            if sockets:
                port = sockets[0].getsockname()[1]
            try:
                sockets.append(
                    socket.create_server(
                        (str(address[0]), port), family=family, backlog=_BACKLOG, reuse_port=reuse_port
                    )
                )
            except OSError as error:
                if error.errno not in _NO_IPV6 or family != socket.AF_INET6 or len(found) == 1:
                    raise
    except OSError:
        for opened in sockets:
            opened.close()
        raise
    return sockets
