"""The Socket.IO server with the limits that the stock one lacks.

Stock python-socketio keeps a transport open that never joins a namespace or was refused by one, checks a missing origin
as a good one, believes X-Forwarded-Host, and buffers binary attachments.
"""

from __future__ import annotations

import contextlib
import socket
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import socketio
import structlog
from engineio import packet as engine_packet
from socketio import packet
from wsproto.events import Message, Ping, Pong

from helpdesk.core.addresses import network_of
from helpdesk.realtime.connections import Connection
from helpdesk.realtime.rules import NAMESPACE, Allowance, Limits, may_open

log = structlog.get_logger(__name__)

JOINED: dict[str, Any] = {}  # all that is kept of the handshake once it is over
MESSAGE_START = str(engine_packet.MESSAGE)
OWN_EVENTS = frozenset({"connect", "disconnect", "*"})  # names of handlers that the library itself calls
EVENT_TYPES = (packet.CONNECT, packet.DISCONNECT, packet.EVENT)


class QuietLogger:
    """Takes the place of the libraries' loggers: their lines hold payloads, and they format even what nobody reads."""

    level = 50

    def info(self, *_args: object, **_options: object) -> None: ...

    debug = warning = error = info

    def exception(self, message: str, *_args: object, **_options: object) -> None:
        log.warning("socket error", what=message, exc_info=True)


class Refusal:
    """Stands before the socket server and answers 400 to every handshake that `may_open` refuses."""

    def __init__(self, sockets: Any, pages: Any, path: str, public_url: str) -> None:
        self._sockets, self._pages, self._path, self._public_url = sockets, pages, path, public_url

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        path = environ.get("PATH_INFO", "")
        if path != self._path and not path.startswith(self._path + "/"):
            return self._pages(environ, start_response)
        if not may_open(environ, self._public_url):
            body = b"Bad request"
            headers = [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(body)))]
            headers += [("Cache-Control", "no-store"), ("X-Content-Type-Options", "nosniff")]
            headers += [("Content-Security-Policy", "default-src 'none'")]
            start_response("400 Bad Request", headers)
            return [body]
        environ.pop("HTTP_SEC_WEBSOCKET_EXTENSIONS", None)  # no compression: it costs memory and time for each client
        return self._sockets(environ, start_response)


