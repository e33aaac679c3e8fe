"""`GET /api/v1/me/board`: what a page polls while it has no socket."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint
from flask import current_app, jsonify, make_response, request
from werkzeug.wrappers import Response

from helpdesk.core import clock, feed
from helpdesk.core.errors import Busy
from helpdesk.realtime import boards
from helpdesk.web.access import allow, get_viewer
from helpdesk.web.openapi import Responses

api = APIBlueprint("board_api", __name__, url_prefix="/api/v1/me", tag="Me")
BLUEPRINTS = (api,)
BOARD = {
    "type": "object",
    "required": ["epoch", "seq", "server_time", "tag", "banners"],
    "properties": {
        "epoch": {"type": "string"},
        "seq": {"type": "integer"},
        "server_time": {"type": "string", "format": "date-time"},
        "tag": {"type": "string"},
        "banners": {"type": "array", "items": {"type": "object"}, "description": "As in the socket's `board`."},
    },
}
RESPONSES: Responses = {
    200: {"description": "The board.", "content": {"application/json": {"schema": BOARD}}},
    304: {"description": "It is still the one whose tag stands in If-None-Match."},
}


@api.get("/board")
@allow("requester", scope="me")
@api.doc(responses=RESPONSES)
def show_board() -> Response:
    """The person's whole board {epoch, seq, server_time, tag, banners}; 304 while the tag in If-None-Match holds."""
    now, viewer = clock.now(), get_viewer()
    head = feed.head()  # before the board: a client may see something again, but never misses it
    try:
        board = boards.boards_of(current_app.extensions["helpdesk"].plugins, {viewer.id}, now)[viewer.id]
    except boards.BoardsFailed as error:
        raise Busy() from error
    body: dict[str, Any] = {"epoch": head.epoch, "seq": head.seq, "server_time": now.isoformat(), "tag": board.tag}
    answer = make_response(jsonify({**body, "banners": list(board.banners)}))
    answer.set_etag(board.tag)
    answer.headers["Cache-Control"] = "private, no-cache"
    answer.vary.add("Cookie")
    return answer.make_conditional(request)
