"""`/api/v1/announcements/{id}/review`: the review of an announcement, read and written by programs."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from apiflask import APIBlueprint
from pydantic import AwareDatetime, Field

from helpdesk.plugin_api import Answer, Body, allow, etag, get_viewer, idempotent, if_match, now
from plugins.outage_notice.announcements.queries.records import require_announcer
from plugins.outage_notice.reviews import actions
from plugins.outage_notice.reviews.queries.facts import review_facts
from plugins.outage_notice.reviews.queries.records import actions_of, get_reviewed
from plugins.outage_notice.reviews.rules import TEXT_FIELDS, TEXT_LIMIT, Cause, PhaseName, Readers

api = APIBlueprint("outage_notice_reviews_api", __name__, url_prefix="/api/v1/announcements", tag="Announcements")


class ReviewPatch(Body):
    """What is sent is changed. `published_to` null makes it a draft; its readers get it as soon as it is sent."""

    summary: str = Field("", max_length=TEXT_LIMIT)
    cause: Cause | None = None
    root_cause: str = Field("", max_length=TEXT_LIMIT)
    contributing: str = Field("", max_length=TEXT_LIMIT)
    went_well: str = Field("", max_length=TEXT_LIMIT)
    to_improve: str = Field("", max_length=TEXT_LIMIT)
    luck: str = Field("", max_length=TEXT_LIMIT)
    public_summary: str = Field("", max_length=TEXT_LIMIT)
    noticed_at: AwareDatetime | None = None
    found_at: AwareDatetime | None = None
    published_to: Readers | None = None


class PhaseOut(Answer):
    name: PhaseName
    start: datetime
    end: datetime
    minutes: float


class PromiseOut(Answer):
    """Promises of one kind whose time has come: how many were kept in time."""

    kind: str
    kept: int
    total: int


class OwnerOut(Answer):
    id: int
    name: str


class ActionOut(Answer):
    id: int
    what: str
    owner: OwnerOut
    due_on: date
    ticket: int | None
    done_at: datetime | None


class ReviewOut(Answer):
    """`revision` is 0 until somebody writes. Times of the course are what the timeline says, or its correction."""

    announcement_id: int
    revision: int
    summary: str
    cause: Cause | None
    root_cause: str
    contributing: str
    went_well: str
    to_improve: str
    luck: str
    public_summary: str
    published_to: Readers | None
    published_at: datetime | None
    started_at: datetime | None
    noticed_at: datetime | None
    told_at: datetime | None
    found_at: datetime | None
    ended_at: datetime | None
    people: int
    tickets_linked: int | None
    tickets_avoided: int | None
    phases: list[PhaseOut]
    promises: list[PromiseOut]
    actions: list[ActionOut]
    drill: bool


@api.get("/<int:announcement_id>/review")
@allow("agent", scope="announcements:read")
@api.output(ReviewOut)
def get_review(announcement_id: int) -> Any:
    """The review of an announcement, with what its timeline says."""
    return _shown(announcement_id)


@api.patch("/<int:announcement_id>/review")
@allow("technician", scope="announcements:write")
@idempotent
@api.input(ReviewPatch, arg_name="body")
@api.output(ReviewOut)
def patch_review(announcement_id: int, body: ReviewPatch) -> Any:
    """Write the review, then publish it or take it back. `If-Match` carries the revision that was read."""
    viewer, expected = get_viewer(), if_match()
    require_announcer(viewer)
    get_reviewed(viewer, announcement_id)
    sent = {name: getattr(body, name) for name in body.model_fields_set}
    wants = "published_to" in sent
    readers: Readers | None = sent.pop("published_to", None)
    if sent or not wants:
        expected = actions.save_review(viewer, announcement_id, sent, expected).revision
    if wants and readers is not None:
        actions.publish_review(viewer, announcement_id, readers, expected)
    elif wants:
        actions.take_review_back(viewer, announcement_id, expected)
    return _shown(announcement_id)


def _shown(announcement_id: int) -> tuple[dict[str, Any], dict[str, str]]:
    viewer, at = get_viewer(), now()
    record, review = get_reviewed(viewer, announcement_id)
    facts = review_facts(viewer, record, at)
    moments = facts.moments
    revision = review.revision if review else 0
    body = {name: getattr(review, name) if review else "" for name in TEXT_FIELDS} | {
        "announcement_id": record.id,
        "revision": revision,
        "cause": review.cause if review else None,
        "published_to": review.readers if review and review.published_at else None,
        "published_at": review.published_at if review else None,
        "started_at": moments.started_at,
        "noticed_at": moments.noticed_at,
        "told_at": moments.told_at,
        "found_at": moments.found_at,
        "ended_at": moments.ended_at,
        "people": facts.people,
        "tickets_linked": facts.tickets.linked if facts.tickets else None,
        "tickets_avoided": facts.tickets.avoided if facts.tickets else None,
        "phases": [
            {"name": p.name, "start": p.start, "end": p.end, "minutes": p.length.total_seconds() / 60}
            for p in facts.phases
        ],
        "promises": [{"kind": k.kind.value, "kept": k.kept, "total": k.total} for k in facts.promises],
        "actions": [
            {
                "id": a.id,
                "what": a.what,
                "owner": {"id": a.owner_id, "name": a.owner},
                "due_on": a.due_on,
                "ticket": a.ticket,
                "done_at": a.done_at,
            }
            for a in actions_of([record.id]).get(record.id, ())
        ],
        "drill": record.is_drill,
    }
    return body, etag(revision)
