"""Taking a connection over from the web server: a WebSocket needs no greenlet of a request to stay open."""

from __future__ import annotations

import _socket
from typing import Any

import gevent
from gevent import pywsgi

from helpdesk.realtime import wire

UPGRADE = "helpdesk.upgrade"  # the name in the WSGI environment
SILENT_SECONDS = 75  # without a byte in either direction; proxies keep an idle connection for up to 65
HEAD_SECONDS = 20  # from the first line of a request to the end of its headers
FRAMING = {len(name): name for name in ("host", "content-length", "transfer-encoding")}
PIECE_BYTES = 256 * 1024
KERNEL_BYTES = 64 * 1024  # that the kernel keeps of what was sent; by itself it keeps megabytes for a stopped client


class LimitedHandler(pywsgi.WSGIHandler):
    """pywsgi's handler, which by itself waits for ever for a client that vanished or does not mean to go on."""

    def __init__(self, sock: Any, *arguments: Any) -> None:
        sock.settimeout(SILENT_SECONDS)
        super().__init__(sock, *arguments)

    def read_request(self, raw_requestline: str) -> Any:
        is_good = False  # which is answered 400
        with gevent.Timeout(HEAD_SECONDS, False):
            is_good = super().read_request(raw_requestline)
        return is_good and self._is_read_in_one_way()

    def _is_read_in_one_way(self) -> bool:
        """Not so when a proxy may find another name or another end of the request than we do. Of a length beside
        chunks pywsgi has taken the length away.
        """
        headers = [(name.lower(), value) for name, value in self.headers.items() if len(name) in FRAMING]
        found = [(name, value.strip()) for name, value in headers if FRAMING[len(name)] == name]
        size = dict(found).get("content-length", "0")
        return len(dict(found)) == len(found) and size.isascii() and size.isdigit()

    def _sendall(self, data: bytes) -> None:
        """In pieces: the time without a byte is that of one call, and a large answer may take a slow line longer."""
        for start in range(0, len(data), PIECE_BYTES):
            super()._sendall(data[start : start + PIECE_BYTES] if len(data) > PIECE_BYTES else data)

    def handle_error(self, t: Any, v: Any, tb: Any) -> None:
        if issubclass(t, TimeoutError):  # whoever does not read is no fault of ours
            self.close_connection = True
        else:
            super().handle_error(t, v, tb)

    def _handle_client_error(self, ex: Exception) -> Any:
        """Stock pywsgi prints the traceback of whatever is no ValueError past all logs."""
        return super()._handle_client_error(ex if isinstance(ex, ValueError) else ValueError(f"{ex}"))


class UpgradeHandler(LimitedHandler):
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
