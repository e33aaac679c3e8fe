"""Reading announcements, and writing drafts."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, TypeVar

from flask import request
from flask_babel import gettext as _

from helpdesk.plugin_api import (
    Invalid,
    allow,
    etag,
    get_viewer,
    idempotent,
    if_match,
    limit_argument,
    make_cursor,
    now,
    paged,
    paged_whole,
    read_cursor,
)
from plugins.outage_notice.announcements import actions, queries, rules
from plugins.outage_notice.announcements.api.blueprint import READ, WRITE, api
from plugins.outage_notice.announcements.api.bodies import (
    AnnouncementIn,
    AnnouncementPatch,
    ForecastIn,
    changes_of,
    draft_from,
    targets_of,
)
from plugins.outage_notice.announcements.api.shapes import (
    AnnouncementOut,
    AnnouncementPage,
    CheckOut,
    ForecastOut,
    TimelineOut,
    announcement_json,
    entry_json,
    forecast_json,
)
from plugins.outage_notice.announcements.queries import Filters, Tab
from plugins.outage_notice.announcements.queries.records import draft_of
from plugins.outage_notice.announcements.rules import Kind, Status
from plugins.outage_notice.audiences import queries as audiences

CURSOR = "announcements"
E = TypeVar("E", bound=StrEnum)


def shown(announcement_id: int) -> tuple[dict[str, Any], dict[str, str]]:
    """The answer that carries one announcement as it is now, and its revision."""
    one = queries.get_full(get_viewer(), announcement_id)
    return announcement_json(one, now()), etag(one.record.revision)


def _choice(name: str, enum: type[E]) -> E | None:
    text = request.args.get(name)
    if text is None:
        return None
    if text not in tuple(enum):
        raise Invalid({name: _("Choose one of %(choices)s.", choices=", ".join(enum))})
    return enum(text)


def _filters() -> Filters:
    department = request.args.get("department")
    if department is not None and not (department.isascii() and department.isdecimal() and len(department) < 10):
        raise Invalid({"department": _("This must be a whole number.")})
    return Filters(
        kind=_choice("kind", Kind),
        department_id=None if department is None else int(department),
        mine=request.args.get("mine") in ("1", "true"),
        text=request.args.get("q", "")[:200].replace("\0", ""),
    )


@api.get("")
@allow("agent", scope=READ)
@api.output(AnnouncementPage)
def list_announcements() -> Any:
    """Announcements of one tab (`tab`: now, upcoming, past, drafts), by `kind`, `department`, `mine` and `q`."""
    tab, moment = _choice("tab", Tab) or Tab.now, now()
    scope = f"{CURSOR}.{tab}"
    after: Any = read_cursor(scope)
    page = queries.list_announcements(
        get_viewer(), tab, moment, filters=_filters(), after=after, limit=limit_argument()
    )
    following = make_cursor(scope, *page.next) if page.next else None
    return paged([announcement_json(one, moment) for one in page.items], following)


@api.post("")
@allow("technician", scope=WRITE)
@idempotent
@api.input(AnnouncementIn, arg_name="body")
@api.output(AnnouncementOut, 201)
def create(body: AnnouncementIn) -> Any:
    """A new draft. Nobody sees it until it is published."""
    answer, headers = shown(actions.create_draft(get_viewer(), draft_from(body)).id)
    return answer, headers | {"Location": f"/api/v1/announcements/{answer['id']}"}


@api.get("/<int:announcement_id>")
@allow("agent", scope=READ)
@api.output(AnnouncementOut)
def show(announcement_id: int) -> Any:
    """One announcement; agents see published ones."""
    return shown(announcement_id)


@api.patch("/<int:announcement_id>")
@allow("technician", scope=WRITE)
@idempotent
@api.input(AnnouncementPatch, arg_name="body")
@api.output(AnnouncementOut)
def change(announcement_id: int, body: AnnouncementPatch) -> Any:
    """Change what is sent. `If-Match` carries the revision that was read: 412 when somebody saved in between."""
    viewer, revision = get_viewer(), if_match()
    if queries.get_announcement(viewer, announcement_id).status is Status.draft:
        actions.change_draft(viewer, announcement_id, changes_of(body), revision)
    else:
        actions.edit_published(
            viewer,
            announcement_id,
            changes_of(body),
            weight=body.weight,
            expected_revision=revision,
            confirmed_people=body.confirmed_people,
        )
    return shown(announcement_id)


@api.delete("/<int:announcement_id>")
@allow("technician", scope=WRITE)
@idempotent
@api.output({}, 204)
def remove(announcement_id: int) -> Any:
    """Delete a draft. What was published is cancelled or withdrawn."""
    actions.delete_draft(get_viewer(), announcement_id, if_match())
    return ""


@api.post("/forecast")
@allow("technician", scope=READ)
@idempotent
@api.input(ForecastIn, arg_name="body")
@api.output(ForecastOut)
def forecast(body: ForecastIn) -> Any:
    """How many people an audience is, by department, how many online now, how many without an e-mail address."""
    return forecast_json(audiences.forecast(get_viewer(), targets_of(body.audience)))


@api.get("/<int:announcement_id>/check")
@allow("technician", scope=READ)
@api.output(CheckOut)
def check(announcement_id: int) -> Any:
    """What stops publishing, and what should be looked at."""
    moment, record = now(), queries.get_announcement(get_viewer(), announcement_id)
    draft = draft_of(record)
    published = None if record.status is Status.draft else draft
    facts = queries.check_facts(draft, moment, announcement_id=record.id, published=published)
    found = rules.checks(draft, facts, moment)
    return {"items": [{"level": f.level, "field": f.field, "code": f.code, "message": str(f.message)} for f in found]}


@api.get("/<int:announcement_id>/timeline")
@allow("agent", scope=READ)
@api.output(TimelineOut)
def show_timeline(announcement_id: int) -> Any:
    """What happened, oldest first, with the notes of the team: all staff see them, as on the page."""
    queries.get_announcement(get_viewer(), announcement_id)
    entries = queries.timeline(announcement_id)
    return paged_whole(f"{CURSOR}.timeline.{announcement_id}", [entry_json(entry) for entry in entries])
