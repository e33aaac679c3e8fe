"""What the live channel relies on inside its libraries.

If one of these fails after an upgrade, read fast.py, engine.py and upgrade.py again.
"""

from __future__ import annotations

import inspect
from importlib.metadata import version

import engineio
import engineio.socket
import flask_socketio
import pytest
import simple_websocket.ws
import socketio
import socketio.base_manager
from gevent import pywsgi

from helpdesk.realtime.fast import DirectSocket


@pytest.mark.parametrize(
    ("package", "known"),
    [
        ("python-engineio", "4.15."),
        ("python-socketio", "5.18."),
        ("Flask-SocketIO", "5.7."),
        ("simple-websocket", "1.1."),
        ("gevent", "26.9."),
    ],
)
def test_the_versions_are_those_that_were_read(package: str, known: str) -> None:
    assert version(package).startswith(known), f"{package} changed: check what this file names, then raise the number"


@pytest.mark.parametrize(
    ("function", "arguments"),
    [
        (engineio.Server._handle_connect, ["self", "environ", "start_response", "transport", "jsonp_index"]),
        (engineio.Server._trigger_event, ["self", "event", "args", "kwargs"]),
        (engineio.Server._unauthorized, ["self", "message"]),
        (engineio.Server.send_packet, ["self", "sid", "pkt"]),
        (engineio.socket.Socket.send, ["self", "pkt"]),
        (engineio.socket.Socket.close, ["self", "wait", "abort", "reason"]),
        (socketio.Server._engineio_server_class, ["self"]),
        (socketio.Server._handle_connect, ["self", "eio_sid", "namespace", "data"]),
        (socketio.Server._handle_eio_connect, ["self", "eio_sid", "environ"]),
        (socketio.Server._handle_eio_message, ["self", "eio_sid", "data"]),
        (socketio.Server._handle_eio_disconnect, ["self", "eio_sid", "reason"]),
        (socketio.Server._handle_event, ["self", "eio_sid", "namespace", "id", "data"]),
        (socketio.Server._handle_disconnect, ["self", "eio_sid", "namespace", "reason"]),
        (socketio.Server._send_eio_packet, ["self", "eio_sid", "eio_pkt"]),
        (
            socketio.Manager.emit,
            ["self", "event", "data", "namespace", "room", "skip_sid", "callback", "to", "kwargs"],
        ),
        (socketio.base_manager.BaseManager.basic_enter_room, ["self", "sid", "namespace", "room", "eio_sid"]),
        (socketio.base_manager.BaseManager.basic_leave_room, ["self", "sid", "namespace", "room"]),
        (socketio.base_manager.BaseManager.basic_disconnect, ["self", "sid", "namespace", "kwargs"]),
        (pywsgi.WSGIHandler.get_environ, ["self"]),
        (pywsgi.WSGIHandler.process_result, ["self"]),
        (pywsgi.WSGIHandler.__init__, ["self", "sock", "address", "server", "rfile"]),
        (pywsgi.WSGIHandler.read_request, ["self", "raw_requestline"]),
        (pywsgi.WSGIHandler._sendall, ["self", "data"]),
        (pywsgi.WSGIHandler.handle_error, ["self", "t", "v", "tb"]),
        (pywsgi.WSGIHandler._handle_client_error, ["self", "ex"]),
    ],
)
def test_what_is_called_or_overridden_has_the_same_arguments(function: object, arguments: list[str]) -> None:
    assert list(inspect.signature(function).parameters) == arguments  # type: ignore[arg-type]


def test_a_direct_socket_has_what_the_engine_asks_of_a_socket() -> None:
    asked = {"closed", "connected", "upgraded", "upgrading", "session", "sid", "send", "close", "check_ping_timeout"}
    assert asked <= set(dir(DirectSocket))
    source = inspect.getsource(engineio.Server) + inspect.getsource(socketio.Server)
    for name in ("handle_get_request", "handle_post_request", "schedule_ping", "poll"):
        assert f"{name}(" in source or name == "poll", f"{name} is not asked any more"
    assert "s = socket.Socket(self, sid)" in source, "the engine makes its sockets in another way"


def test_a_handler_whose_connection_was_taken_leaves_it_alone() -> None:
    handle = inspect.getsource(pywsgi.WSGIHandler.handle)
    assert "while self.socket is not None" in handle
    assert "if self.socket is not None" in handle
    assert "self.process_result()" in inspect.getsource(pywsgi.WSGIHandler.run_application)


def test_rooms_and_pending_ones_are_kept_as_they_were() -> None:
    manager = socketio.Manager()
    assert manager.rooms == manager.callbacks == manager.pending_connect == manager.pending_disconnect == {}
    source = inspect.getsource(socketio.base_manager.BaseManager)
    assert "self.rooms[namespace][None]._invm[eio_sid]" in source
    assert "._fwdm" in source


def test_the_reading_thread_of_a_websocket_ends_when_its_events_do() -> None:
    thread = inspect.getsource(simple_websocket.ws.Base._thread)
    assert "except (OSError, ConnectionResetError," in thread
    assert "self._handle_events()" in thread
    assert "for event in self.ws.events():" in inspect.getsource(simple_websocket.ws.Base._handle_events)


def test_flask_socketio_is_only_a_shell_around_our_server() -> None:
    source = inspect.getsource(flask_socketio.SocketIO)
    assert "self.server = socketio.Server(**self.server_options)" in source
    assert "app.extensions['socketio'] = self" in source
