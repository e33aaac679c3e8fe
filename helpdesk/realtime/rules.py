"""Limits of the live channel, what may open a socket, and what differs between two boards. No I/O."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from helpdesk.hooks.specs import Board

NAMESPACE = "/live"
HEARTBEAT_SECONDS = 20
POLL_SECONDS = 1.0  # how often the feed head is compared when nobody pokes
STALE_SECONDS = 5  # a feed that was not read for this long is a fault
PRESENCE_SECONDS = 10
PRESENCE_LOST_SECONDS = 30
QUEUE_SECONDS = 1.0  # staff hear at most this often that the queue changed

PERSONAL_TOPICS = frozenset({"user", "receipt"})  # the ref is a user id: only that person's board can differ
FOREIGN_TOPICS = frozenset({"ticket", "reach"})


@dataclass(frozen=True, slots=True)
class Limits:
    """What one person or address may take of the server."""

    sockets_per_user: int = 10
    join_seconds: float = 10.0  # from the open transport to the accepted `/live`
    waiting_per_address: int = 200
    messages_per_minute: int = 100
    controls_per_minute: int = 60  # pings, pongs and other packets without a message; an honest client sends six
    frame_bytes: int = 64 * 1024
    queued_frames: int = 16
    queued_bytes: int = 64 * 1024
    ping_seconds: int = 10
    pong_seconds: int = 10


EMPTY_BOARD = Board(tag="0")


def may_open(environ: Mapping[str, Any], public_url: str) -> bool:
    """Whether this handshake is a WebSocket one, from a page of `public_url`, under its own name.

    The origin must be there: a browser always sends it, and nothing but a browser has the session cookie. What proxies
    claim counts only when the outer layer accepted it, by then it stands in HTTP_HOST.
    """
    query = str(environ.get("QUERY_STRING", "")).split("&")
    names = [part.partition("=")[0] for part in query]
    return (
        environ.get("REQUEST_METHOD") == "GET"
        and query.count("transport=websocket") == 1
        and names.count("transport") == 1
        and not {"j", "sid"} & set(names)
        and environ.get("HTTP_ORIGIN") == origin_of(public_url)
        and host_of(str(environ.get("HTTP_HOST", ""))) == host_of(urlsplit(public_url).netloc)
    )


def origin_of(public_url: str) -> str:
    """The Origin header that browsers send from pages of this address: the default port is left out."""
    parts = urlsplit(public_url)
    default = {"http": 80, "https": 443}[parts.scheme]
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else str(parts.hostname)
    return f"{parts.scheme}://{host}" + ("" if parts.port in (None, default) else f":{parts.port}")


def host_of(netloc: str) -> str:
    """The host name without port, in lower case; "" when it is malformed, such as two of them."""
    if set(netloc) & set(",@/ \\?#"):
        return ""
    try:
        return urlsplit(f"//{netloc}").hostname or ""
    except ValueError:
        return ""


class Allowance:
    """Messages that one connection may send: `limit` at once, refilled evenly over a minute."""

    __slots__ = ("_left", "_limit", "_then")

    def __init__(self, limit: int, now: float) -> None:
        self._left, self._limit, self._then = float(limit), limit, now

    def take(self, now: float) -> bool:
        """Whether one more is allowed at `now` (monotonic seconds)."""
        self._left = min(self._limit, self._left + (now - self._then) * self._limit / 60)
        self._then = now
        if self._left < 1:
            return False
        self._left -= 1
        return True


def merge_boards(boards: Sequence[Board]) -> Board:
    """One board of those of all plugins: their banners in order and a tag of the whole."""
    if len(boards) <= 1:
        return boards[0] if boards else EMPTY_BOARD
    tag = hashlib.sha256("\n".join(board.tag for board in boards).encode()).hexdigest()[:16]
    return Board(tag=tag, banners=tuple(banner for board in boards for banner in board.banners))


@dataclass(frozen=True, slots=True)
class Difference:
    """What a client that shows one board must be told to show another."""

    changed: tuple[Mapping[str, Any], ...]
    gone: tuple[int, ...]


def compare(old: Board, new: Board) -> Difference:
    """New and changed banners in their order, and the ids of those that left.

    Contents are compared, not versions: the phase of a banner may change with the time alone.
    """
    before = {banner["id"]: banner for banner in old.banners}
    changed = tuple(b for b in new.banners if before.get(b["id"]) is not b and before.get(b["id"]) != b)
    left = before.keys() - {banner["id"] for banner in new.banners}
    return Difference(changed, tuple(sorted(left)))


def concerned_users(topics: Iterable[tuple[str, str]]) -> tuple[set[int], bool]:
    """The people whose own board may have changed by these (topic, ref) entries, and whether others' may have too."""
    users, is_general = set(), False
    for topic, ref in topics:
        if topic in PERSONAL_TOPICS and ref.isdigit():
            users.add(int(ref))
        elif topic not in FOREIGN_TOPICS:
            is_general = True
    return users, is_general
