"""`signs.json` in the instance folder: the banners of each user id or "all", and what the hooks do beside.

Keys: "fail": bool, "from" in a banner: time, "concerned": [user id, …], "reasons": {id: [version, reason]}.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from flask import Blueprint, current_app
from flask_wtf.csrf import generate_csrf

from helpdesk.plugin_api import Board, Retirement, SocketVerb, Viewer, hookimpl
from helpdesk.web.access import allow

CALLS: list[list[int]] = []  # the user ids of each call of `boards`

PAGE = """<!doctype html><title>Page</title><meta name="csrf-token" content="{csrf}">
<script src="/static/vendor/socket.io/socket.io.min.js"></script>
<script type="module" src="/static/js/live.js"></script>"""
bp = Blueprint("signs", __name__)


@bp.get("/page")
@allow("public")
def show_page() -> str:
    """A page with nothing but the socket client."""
    return PAGE.format(csrf=generate_csrf())


@hookimpl
def blueprints() -> Sequence[Blueprint]:
    return [bp]


def read() -> dict[str, Any]:
    path = Path(current_app.instance_path) / "signs.json"
    return json.loads(path.read_text()) if path.exists() else {}


@hookimpl
def boards(user_ids: Sequence[int], now: datetime) -> Mapping[int, Board]:
    CALLS.append(list(user_ids))
    signs = read()
    if signs.get("fail"):
        raise RuntimeError("the sign store is broken")
    result = {}
    for user_id in user_ids:
        banners = signs.get("all", []) + signs.get(str(user_id), [])
        visible = [b for b in banners if datetime.fromisoformat(b.get("from", "2000-01-01T00:00:00+00:00")) <= now]
        tag = hashlib.sha256(json.dumps(visible, sort_keys=True).encode()).hexdigest()[:12]
        result[user_id] = Board(tag=tag, banners=tuple(visible))
    return result


@hookimpl
def concerned_people(since: int) -> Sequence[int] | None:
    ids: list[int] | None = read().get("concerned")
    return ids


@hookimpl
def next_board_change(now: datetime) -> datetime | None:
    times = [datetime.fromisoformat(b["from"]) for b in read().get("all", []) if "from" in b]
    return min((at for at in times if at > now), default=None)


@hookimpl
def retirements(user_id: int, banner_ids: Sequence[int], now: datetime) -> Sequence[Retirement]:
    reasons = read().get("reasons", {})
    return [Retirement(i, reasons[str(i)][0], reasons[str(i)][1]) for i in banner_ids if str(i) in reasons]


@hookimpl
def staff_messages(changes: Sequence[tuple[str, str]]) -> Sequence[tuple[str, Mapping[str, Any]]]:
    return [("reach", {"id": int(ref), "seen": 1}) for topic, ref in changes if topic == "reach"]


def _receipt(viewer: Viewer, data: dict[str, Any]) -> Mapping[str, Any]:
    if data.get("what") == "explode":
        raise RuntimeError("a secret inside")
    return {"by": viewer.id, "what": data.get("what")}


@hookimpl
def socket_verbs() -> Sequence[SocketVerb]:
    return [SocketVerb("receipt", _receipt)]


@hookimpl
def is_page(kind: str, number: int) -> bool:
    if kind == "broken":
        raise RuntimeError("the page store is broken")
    return (kind, number) == ("announcement", 7)
