"""A person's open page inside the test's own process: a signed-in browser and its socket."""

from __future__ import annotations

from typing import Any

from flask import Flask
from flask.testing import FlaskClient

from helpdesk.accounts.models import User
from helpdesk.realtime.live import live_of
from helpdesk.realtime.rules import NAMESPACE
from tests import factories

Frame = tuple[str, Any]


def look_at_feed(app: Flask) -> None:
    """One round of the feed, as after a poke."""
    live_of(app).follower.poke()
    live_of(app).follower.step()


class Listener:
    """One person with a session. `frames` gives what the socket has received since the last time it was asked."""

    def __init__(self, app: Flask, user: User) -> None:
        self.app, self.user = app, user
        self.client: FlaskClient = app.test_client()
        self.csrf = factories.sign_in(self.client, user)
        self.socket: Any = None

    def move_to(self, app: Flask) -> None:
        """The same browser with its cookies, now served by another process on the same database."""
        name = self.app.config["SESSION_COOKIE_NAME"]
        cookie = self.client.get_cookie(name)
        self.app, self.client = app, app.test_client()
        if cookie is not None:
            self.client.set_cookie(name, cookie.value)

    def connect(self) -> bool:
        """Open the socket as the page does. False when it is refused."""
        name = self.app.config["SESSION_COOKIE_NAME"]
        cookie = self.client.get_cookie(name)
        headers = {"Cookie": f"{name}={cookie.value}"} if cookie else {}
        socketio = self.app.extensions["socketio"]
        self.socket = socketio.test_client(self.app, NAMESPACE, headers=headers, auth={"csrf": self.csrf})
        return self.is_connected

    @property
    def is_connected(self) -> bool:
        return self.socket is not None and bool(self.socket.is_connected(NAMESPACE))

    def disconnect(self) -> None:
        if self.is_connected:
            self.socket.disconnect(NAMESPACE)
        self.socket = None

    def frames(self) -> list[Frame]:
        if self.socket is None:
            return []
        received, self.socket.queue = self.socket.queue, []
        return [(item["name"], item["args"][0]) for item in received]

    def send(self, verb: str, data: Any) -> Any:
        """Send a message over the socket; its acknowledgement."""
        return self.socket.emit(verb, data, namespace=NAMESPACE, callback=True)

    def board(self) -> dict[str, Any]:
        """A fresh `GET /api/v1/me/board`."""
        answer = self.client.get("/api/v1/me/board")
        assert answer.status_code == 200, answer.text
        board: dict[str, Any] = answer.get_json()
        return board
