"""Receipts by HTTP, and the reach of an announcement."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from apiflask import APIBlueprint
from pydantic import Field

from helpdesk.plugin_api import Answer, Body, Sent, allow, get_viewer, idempotent, now
from plugins.outage_notice.banners.collecting import take_receipt
from plugins.outage_notice.banners.queries import reach, retirements
from plugins.outage_notice.banners.queries.receipts import had_on_screen
from plugins.outage_notice.banners.rules import SNOOZE_LIMIT_MINUTES, What

BIGGEST = 2**53 - 1


class ReceiptIn(Body):
    """What the person did with one banner, and which version of it was on screen."""

    id: int = Field(ge=1, le=BIGGEST)
    version: int = Field(ge=0, le=BIGGEST)
    what: What
    minutes: int | None = Field(None, ge=1, le=SNOOZE_LIMIT_MINUTES)


class ReceiptOut(Answer):
    ok: bool


class EndingsQuery(Sent):
    ids: str = Field(pattern=r"^[1-9][0-9]{0,14}(,[1-9][0-9]{0,14}){0,19}$")


class EndingOut(Answer):
    """Why a banner is no longer on the board: resolved, ended, cancelled, withdrawn or not_for_you."""

    id: int
    version: int
    reason: str


class EndingsOut(Answer):
    items: list[EndingOut]


class CountsOut(Answer):
    targeted: int
    delivered: int
    seen: int
    read: int
    affected: int
    online: int


class DepartmentReachOut(Answer):
    """`counts` is null where it would say what fewer than five people did."""

    id: int | None
    name: str
    counts: CountsOut | None


class ReachOut(CountsOut):
    id: int
    departments: list[DepartmentReachOut]


me_receipts = APIBlueprint("outage_notice_receipts", __name__, url_prefix="/api/v1/me", tag="Notices")
reach_api = APIBlueprint("outage_notice_reach", __name__, url_prefix="/api/v1/announcements", tag="Announcements")


@me_receipts.post("/receipts")
@allow("requester", scope="me")
@idempotent
@me_receipts.input(ReceiptIn, arg_name="body")
@me_receipts.output(ReceiptOut)
def post_receipt(body: ReceiptIn) -> dict[str, Any]:
    """Say that a banner was delivered, seen, read, hidden, put off, or that it affects you too."""
    take_receipt(get_viewer(), body.id, body.version, body.what, body.minutes)
    return {"ok": True}


@me_receipts.get("/endings")
@allow("requester", scope="me")
@me_receipts.input(EndingsQuery, location="query", arg_name="query")
@me_receipts.output(EndingsOut)
def get_endings(query: EndingsQuery) -> dict[str, Any]:
    """Why notices that you had on screen are gone, for pages that had no socket when they went."""
    viewer = get_viewer()
    ids = had_on_screen(viewer.id, [int(i) for i in query.ids.split(",")])
    return {"items": retirements(viewer.id, ids, now())}


@reach_api.get("/<int:announcement_id>/reach")
@allow("technician", scope="announcements:read")
@reach_api.output(ReachOut)
def get_reach(announcement_id: int) -> dict[str, Any]:
    """How many were targeted, and have it drawn or mailed, seen, read or affected; by department from five people."""
    found = reach(get_viewer(), announcement_id)
    return {"id": announcement_id, **asdict(found.total), "departments": found.departments}
