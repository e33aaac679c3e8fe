"""What each thing costs a process in processor time: a connection, a delivery, a tick, a page, a poll, a mail.

docs/scaling.md and `simulate_scale.py` reckon with these figures. They depend on the machine: measure on yours.
"""

from __future__ import annotations

import socketserver
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from sqlalchemy import func, select

from benchmarks.desk import EVERYONE, SECRET, Desk, Server, new_desk
from benchmarks.machine import Process, free_port, python, raise_file_limit
from benchmarks.options import Options
from benchmarks.ratios import Report, median
from helpdesk.accounts.models import User
from helpdesk.accounts.queries import viewers
from helpdesk.accounts.rules import Role
from helpdesk.core.database import db, transaction
from helpdesk.core.outbox import OutboxRow, OutboxState
from helpdesk.mail.actions import queue_mail
from plugins.outage_notice.banners.actions import record_receipt
from plugins.outage_notice.banners.rules import What

IDLE_SECONDS = 12.0
PAGES = 60
MICRO = 1e6


def measure(options: Options) -> Report:
    report = Report("costs")
    count = options.crowds[len(options.crowds) // 2]
    raise_file_limit(count + 500)
    with new_desk(people=count) as desk, ExitStack() as stack:
        server = desk.serve()
        stack.callback(server.kill)
        figures = report.figures
        figures["connections"] = count
        figures.update(_sockets(desk, server, count, options.rounds))
        figures.update(_pages(desk, server))
        figures["receipt_us"] = _receipts(desk, server)
        server.kill()
        figures.update(_mails(desk, 10 * PAGES))
    for name, value in figures.items():
        if name != "connections":
            unit = "kB" if name.endswith("_kb") else "µs"
            report.add(name.removesuffix("_us").removesuffix("_kb").replace("_", " "), value, unit=unit)
    return report


def _sockets(desk: Desk, server: Server, count: int, rounds: int) -> dict[str, float]:
    """Per connection: connecting with its board, a second of being idle, memory. Per delivery of a publish."""
    small = {"kind": "department", "id": str(desk.small_id)}
    idle = _idle_seconds(server)
    memory = server.memory_kb()
    crowd = desk.crowd(server, count, desk.sign_in_everybody())
    try:
        used = server.cpu_seconds()
        crowd.open()
        connect = server.cpu_seconds() - used
        kept = server.memory_kb() - memory
        busy = _idle_seconds(server)
        to_all, to_few = [], []
        for number in range(-1, rounds):
            to_all.append(_publish(server, crowd, f"All {number}", EVERYONE, 0))
            to_few.append(_publish(server, crowd, f"Few {number}", small, 50))
    finally:
        crowd.close()
    every, few = median(to_all[1:]) or 0.0, median(to_few[1:]) or 0.0
    return {
        "connect_us": connect / count * MICRO,
        "connection_kb": kept / count,
        "idle_process_second_us": idle * MICRO,
        "idle_connection_second_us": max(0.0, busy - idle) / count * MICRO,
        "publish_us": few * MICRO,
        "delivery_us": max(0.0, every - few) / count * MICRO,
    }


def _idle_seconds(server: Process) -> float:
    """Processor seconds that a second of doing nothing takes."""
    used, began = server.cpu_seconds(), time.monotonic()
    time.sleep(IDLE_SECONDS)
    return (server.cpu_seconds() - used) / (time.monotonic() - began)


def _publish(server: Server, crowd: Any, title: str, audience: dict[str, Any], count: int) -> float:
    announcement_id = server.draft(title, audience)
    time.sleep(0.3)
    crowd.expect(f'"title":"{title}"', count)
    used = server.cpu_seconds()
    server.publish(announcement_id)
    crowd.arrived()
    used = server.cpu_seconds() - used
    server.resolve(announcement_id)
    time.sleep(0.3)
    return used


def _pages(desk: Desk, server: Server) -> dict[str, float]:
    cookie, staff = desk.first_cookie, desk.staff_cookie()
    wanted: dict[str, Callable[[], object]] = {
        "page_home_us": lambda: server.page("/", cookie),
        "page_queue_us": lambda: server.page("/tickets", staff),
        "board_poll_us": lambda: server.page("/api/v1/me/board", cookie),
    }
    return {name: _each(server, ask) for name, ask in wanted.items()}


def _receipts(desk: Desk, server: Server) -> float:
    """One page saying that it has a notice on screen, written by this process, on this database."""
    announcement_id = server.draft("Receipts", EVERYONE)
    server.publish(announcement_id)
    with desk.app.app_context():
        query = select(User.id).where(User.role == Role.requester).order_by(User.id).limit(PAGES + 5)
        found = viewers(db.session.scalars(query).all())
        for number, viewer in enumerate(found.values()):
            if number == 5:  # the first ones fill the caches
                used = time.process_time()
            record_receipt(viewer, announcement_id, 1, What.delivered)
        return (time.process_time() - used) / (len(found) - 5) * MICRO


def _each(server: Server, ask: Callable[[], object]) -> float:
    for _warm in range(5):
        ask()
    used = server.cpu_seconds()
    for _page in range(PAGES):
        ask()
    return (server.cpu_seconds() - used) / PAGES * MICRO


# --- mail ------------------------------------------------------------------------------------------------------------


class _Sink(socketserver.StreamRequestHandler):
    """As little of SMTP as takes a mail."""

    def handle(self) -> None:
        self.wfile.write(b"220 sink\r\n")
        in_data = False
        while line := self._next():
            if in_data:
                if line == b".\r\n":
                    in_data = False
                    self.wfile.write(b"250 taken\r\n")
                continue
            word = line[:4].upper()
            in_data = word == b"DATA"
            self.wfile.write(b"354 go\r\n" if in_data else b"221 bye\r\n" if word == b"QUIT" else b"250 fine\r\n")
            if word == b"QUIT":
                return

    def _next(self) -> bytes:
        try:
            return self.rfile.readline()
        except ConnectionResetError:  # a worker that is ended
            return b""


@contextmanager
def _sink() -> Iterator[int]:
    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = allow_reuse_address = True
        request_queue_size = 100

    with Server(("127.0.0.1", 0), _Sink) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield int(server.server_address[1])
        server.shutdown()


def _mails(desk: Desk, count: int) -> dict[str, float]:
    """Per mail: leased, built, handed over, marked, by a worker on this database."""
    with desk.app.app_context():
        for start in range(0, count, 100):
            with transaction():
                for number in range(start, min(count, start + 100)):
                    text = "It is known and being worked on. We will write again as soon as we know more.\n" * 8
                    queue_mail(f"person{number}@helpdesk.example", "VPN is down", text, event_id=f"cost-{number}")
    with _sink() as smtp:
        port = free_port()
        environment = {
            "HELPDESK_DATABASE_URL": desk.database_url,
            "HELPDESK_SECRET_KEY": SECRET,
            "HELPDESK_INSTANCE_DIR": str(desk.folder / "instance"),
            "HELPDESK_SMTP_URL": f"smtp://127.0.0.1:{smtp}",
        }
        command = python("-m", "helpdesk.cli", "worker", "--port", str(port))
        worker = Process(command, port, desk.folder / "worker.log", environment)
        try:
            worker.wait_for("/healthz")
            left, used, began = _waiting(desk), worker.cpu_seconds(), time.monotonic()
            while _waiting(desk) and time.monotonic() - began < 120:
                time.sleep(0.1)
            done = left - _waiting(desk)
            spent, took = worker.cpu_seconds() - used, time.monotonic() - began
        finally:
            worker.kill()
    return {"mail_us": spent / max(1, done) * MICRO, "mail_elapsed_us": took / max(1, done) * MICRO}


def _waiting(desk: Desk) -> int:
    with desk.app.app_context():
        ready = select(func.count()).select_from(OutboxRow).where(OutboxRow.state == OutboxState.ready)
        found = db.session.scalar(ready) or 0
        db.session.rollback()
        return int(found)
