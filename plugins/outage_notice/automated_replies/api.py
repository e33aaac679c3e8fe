"""What applies to a person now: for bots, telephone systems and agents."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from apiflask import APIBlueprint
from flask_babel import gettext as _
from pydantic import Field
from sqlalchemy import select

from helpdesk.plugin_api import (
    Answer,
    Forbidden,
    NotFound,
    Sent,
    Service,
    Viewer,
    allow,
    db,
    get_viewer,
    viewers,
)
from helpdesk.plugin_api import now as clock_now
from plugins.outage_notice.announcements.queries import LiveAnnouncement
from plugins.outage_notice.announcements.rules import next_change_at
from plugins.outage_notice.announcements.rules.matching import Match
from plugins.outage_notice.automated_replies.queries import outages_of_person

VALID_FOR = timedelta(minutes=5)

api = APIBlueprint("outage_notice_applies_to", __name__, url_prefix="/api/v1", tag="Announcements")


class AppliesQuery(Sent):
    requester: int | None = Field(None, ge=1)
    service: str | None = Field(None, min_length=1, max_length=120, description="Its id or its slug.")
    text: str = Field("", max_length=2000)


class AppliedText(Answer):
    title: str
    description: str
    workaround: str


class Applies(Answer):
    """`eta` and `next_update_at` are null once they have passed."""

    id: int
    revision: int
    kind: str
    severity: int
    by: str
    texts: dict[str, AppliedText]
    eta: datetime | None
    next_update_at: datetime | None
    started_at: datetime | None
    valid_until: datetime


class AppliesList(Answer):
    items: list[Applies]
    valid_until: datetime


@api.get("/applies-to")
@allow("requester", scope="announcements:read")
@api.input(AppliesQuery, location="query", arg_name="query")
@api.output(AppliesList)
def applies_to(query: AppliesQuery) -> dict[str, Any]:
    """The active outages that concern this person and service, most severe first; texts in every language."""
    now = clock_now()
    matches = outages_of_person(_person(query.requester), _service_id(query.service), query.text, now)
    items = [_answer(match, now) for match in matches]
    return {"items": items, "valid_until": min((i["valid_until"] for i in items), default=now + VALID_FOR)}


def _person(requester_id: int | None) -> Viewer:
    """Oneself, or for staff anybody."""
    viewer = get_viewer()
    if requester_id in (None, viewer.id):
        return viewer
    if not viewer.is_staff:
        raise Forbidden(_("You can ask this only for yourself."))
    person = viewers([requester_id]).get(requester_id) if requester_id else None
    if person is None:
        raise NotFound(_("There is no such person."))
    return person


def _service_id(named: str | None) -> int | None:
    """Of the service with this id or slug. Raises NotFound: "nothing applies" would be a guess."""
    if named is None:
        return None
    is_id = named.isascii() and named.isdecimal() and len(named) < 10
    found = db.session.scalar(select(Service.id).where(Service.id == int(named) if is_id else Service.slug == named))
    if found is None:
        raise NotFound(_("There is no such service."))
    return found


def _answer(match: Match, now: datetime) -> dict[str, Any]:
    announcement: LiveAnnouncement = match.announcement
    eta = announcement.expected_end_at(now)
    promises = (eta, announcement.next_update_at, next_change_at(announcement, now))
    changes = [t for t in promises if t is not None and t > now]
    # A time that has passed is no promise any more: a program that speaks it would give it for one.
    return {
        "id": announcement.id,
        "revision": announcement.revision,
        "kind": announcement.kind.value,
        "severity": announcement.severity,
        "by": match.by,
        "texts": {locale: announcement.texts_in(locale)[1] for locale in announcement.texts},
        "eta": eta if eta in changes else None,
        "next_update_at": announcement.next_update_at if announcement.next_update_at in changes else None,
        "started_at": announcement.began_at(now),
        "valid_until": min([*changes, now + VALID_FOR]),
    }
