"""What the audience picker of the composer asks for."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, jsonify, request

from helpdesk.plugin_api import allow, get_viewer
from plugins.outage_notice.audiences import queries

bp = Blueprint("outage_notice_audiences", __name__)
BLUEPRINTS = (bp,)


@bp.get("/announcements/audience-search")
@allow("technician")
def search() -> Any:
    """`{options: [{kind, id, name, detail, people}]}` for the typed `q`; without it the departments."""
    text = request.args.get("q", "")[:100].replace("\0", "")
    options = queries.search_targets(get_viewer(), text)
    return jsonify(
        options=[
            {"kind": o.kind.value, "id": o.id, "name": o.name, "detail": str(o.detail), "people": o.people}
            for o in options
        ]
    )
