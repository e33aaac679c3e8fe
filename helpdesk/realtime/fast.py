"""The fast path of the gevent mode: reaching thousands of screens at nearly the speed of the kernel.

Stock Flask-SocketIO spends its time in one queue hop and one greenlet switch for each client, and its memory in the
stacks of several greenlets per connection. Here a connection is a `DirectSocket`: a file descriptor that the event
loop watches, a reader and, only while the kernel takes no more, a short list of frames. `DirectManager` encodes an
event into one WebSocket frame and hands the same bytes to every receiver. What comes in goes the stock way from
Engine.IO upwards.

    UpgradeHandler  pywsgi's request handler: lets the application take the connection over
    DirectEngine    engineio.Server that answers the handshake itself and makes DirectSockets
    DirectSocket    takes the place of engineio.Socket
    DirectManager   (fanout.py) socketio.Manager that writes frames instead of queueing packets

Everything here runs in the greenlets of one thread; `DirectManager.emit` moves there when called from elsewhere.
The attributes of the libraries that this relies on are pinned by tests/realtime/test_contract.py.
"""

from __future__ import annotations

import _socket
import contextlib
import time
from collections import deque
from typing import Any

import engineio
import gevent
import structlog
from engineio import packet as engine_packet
from gevent import get_hub, pywsgi

from helpdesk.realtime import wire
from helpdesk.realtime.rules import Allowance, Limits

log = structlog.get_logger(__name__)

UPGRADE = "helpdesk.upgrade"  # the name in the WSGI environment
READABLE, WRITABLE = 1, 2
READ_BYTES = 16 * 1024
MESSAGE_START = str(engine_packet.MESSAGE).encode()
PING_FRAME = wire.text_frame(str(engine_packet.PING))
CLOSE_FRAMES = wire.text_frame(str(engine_packet.CLOSE)) + wire.close_frame()
# Of the handshake only this is kept, as sign-in needs it until the client has joined.
KEPT = (
    "REQUEST_METHOD", "SCRIPT_NAME", "PATH_INFO", "QUERY_STRING", "SERVER_NAME", "SERVER_PORT", "SERVER_PROTOCOL",
    "REMOTE_ADDR", "wsgi.url_scheme", "HTTP_HOST", "HTTP_COOKIE", "HTTP_ORIGIN",
)  # fmt: skip


class Counts:
    """What happened on the fast path of this process, for the metrics."""

    direct = partial = queued = cut = 0


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
        return bare


