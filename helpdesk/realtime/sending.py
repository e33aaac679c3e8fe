"""The same bytes to many sockets at once, on two processors.

Nearly all that a publication costs is the kernel's `send`, which Python does without its lock. So for many receivers a
second thread writes half of them, while the thread of the event loop writes the others and then waits for it: nothing
else happens meanwhile, as with one thread, and the helper touches nothing but the sockets that it was given.
"""

from __future__ import annotations

import _socket
import os
from collections.abc import Sequence

from gevent import monkey

MANY = 500  # receivers for whom a second thread is worth its start
PROCESSORS = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1

# The real ones: what gevent puts in their place are greenlets of one thread.
_start_thread = monkey.get_original("_thread", "start_new_thread")
_make_lock = monkey.get_original("_thread", "allocate_lock")


def send_to_all(sockets: Sequence[_socket.socket], data: bytes) -> list[tuple[int, int]]:
    """Send `data` to each of these non-blocking sockets, to whom nothing else is being sent.

    Returns (index, bytes sent) of those that did not take all of it. One that failed took all: whoever reads from it
    finds out.
    """
    short: list[tuple[int, int]] = []
    if len(sockets) < MANY or PROCESSORS < 2:
        _send(sockets, 0, 1, data, short)
        return short
    others: list[tuple[int, int]] = []
    is_done = _make_lock()
    is_done.acquire()

    def send_others() -> None:
        try:
            _send(sockets, 1, 2, data, others)
        finally:
            is_done.release()

    try:
        _start_thread(send_others, ())
    except RuntimeError:  # no thread to be had
        send_others()
    try:
        _send(sockets, 0, 2, data, short)
    finally:
        is_done.acquire()
    return short + others


def _send(sockets: Sequence[_socket.socket], first: int, step: int, data: bytes, short: list[tuple[int, int]]) -> None:
    size = len(data)
    for index in range(first, len(sockets), step):
        try:
            sent = sockets[index].send(data)
        except BlockingIOError:
            sent = 0
        except OSError:
            continue
        if sent < size:
            short.append((index, sent))
