"""The Engine.IO side of the fast path: handshakes that end in DirectSockets, and one heartbeat for all of them."""

from __future__ import annotations

import time
from collections import deque
from typing import Any

import engineio
import gevent
from engineio import packet as engine_packet

from helpdesk.realtime import wire
from helpdesk.realtime.fast import DirectSocket
from helpdesk.realtime.rules import Limits
from helpdesk.realtime.upgrade import UPGRADE, Upgrade

PING_FRAME = wire.text_frame(str(engine_packet.PING))
# Of the handshake only this is kept, as sign-in needs it until the client has joined.
KEPT = (
    "REQUEST_METHOD", "SCRIPT_NAME", "PATH_INFO", "QUERY_STRING", "SERVER_NAME", "SERVER_PORT", "SERVER_PROTOCOL",
    "REMOTE_ADDR", "wsgi.url_scheme", "HTTP_HOST", "HTTP_COOKIE", "HTTP_ORIGIN",
)  # fmt: skip


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
