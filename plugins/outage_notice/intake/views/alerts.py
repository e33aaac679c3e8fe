"""What monitoring sent and what became of it, newest first, so that wrong mappings can be found."""

from __future__ import annotations

from typing import Any

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from helpdesk.plugin_api import allow, get_viewer, make_cursor, read_cursor
from plugins.outage_notice.intake.queries import list_signals
from plugins.outage_notice.intake.views.blueprint import bp

PAGE = 50
CURSOR = "outage.alerts"


@bp.get("/announcements/alerts")
@allow("technician")
def index() -> ResponseReturnValue:
    only_unmapped = request.args.get("show") == "unmapped"
    after = read_cursor(CURSOR)
    key = None if after is None else (after[0], int(after[1]))
    rows = list_signals(get_viewer(), after=key, limit=PAGE + 1, only_unmapped=only_unmapped)
    last = rows[PAGE - 1].signal if len(rows) > PAGE else None
    kept: dict[str, Any] = {"show": "unmapped"} if only_unmapped else {}
    older = make_cursor(CURSOR, last.received_at, last.id) if last is not None else None
    return render_template(
        "outage_notice/alerts.html",
        rows=rows[:PAGE],
        only_unmapped=only_unmapped,
        older_url=url_for("outage_notice_intake.index", cursor=older, **kept) if older else None,
        newest_url=url_for("outage_notice_intake.index", **kept) if after else None,
    )
