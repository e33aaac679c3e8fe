"""Taking a connection over from the web server: a WebSocket needs no greenlet of a request to stay open."""

from __future__ import annotations

import _socket
from typing import Any

from gevent import pywsgi

from helpdesk.realtime import wire

UPGRADE = "helpdesk.upgrade"  # the name in the WSGI environment
KERNEL_BYTES = 64 * 1024  # that the kernel keeps of what was sent; by itself it keeps megabytes for a stopped client


class UpgradeHandler(pywsgi.WSGIHandler):
    """pywsgi's handler for servers whose application may take over a connection that asks for WebSocket."""

    def get_environ(self) -> dict[str, Any]:
        environ: dict[str, Any] = super().get_environ()
        if (
            environ.get("HTTP_UPGRADE", "").lower() == "websocket"
            and "upgrade" in environ.get("HTTP_CONNECTION", "").lower()
            and environ.get("HTTP_SEC_WEBSOCKET_VERSION") == "13"
            and environ["SERVER_PROTOCOL"] == "HTTP/1.1"
        ):
            head = wire.accept_head(environ.get("HTTP_SEC_WEBSOCKET_KEY", "").strip())
            if head is not None:
                environ[UPGRADE] = Upgrade(self, head)
        return environ

    def process_result(self) -> None:
        if self.socket is not None:  # else the connection is not ours any more
            super().process_result()


class Upgrade:
    """A connection that the application may take over. `head` accepts the handshake."""

    __slots__ = ("_handler", "head")

    def __init__(self, handler: UpgradeHandler, head: bytes) -> None:
        self._handler, self.head = handler, head

    def take(self) -> _socket.socket:
        """The bare connection, not blocking; pywsgi ends its greenlet without touching it."""
        handler = self._handler
        taken, handler.socket = handler.socket, None
        handler.close_connection = True
        family, kind, protocol = taken.family, taken.type, taken.proto
        bare = _socket.socket(family, kind, protocol, taken.detach())
        bare.setblocking(False)
        if family in (_socket.AF_INET, _socket.AF_INET6):
            bare.setsockopt(_socket.IPPROTO_TCP, _socket.TCP_NODELAY, 1)
            bare.setsockopt(_socket.SOL_SOCKET, _socket.SO_SNDBUF, KERNEL_BYTES)
        return bare
