"""A page's memory of its board, by the documented rules and in the two layers of the real scripts.

`Line` is static/js/live.js: what has been heard, and when to ask again. `BoardState` is the plugin's board.js: which
banner is shown. The drawing is left out.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Banner = dict[str, Any]


class BoardState:
    """Newest version of each banner, and tombstones: an ending is never undone by something older."""

    def __init__(self) -> None:
        self.epoch: str | None = None
        self.seq = 0
        self.banners: dict[int, Banner] = {}
        self.tombstones: dict[int, int] = {}

    def _check_epoch(self, epoch: str) -> None:
        if self.epoch != epoch:
            self.banners, self.tombstones, self.epoch, self.seq = {}, {}, epoch, 0

    def replace(self, board: dict[str, Any]) -> None:
        if self.epoch == board["epoch"] and board["seq"] < self.seq:
            return
        self._check_epoch(board["epoch"])
        self.seq = max(self.seq, board["seq"])
        before = self.banners
        self.banners = {b["id"]: self._newer(before.get(b["id"]), b) for b in board["banners"]}
        for banner_id in self.banners:
            self.tombstones.pop(banner_id, None)  # it is back

    @staticmethod
    def _newer(known: Banner | None, given: Banner) -> Banner:
        return known if known is not None and known["version"] > given["version"] else given

    def apply(self, message: dict[str, Any]) -> None:
        banner = message["banner"]
        self._check_epoch(message["epoch"])
        self.seq = max(self.seq, message["seq"])
        before = self.banners.get(banner["id"])
        # The clock alone can begin, show or end it: then the version is the same, and what was said last holds.
        if before is not None and (before["version"] > banner["version"] or _is_same(before, banner)):
            return
        if self.tombstones.get(banner["id"], -1) > message["seq"]:
            return
        self.banners[banner["id"]] = banner

    def retire(self, message: dict[str, Any]) -> None:
        self._check_epoch(message["epoch"])
        self.seq = max(self.seq, message["seq"])
        known = self.banners.get(message["id"])
        if known is not None and known["version"] > message["version"]:
            return
        self.tombstones[message["id"]] = max(message["version"], self.tombstones.get(message["id"], 0))
        self.banners.pop(message["id"], None)


def _is_same(one: Banner, other: Banner) -> bool:
    return all(one.get(name) == other.get(name) for name in ("version", "phase", "status", "started_at"))


class Line:
    """What was heard from the server. `ask` sends a resync and gives its acknowledgement."""

    def __init__(self, ask: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
        self.board = BoardState()
        self._ask = ask
        self.epoch: str | None = None
        self.seq = -1
        self.tag: str | None = None
        self.versions: dict[int, int] = {}

    def take(self, name: str, message: dict[str, Any]) -> None:
        handler = {"board": self._board, "banner": self._banner, "retire": self._retire, "tick": self._tick}.get(name)
        if handler is not None:
            handler(message)

    def _board(self, board: dict[str, Any]) -> None:
        if board["epoch"] == self.epoch and board["seq"] < self.seq:
            return
        self.epoch, self.seq, self.tag = board["epoch"], board["seq"], board["tag"]
        self.versions = {b["id"]: b["version"] for b in board["banners"]}
        self.board.replace(board)

    def _follows(self, message: dict[str, Any]) -> bool:
        if message["epoch"] != self.epoch:
            self.resync()
            return False
        self.seq, self.tag = max(self.seq, message["seq"]), None
        return True

    def _banner(self, message: dict[str, Any]) -> None:
        if not self._follows(message):
            return
        banner = message["banner"]
        if banner["version"] < self.versions.get(banner["id"], -1):
            return
        self.versions[banner["id"]] = banner["version"]
        self.board.apply(message)

    def _retire(self, message: dict[str, Any]) -> None:
        if not self._follows(message) or message["version"] < self.versions.get(message["id"], -1):
            return
        self.versions.pop(message["id"], None)
        self.board.retire(message)

    def _tick(self, message: dict[str, Any]) -> None:
        if message["epoch"] != self.epoch or message["tag"] != self.tag:
            self.resync()

    def resync(self) -> None:
        answer = self._ask({"epoch": self.epoch, "have": {str(k): v for k, v in self.versions.items()}})
        if answer.get("tag"):
            self.tag = answer["tag"]
