"""A service on this machine that takes Apprise's json:// messages, or refuses them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import pytest


class Receiver(HTTPServer):
    """Keeps what it takes in `messages`; answers with `status`."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.messages: list[dict[str, Any]] = []
        self.status = 200

    @property
    def address(self) -> str:
        """With a secret in its path, as those of chat services have."""
        return f"json://127.0.0.1:{self.server_port}/hooks/s3cr3t-of-the-hook"


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.server.status == 200:
            self.server.messages.append(body)
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, *_arguments: Any) -> None:
        """Says nothing."""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """One that runs during the test."""
    found = Receiver()
    Thread(target=found.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield found
    finally:
        found.shutdown()
        found.server_close()