class Waiting:
    """Transports that did not join `/live` yet, by address."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._since: dict[str, tuple[float, str]] = {}
        self._by_address: Counter[str] = Counter()

    def add(self, eio_sid: str, address: str) -> bool:
        """False when the address has too many."""
        if self._by_address[address] >= self._limits.waiting_per_address:
            return False
        self._by_address[address] += 1
        self._since[eio_sid] = (time.monotonic(), address)
        return True

    def remove(self, eio_sid: str) -> None:
        entry = self._since.pop(eio_sid, None)
        if entry is not None:
            self._by_address[entry[1]] -= 1
            if self._by_address[entry[1]] <= 0:
                del self._by_address[entry[1]]

    def overdue(self) -> list[str]:
        end = time.monotonic() - self._limits.join_seconds
        return [eio_sid for eio_sid, (since, _address) in list(self._since.items()) if since <= end]


def count_control_frames(server: Any, allowance: Allowance) -> None:
    """Let this simple_websocket server end when the client sends too many frames that never become a packet."""
    events = server.ws.events

    def counted() -> Iterator[Any]:
        for event in events():
            is_fragment = isinstance(event, Message) and event.frame_finished and not event.message_finished
            if (is_fragment or isinstance(event, Ping | Pong)) and not allowance.take(time.monotonic()):
                raise ConnectionResetError("too many control frames")  # which its reading thread takes for the end
            yield event

    server.ws.events = counted


def closing_websockets(stock: Any, open_sockets: dict[str, Any], limits: Limits) -> type:
    """The WebSocket class of an async mode, with limits of size and number while reading, that can be cut off."""

    class ClosingWebSocket(stock):
        def __init__(self, handler: Any, server: Any) -> None:
            super().__init__(handler, server)
            self.server_args["max_message_size"] = server.max_http_buffer_size
            self._sid = handler.__self__.sid
            self._controls = Allowance(limits.controls_per_minute, time.monotonic())
            self.app = self._begin
            self._handler = handler

        def _begin(self, own: Any) -> Any:
            count_control_frames(self.ws, self._controls)
            return self._handler(own)

        def __call__(self, environ: Any, start_response: Any) -> Any:
            open_sockets[self._sid] = self
            try:
                return super().__call__(environ, start_response)
            finally:
                open_sockets.pop(self._sid, None)

        def wait(self) -> Any:
            """The next packet. Messages are counted where they are understood, all others here."""
            packet = super().wait()
            if isinstance(packet, str) and packet[:1] != MESSAGE_START and not self._controls.take(time.monotonic()):
                self.cut()
                return None
            return packet

        def close(self) -> None:
            try:
                super().close()
            finally:
                self.cut()  # a client that never answers the close frame would keep its thread

        def cut(self) -> None:
            with contextlib.suppress(OSError):
                self.ws.sock.shutdown(socket.SHUT_RDWR)

    return ClosingWebSocket


class GuardedServer(socketio.Server):
    """A python-socketio server that limits, reaps and survives its clients. `on_joined(sid)` is called last."""

    def __init__(self, limits: Limits, **options: Any) -> None:
        super().__init__(**options)
        self.limits = limits
        self.waiting = Waiting(limits)
        self._allowances: dict[str, Allowance] = {}
        self._stock_websockets: dict[str, Any] = {}
        self.on_joined: Any = None
        modes = self.eio._async
        self.eio._async = {**modes, "websocket": closing_websockets(modes["websocket"], self._stock_websockets, limits)}

    def emit_to(self, event: str, payload: Mapping[str, Any], connections: Iterable[Connection]) -> None:
        """Send one event to these sockets of `/live`: encoded once, one call."""
        self.emit(event, payload, to=[connection.sid for connection in connections], namespace=NAMESPACE)

    def drop(self, eio_sid: str) -> None:
        """Close the transport after what is queued, without waiting for it."""
        client = self.eio.sockets.get(eio_sid)
        if client is not None:
            client.close(wait=False)
            self.eio.sockets.pop(eio_sid, None)

    def _send_eio_packet(self, eio_sid: str, eio_pkt: Any) -> None:
        super()._send_eio_packet(eio_sid, eio_pkt)
        stock = self._stock_websockets.get(eio_sid)
        if stock is not None and self.eio.sockets[eio_sid].queue.qsize() > self.limits.queued_frames:
            stock.cut()  # it resyncs when it comes back

    def reap(self) -> int:
        """Close the transports that took too long to join. How many."""
        overdue = self.waiting.overdue()
        for eio_sid in overdue:
            self.waiting.remove(eio_sid)
            self.drop(eio_sid)
        return len(overdue)

    def _handle_eio_connect(self, eio_sid: str, environ: dict[str, Any]) -> bool | None:
        if not self.waiting.add(eio_sid, network_of(environ.get("REMOTE_ADDR"))):
            return False
        super()._handle_eio_connect(eio_sid, environ)
        return None

    def _handle_eio_disconnect(self, eio_sid: str, reason: str) -> None:
        self.waiting.remove(eio_sid)
        self._allowances.pop(eio_sid, None)
        self._binary_packet.pop(eio_sid, None)
        super()._handle_eio_disconnect(eio_sid, reason)

    def _handle_eio_message(self, eio_sid: str, data: Any) -> None:
        """One frame of a client. Whoever sends what the protocol does not allow is cut off, and nobody else notices."""
        allowance = self._allowances.get(eio_sid)
        now = time.monotonic()
        if allowance is None:
            allowance = self._allowances[eio_sid] = Allowance(self.limits.messages_per_minute, now)
        try:
            if not allowance.take(now) or not isinstance(data, str):
                raise ValueError("too many messages" if isinstance(data, str) else "a binary frame")
            if not data or data[0] not in "0123":  # what `EVENT_TYPES` and acknowledgements look like
                raise ValueError("an unknown packet")
            super()._handle_eio_message(eio_sid, data)
        except Exception as error:
            log.info("bad frame", kind=type(error).__name__)
            self.drop(eio_sid)

    def _handle_connect(self, eio_sid: str, namespace: str | None, data: Any) -> None:
        if self.manager.sid_from_eio_sid(eio_sid, NAMESPACE) is not None:
            raise ValueError("it joined before")
        super()._handle_connect(eio_sid, namespace, data)
        sid = self.manager.sid_from_eio_sid(eio_sid, NAMESPACE)
        if sid is None or not self.manager.is_connected(sid, NAMESPACE):
            self.drop(eio_sid)
            return
        self.waiting.remove(eio_sid)
        if eio_sid in self.environ:
            self.environ[eio_sid] = JOINED
        if self.on_joined is not None:
            self.on_joined(sid)

    def _handle_event(self, eio_sid: str, namespace: str | None, id: int | None, data: Any) -> None:
        if data[0] in OWN_EVENTS:
            raise ValueError("an event of the library's own")
        super()._handle_event(eio_sid, namespace, id, data)

    def _handle_disconnect(self, eio_sid: str, namespace: str | None, reason: str | None = None) -> None:
        """A client takes leave. Its transport goes with it: nobody would count it, reap it or end it any more."""
        super()._handle_disconnect(eio_sid, namespace, reason)
        self.drop(eio_sid)