class DirectSocket:
    """One client: what `engineio.Socket` is to the stock server, without queue and greenlets.

    There is one ordered way out. While `_waiting` is None the kernel took everything so far and a frame may be written
    straight; otherwise it goes behind those that wait. Who lets more wait than the limits is cut off.
    """

    __slots__ = (
        "_controls", "_inbox", "_reader", "_sock", "_waiting", "_waiting_bytes", "_watch_read", "_watch_write",
        "closed", "closing", "connected", "ping_sent_at", "server", "session", "sid", "upgraded", "upgrading",
    )  # fmt: skip

    def __init__(self, server: DirectEngine, sid: str) -> None:
        self.server, self.sid = server, sid
        self.session: dict[str, Any] = {}
        self.connected = self.upgraded = True  # what engineio asks before it takes further HTTP requests: none here
        self.upgrading = self.closing = self.closed = False
        self.ping_sent_at: float | None = None
        self._sock: Any = None
        self._reader = wire.FrameReader(server.limits.frame_bytes)
        self._controls = Allowance(server.limits.controls_per_minute, time.monotonic())
        self._inbox: deque[str] | None = None
        self._waiting: deque[memoryview | bytes] | None = None
        self._waiting_bytes = 0
        self._watch_read: Any = None
        self._watch_write: Any = None

    def open(self, sock: Any, first: bytes) -> None:
        """Begin: send `first` and watch the connection from the event loop."""
        self._sock = sock
        self._watch_read = get_hub().loop.io(sock.fileno(), READABLE)
        self._watch_read.start(self._on_readable)
        self.write(first)

    # --- out -----------------------------------------------------------------------------------------------------

    def write(self, data: bytes) -> None:
        """Send these whole frames after all earlier ones."""
        if self._sock is None:
            return
        if self._waiting is not None:
            self._wait_in_line(data)
            return
        try:
            sent = self._sock.send(data)
        except BlockingIOError:
            sent = 0
        except OSError:
            return  # the reading side sees it as well and cleans up
        if sent < len(data):
            Counts.partial += 1
            self._waiting = deque((memoryview(data)[sent:],))
            self._waiting_bytes = len(data) - sent
            self._watch_write = get_hub().loop.io(self._sock.fileno(), WRITABLE)
            self._watch_write.start(self._on_writable)
        else:
            Counts.direct += 1

    def _wait_in_line(self, data: bytes) -> None:
        assert self._waiting is not None
        limits = self.server.limits
        if len(self._waiting) >= limits.queued_frames or self._waiting_bytes + len(data) > limits.queued_bytes:
            Counts.cut += 1
            self.cut()  # it resyncs when it comes back
            return
        Counts.queued += 1
        self._waiting.append(data)
        self._waiting_bytes += len(data)

    def _on_writable(self) -> None:
        waiting = self._waiting
        try:
            while waiting:
                sent = self._sock.send(waiting[0])
                self._waiting_bytes -= sent
                if sent < len(waiting[0]):
                    waiting[0] = memoryview(waiting[0])[sent:]
                    return
                waiting.popleft()
        except BlockingIOError:
            return
        except OSError:
            pass
        self._forget_waiting()

    def _forget_waiting(self) -> None:
        self._waiting, self._waiting_bytes = None, 0
        if self._watch_write is not None:
            self._watch_write.stop()
            self._watch_write.close()
            self._watch_write = None

    def cut(self) -> None:
        """End the connection at once without a word. The rest follows from the event loop."""
        if self._sock is not None:
            self._waiting, self._waiting_bytes = deque(), 0  # nothing is written any more, the memory is free
            with contextlib.suppress(OSError):
                self._sock.shutdown(_socket.SHUT_RDWR)

    # --- in ------------------------------------------------------------------------------------------------------

    def _on_readable(self) -> None:
        """Called by the event loop, which nothing may break: whatever goes wrong ends this connection only."""
        try:
            data = self._sock.recv(READ_BYTES)
            if not data:
                raise wire.BadStream("the end")
            for opcode, payload in self._reader.feed(data):
                self._take(opcode, payload)
        except BlockingIOError:
            return
        except Exception:
            self._gone()

    def _take(self, opcode: int, payload: bytes) -> None:
        """One frame. Messages are counted where they are understood, everything else here. Raises BadStream."""
        if (opcode != wire.TEXT or payload[:1] != MESSAGE_START) and not self._controls.take(time.monotonic()):
            raise wire.BadStream("too many pings and pongs")
        if opcode == wire.TEXT:
            text = payload.decode()
            if text == "3":  # a pong, by far the most common
                self.ping_sent_at = None
                return
            if self._inbox is None:
                self._inbox = deque()
                gevent.spawn(self._drain)
            self._inbox.append(text)
            if len(self._inbox) > self.server.limits.messages_per_minute:
                raise wire.BadStream("too many messages")
        elif opcode == wire.PING:
            self.write(wire.frame(wire.PONG, payload))
        elif opcode == wire.CLOSE:
            self.write(wire.close_frame())
            raise wire.BadStream("closed by the client")
        elif opcode == wire.BINARY:
            raise wire.BadStream("no message of ours is binary")

    def _drain(self) -> None:
        """The messages of one client one after the other, in a greenlet that lives only while there are some."""
        try:
            while self._inbox and not self.closed:
                self.receive(engine_packet.Packet(encoded_packet=self._inbox.popleft()))
        except Exception as error:
            log.info("bad packet", kind=type(error).__name__)
            self.cut()
        finally:
            self._inbox = None

    def receive(self, packet: Any) -> None:
        """One Engine.IO packet of the client. Raises for one that it may not send."""
        if packet.packet_type == engine_packet.MESSAGE:
            self.server._trigger_event("message", self.sid, packet.data, run_async=False)
        elif packet.packet_type == engine_packet.CLOSE:
            self.close(reason=self.server.reason.CLIENT_DISCONNECT)
        elif packet.packet_type != engine_packet.PONG:
            raise wire.BadStream("a packet that clients do not send")

    def _gone(self) -> None:
        """The connection has ended: let go of it now, tell the rest in a greenlet of its own."""
        if self._watch_read is None:
            return
        self._watch_read.stop()
        self._watch_read.close()
        self._watch_read = None
        self._forget_waiting()
        sock, self._sock = self._sock, None
        sock.close()
        gevent.spawn(self.close, reason=self.server.reason.TRANSPORT_CLOSE)

    # --- what engineio.Server calls ------------------------------------------------------------------------------

    def send(self, packet: Any) -> None:
        if not self.closed:
            data = packet.encode()
            self.write(wire.text_frame(data) if isinstance(data, str) else wire.frame(wire.BINARY, data))

    def close(self, wait: bool = True, abort: bool = False, reason: str | None = None) -> None:
        """Tell the application, then the client, then end the connection. Does nothing the second time."""
        if self.closed or self.closing:
            return
        self.closing = True
        self.server._trigger_event(
            "disconnect", self.sid, reason or self.server.reason.SERVER_DISCONNECT, run_async=False
        )
        if not abort:
            self.write(CLOSE_FRAMES)
        self.closed = True
        self.server.sockets.pop(self.sid, None)
        if self._sock is not None:
            self.cut()

    def check_ping_timeout(self) -> bool:
        return True  # the heartbeat of the engine does this


