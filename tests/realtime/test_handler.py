"""The handler of a connection, on a server of gevent's own in this process: whom it waits for, and what it says."""

from __future__ import annotations

import traceback
from contextlib import suppress
from typing import Any

import gevent
import pytest
from gevent import pywsgi, socket

from helpdesk.realtime import upgrade

HEAD = b"Host: localhost\r\n"
READ: list[str] = []
LARGE = 40_000_000  # more than the kernel keeps


def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    try:
        READ.append(f"{len(environ['wsgi.input'].read())} bytes")
    except OSError as error:
        READ.append(type(error).__name__)
    body = b"x" * LARGE if environ["PATH_INFO"] == "/large" else b"ok"
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the server says about its clients. Tracebacks that are printed are among it."""
    said: list[str] = []
    monkeypatch.setattr(upgrade, "SILENT_SECONDS", 0.2)
    monkeypatch.setattr(upgrade, "HEAD_SECONDS", 0.1)
    monkeypatch.setattr(traceback, "print_exc", lambda *_arguments, **_options: said.append("a traceback"))
    READ.clear()
    return said


def talk(said: list[str], *parts: bytes, pause: float = 0.0) -> bytes:
    """All that the server answers until it closes. Waits for five seconds at most."""

    class Log:
        def write(self, text: str) -> None:
            said.append(text)

    server = pywsgi.WSGIServer(
        ("127.0.0.1", 0), application, log=None, error_log=Log(), handler_class=upgrade.UpgradeHandler
    )
    server.start()
    try:
        with gevent.Timeout(5), socket.create_connection(("127.0.0.1", server.server_port)) as client:
            answer = b""
            with suppress(OSError):  # the server may have ended it
                for part in parts:
                    client.sendall(part)
                    gevent.sleep(pause)
                while part := client.recv(1_000_000):
                    answer += part
                    gevent.sleep(pause)
            return answer
    finally:
        server.stop()


def test_a_client_that_says_nothing_more_is_let_go(said: list[str]) -> None:
    assert talk(said) == b""
    assert talk(said, b"GET / HT") == b""
    assert talk(said, b"GET / HTTP/1.1\r\n" + HEAD).startswith(b"HTTP/1.1 400")
    assert READ == []
    answer = talk(said, b"GET / HTTP/1.1\r\n" + HEAD + b"\r\n")
    assert answer.startswith(b"HTTP/1.1 200"), "answered, and then closed"
    assert answer.endswith(b"ok")
    assert talk(said, b"POST / HTTP/1.1\r\n" + HEAD + b"Content-Length: 9\r\n\r\nab").startswith(b"HTTP/1.1 200")
    assert READ == ["0 bytes", "TimeoutError"]
    assert "a traceback" not in said


def test_headers_that_come_drop_by_drop_end_at_some_time(said: list[str]) -> None:
    drops = [b"GET / HTTP/1.1\r\n", *(b"X-%d: a\r\n" % number for number in range(4))]
    talk(said, *drops, *[b"X: a\r\n"] * 40, b"\r\n", pause=0.02)
    assert READ == []


def test_a_bad_request_is_said_in_one_line(said: list[str]) -> None:
    many = b"".join(b"X-%d: a\r\n" % number for number in range(101))
    assert talk(said, b"GET / HTTP/1.1\r\n" + many + b"\r\n").startswith(b"HTTP/1.1 400")
    assert "a traceback" not in said
    assert any("more than 100 headers" in line for line in said)


def test_a_large_answer_may_take_a_slow_line_longer(said: list[str]) -> None:
    request = b"GET /large HTTP/1.1\r\nConnection: close\r\n" + HEAD + b"\r\n"
    assert talk(said, request, pause=0.005).endswith(b"x" * LARGE)


@pytest.mark.parametrize(
    ("headers", "is_taken"),
    [
        (b"Content-Length: 2", True),
        (b"Transfer-Encoding: chunked", True),
        (b"Content-Length: 2\r\nContent-Length: 2", False),
        (b"Content-Length: 2\r\ncontent-length: 40", False),
        (b"Content-Length: +2", False),
        (b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity", False),
        (b"Content-Length: 2\r\nHost: evil.example", False),
    ],
)
def test_a_request_that_can_be_read_in_two_ways_is_refused(said: list[str], headers: bytes, is_taken: bool) -> None:
    body = b"2\r\nab\r\n0\r\n\r\n" if is_taken and b"chunked" in headers else b"ab"
    answer = talk(said, b"POST / HTTP/1.1\r\nConnection: close\r\n" + HEAD + headers + b"\r\n\r\n" + body)
    assert answer.startswith(b"HTTP/1.1 200" if is_taken else b"HTTP/1.1 400")
    assert bool(READ) is is_taken
    assert READ in ([], ["2 bytes"])
