"""Raw Socket.IO clients over WebSocket, that see every frame and may break every rule."""

from __future__ import annotations

import json
import time
from typing import Any

import websocket

QUERY = "/socket.io/?EIO=4&transport=websocket"


class Wire:
    """One WebSocket to a running server. Frames are read only when asked for."""

    def __init__(
        self,
        url: str,
        *,
        cookie: str | None = None,
        origin: str | None = "",
        query: str = QUERY,
        host: str | None = None,
        **headers: str,
    ) -> None:
        self.socket = websocket.create_connection(
            url.replace("http://", "ws://") + query,
            timeout=10,
            cookie=cookie,
            host=host,
            origin=url if origin == "" else origin,
            suppress_origin=origin is None,
            header=[f"{name.replace('_', '-')}: {value}" for name, value in headers.items()],
        )
        self.acknowledged = 0
        self._was_asked = False

    def join(self, csrf: str | None) -> str:
        """Ask for `/live`. The answer's frame: "40/live,{…}" when accepted, "44/live,…" when not."""
        assert self.read().startswith("0")
        self.write("40/live," + (json.dumps({"csrf": csrf}) if csrf is not None else ""))
        return self.read()

    def write(self, text: str) -> None:
        self.socket.send(text)

    def read(self, timeout: float = 10) -> str:
        """The next text frame, pings answered. "" when the server has closed."""
        self.socket.settimeout(timeout)
        while True:
            try:
                text = self.socket.recv()
            except (websocket.WebSocketConnectionClosedException, ConnectionError):
                return ""
            if text != "2":
                return str(text)
            self.socket.send("3")

    def event(self, timeout: float = 10) -> tuple[str, Any]:
        """The next event as (name, payload); heartbeats, which come at any time, are left out."""
        text = self.read(timeout)
        while text.startswith('42/live,["tick"'):
            text = self.read(timeout)
        assert text.startswith("42/live,"), text
        name, payload = json.loads(text.removeprefix("42/live,"))
        return name, payload

    def ask(self, verb: str, data: Any) -> Any:
        """Send a message and give its acknowledgement; events that come before it are dropped."""
        self.acknowledged += 1
        start = f"43/live,{self.acknowledged}"
        self.write(f"42/live,{self.acknowledged}{json.dumps([verb, data])}")
        while not (text := self.read()).startswith(start):
            assert text, "closed"
        return json.loads(text.removeprefix(start))[0]

    def once(self) -> bool:
        """True the first time."""
        first, self._was_asked = not self._was_asked, True
        return first

    def is_closed(self, within: float = 10) -> bool:
        """Whether the server closes within that time; frames that come before are dropped."""
        end = time.monotonic() + within
        try:
            while (left := end - time.monotonic()) > 0:
                if self.read(left) == "":
                    return True
        except websocket.WebSocketTimeoutException:
            pass
        return False

    def close(self) -> None:
        self.socket.shutdown()  # without the closing handshake, which some tests leave no room for
