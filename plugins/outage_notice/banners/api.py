"""Receipts by HTTP, and the reach of an announcement."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from apiflask import APIBlueprint
from pydantic import Field

from helpdesk.plugin_api import Answer, Body, allow, get_viewer
from plugins.outage_notice.banners.actions import record_receipt
from plugins.outage_notice.banners.queries import reach
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


class CountsOut(Answer):
    targeted: int
    delivered: int
    seen: int
    read: int
    affected: int
    online: int


class DepartmentReachOut(Answer):
    """`counts` is null for departments with fewer than five people of the audience."""

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
@me_receipts.input(ReceiptIn, arg_name="body")
@me_receipts.output(ReceiptOut)
def post_receipt(body: ReceiptIn) -> dict[str, Any]:
    """Say that a banner was delivered, seen, read, hidden, put off, or that it affects you too."""
    record_receipt(get_viewer(), body.id, body.version, body.what, body.minutes)
    return {"ok": True}


@reach_api.get("/<int:announcement_id>/reach")
@allow("technician", scope="announcements:read")
@reach_api.output(ReachOut)
def get_reach(announcement_id: int) -> dict[str, Any]:
    """How many were targeted, and have it drawn, seen, read or affected; per department from five people on."""
    found = reach(get_viewer(), announcement_id)
    return {"id": announcement_id, **asdict(found.total), "departments": found.departments}