class DirectEngine(engineio.Server):
    """An Engine.IO server whose WebSocket connections are DirectSockets, under `UpgradeHandler`; else a stock one."""

    limits = Limits()

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._pings: deque[tuple[float, DirectSocket]] = deque()
        self._pinger: Any = None

    def _handle_connect(
        self, environ: dict[str, Any], start_response: Any, transport: str, jsonp_index: int | None = None
    ) -> Any:
        upgrade: Upgrade | None = environ.pop(UPGRADE, None)
        if upgrade is None:
            return super()._handle_connect(environ, start_response, transport, jsonp_index)
        sid = self.generate_id()
        kept = {name: environ[name] for name in KEPT if name in environ}
        client = self.sockets[sid] = DirectSocket(self, sid)
        if self._trigger_event("connect", sid, kept, run_async=False) is False:
            del self.sockets[sid]
            return self._unauthorized()
        first = engine_packet.Packet(
            engine_packet.OPEN,
            {
                "sid": sid,
                "upgrades": [],
                "pingTimeout": int(self.ping_timeout * 1000),
                "pingInterval": int(self.ping_interval * 1000),
                "maxPayload": self.max_http_buffer_size,
            },
        )
        client.open(upgrade.take(), upgrade.head + wire.text_frame(first.encode()))
        self._pings.append((time.monotonic() + self.ping_interval, client))
        if self._pinger is None:
            self._pinger = gevent.spawn(self._ping)
        return []

    def _ping(self) -> None:
        """Ping everybody in turn, and let go of those who did not answer the last one."""
        while True:
            gevent.sleep(0.25)
            now = time.monotonic()
            while self._pings and self._pings[0][0] <= now:
                _due, client = self._pings.popleft()
                if client.closed:
                    continue
                if client.ping_sent_at is None:
                    client.ping_sent_at = now
                    client.write(PING_FRAME)
                    self._pings.append((now + self.ping_interval, client))
                elif now - client.ping_sent_at >= self.ping_timeout:
                    gevent.spawn(client.close, reason=self.reason.PING_TIMEOUT)
                else:
                    self._pings.append((now + self.ping_interval, client))
