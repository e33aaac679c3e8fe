"""The fast path of the gevent mode: reaching thousands of screens at nearly the speed of the kernel.

Stock Flask-SocketIO spends its time in one queue hop and one greenlet switch for each client, and its memory in the
stacks of several greenlets per connection. Here a connection is a `DirectSocket`: a file descriptor that the event
loop watches, a reader and, only while the kernel takes no more, a short list of frames. `DirectManager` encodes an
event into one WebSocket frame and hands the same bytes to every receiver. What comes in goes the stock way from
Engine.IO upwards.

    UpgradeHandler  (upgrade.py) pywsgi's request handler: lets the application take the connection over
    DirectEngine    (engine.py) engineio.Server that answers the handshake itself and makes DirectSockets
    DirectSocket    takes the place of engineio.Socket
    DirectManager   (fanout.py) socketio.Manager that writes frames instead of queueing packets

Everything here runs in the greenlets of one thread, but the half of a large `send_to_all` (sending.py);
`DirectManager.emit` moves there when called from elsewhere.
The attributes of the libraries that this relies on are pinned by tests/realtime/test_contract.py.
"""

from __future__ import annotations

import _socket
import contextlib
import time
from collections import deque
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import gevent
import structlog
from engineio import packet as engine_packet
from gevent import get_hub

from helpdesk.realtime import wire
from helpdesk.realtime.rules import Allowance
from helpdesk.realtime.sending import send_to_all

if TYPE_CHECKING:
    from helpdesk.realtime.engine import DirectEngine

log = structlog.get_logger(__name__)

READABLE, WRITABLE = 1, 2
READ_BYTES = 16 * 1024
MESSAGE_START = str(engine_packet.MESSAGE).encode()
CLOSE_FRAMES = wire.text_frame(str(engine_packet.CLOSE)) + wire.close_frame()


class Counts:
    """What happened on the fast path of this process, for the metrics."""

    direct = partial = queued = cut = 0


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
            self._keep_rest(data, sent)
        else:
            Counts.direct += 1

    def _keep_rest(self, data: bytes, sent: int) -> None:
        """The kernel took only so many bytes: the rest goes when it takes more."""
        Counts.partial += 1
        self._waiting = deque((memoryview(data)[sent:],))
        self._waiting_bytes = len(data) - sent
        self._watch_write = get_hub().loop.io(self._sock.fileno(), WRITABLE)
        self._watch_write.start(self._on_writable)

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


def write_to_all(clients: Iterable[DirectSocket], data: bytes) -> None:
    """`write` to each of them: straight where nothing waits, in its order where something does."""
    idle: list[DirectSocket] = []
    for client in clients:
        if client._waiting is None and client._sock is not None:
            idle.append(client)
        else:
            client.write(data)
    short = send_to_all([client._sock for client in idle], data)
    for index, sent in short:
        idle[index]._keep_rest(data, sent)
    Counts.direct += len(idle) - len(short)
