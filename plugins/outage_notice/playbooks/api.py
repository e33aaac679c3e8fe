"""`/api/v1/playbooks`: playbooks as programs read and write them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from apiflask import APIBlueprint
from pydantic import Field

from helpdesk.plugin_api import (
    Answer,
    Body,
    Page,
    allow,
    etag,
    get_viewer,
    idempotent,
    if_match,
    limit_argument,
    make_cursor,
    paged,
    read_cursor,
)
from plugins.outage_notice.announcements.api.blueprint import READ, WRITE
from plugins.outage_notice.announcements.api.bodies import (
    Id,
    Level,
    Locale,
    PlanIn,
    ServiceIn,
    TargetIn,
    Text,
    Title,
    plan_from,
    targets_of,
)
from plugins.outage_notice.announcements.api.shapes import PlanEntryOut
from plugins.outage_notice.announcements.rules import Effect, Kind, ServiceEffect
from plugins.outage_notice.audiences.rules import TARGETS_LIMIT, TargetKind
from plugins.outage_notice.playbooks import actions, queries
from plugins.outage_notice.playbooks.models import Playbook
from plugins.outage_notice.playbooks.rules import (
    BLANKS_LIMIT,
    CHECKLIST_LIMIT,
    MINUTES_LIMIT,
    NAME_LIMIT,
    PEOPLE_LIMIT,
    VALUE_LIMIT,
    Blank,
    Briefing,
    Content,
    PlaybookTexts,
    Purpose,
)
from plugins.outage_notice.response.rules import Callee, CallRole

api = APIBlueprint("outage_notice_playbooks_api", __name__, url_prefix="/api/v1/playbooks", tag="Playbooks")
CURSOR = "playbooks"


Minutes = Annotated[int, Field(ge=1, le=MINUTES_LIMIT)]
Line = Annotated[str, Field(max_length=500)]
Short = Annotated[str, Field(max_length=200)]


class PlaybookTextsIn(Body):
    title: Title = ""
    description: Text = ""
    workaround: Text = ""
    automated_reply_text: Text = ""


class BlankIn(Body):
    """`defaults`: what stands in the blank until somebody writes something else, by language."""

    name: Annotated[str, Field(min_length=1, max_length=30)]
    defaults: dict[Locale, Annotated[str, Field(max_length=VALUE_LIMIT)]] = Field(default_factory=dict, max_length=20)


class CalleeIn(Body):
    role: CallRole
    kind: Literal["person", "team"]
    id: Id
    task: Line = ""


class BriefingIn(Body):
    callers_say: Text = ""
    answer: Text = ""
    do_not_promise: Text = ""
    expected_volume: Short = ""


class PlaybookIn(Body):
    """Minutes null: not said; for `eta_minutes` not known yet. `audience` empty: those who use the chosen service.
    `notice_plan` null: the usual one of kind and level.
    """

    name: Annotated[str, Field(max_length=NAME_LIMIT)] = ""
    purpose: Purpose = Purpose.declare
    kind: Kind = Kind.incident
    severity: Level = 2
    locale: Locale = "en"
    title: Title = ""
    description: Text = ""
    workaround: Text = ""
    automated_reply_text: Text = ""
    translations: dict[Locale, PlaybookTextsIn] = Field(default_factory=dict, max_length=20)
    blanks: list[BlankIn] = Field(default_factory=list, max_length=BLANKS_LIMIT)
    services: list[ServiceIn] = Field(default_factory=list, max_length=100)
    audience: list[TargetIn] = Field(default_factory=list, max_length=TARGETS_LIMIT)
    service_words: Short = ""
    effect: Effect = Effect.major_outage
    is_public: bool = False
    mention_in_automated_replies: bool = True
    calls_by_mail: bool = True
    next_update_minutes: Minutes | None = None
    eta_minutes: Minutes | None = None
    duration_minutes: Minutes | None = None
    lead_minutes: Minutes | None = None
    notice_plan: PlanIn | None = None
    checklist: list[Line] = Field(default_factory=list, max_length=CHECKLIST_LIMIT)
    people: list[CalleeIn] = Field(default_factory=list, max_length=PEOPLE_LIMIT)
    briefing: BriefingIn = Field(default_factory=BriefingIn)
    review_on: date | None = None
    owner_id: Id | None = None


class ServiceRefOut(Answer):
    id: int
    effect: Effect


class TargetRefOut(Answer):
    kind: TargetKind
    id: str | int | None


class BlankOut(Answer):
    name: str
    defaults: dict[str, str]


class PlaybookOut(Answer):
    id: int
    revision: int
    slug: str | None
    name: str
    purpose: Purpose
    kind: Kind
    severity: int
    locale: str
    title: str
    description: str
    workaround: str
    automated_reply_text: str
    translations: dict[str, PlaybookTextsIn]
    blanks: list[BlankOut]
    services: list[ServiceRefOut]
    audience: list[TargetRefOut]
    service_words: str
    effect: Effect
    is_public: bool
    mention_in_automated_replies: bool
    calls_by_mail: bool
    next_update_minutes: int | None
    eta_minutes: int | None
    duration_minutes: int | None
    lead_minutes: int | None
    notice_plan: list[PlanEntryOut] | None
    checklist: list[str]
    people: list[CalleeIn]
    briefing: BriefingIn
    review_on: date | None
    owner_id: int | None
    created_at: datetime
    updated_at: datetime


class PlaybookPage(Page[PlaybookOut]):
    """One page of playbooks."""


def changes_of(body: PlaybookIn, before: Content | None = None) -> dict[str, Any]:
    """What was sent, as fields of `Content`."""
    sent: dict[str, Any] = {name: getattr(body, name) for name in body.model_fields_set}
    texts = {name: sent.pop(name) for name in PlaybookTextsIn.model_fields if name in sent}
    if texts:
        present = before.texts if before else PlaybookTexts()
        kept = {name: getattr(present, name) for name in PlaybookTextsIn.model_fields}
        sent["texts"] = PlaybookTexts(**(kept | texts))
    made: dict[str, Any] = {
        "translations": lambda: {code: PlaybookTexts(**t.model_dump()) for code, t in body.translations.items()},
        "blanks": lambda: tuple(Blank(b.name, dict(b.defaults)) for b in body.blanks),
        "services": lambda: tuple(ServiceEffect(s.id, s.effect) for s in body.services),
        "audience": lambda: targets_of(body.audience),
        "notice_plan": lambda: plan_from(body.notice_plan),
        "checklist": lambda: tuple(body.checklist),
        "people": lambda: tuple(Callee(c.role, c.kind, c.id, c.task) for c in body.people),
        "briefing": lambda: Briefing(**body.briefing.model_dump()),
    }
    return sent | {name: make() for name, make in made.items() if name in sent}


def _json(row: Playbook) -> dict[str, Any]:
    return {name: getattr(row, name) for name in PlaybookOut.model_fields}


def _shown(row: Playbook) -> tuple[dict[str, Any], dict[str, str]]:
    return _json(row), etag(row.revision)


@api.get("")
@allow("technician", scope=READ)
@api.output(PlaybookPage)
def list_playbooks() -> Any:
    """Playbooks, in the order in which they were made."""
    limit, after = limit_argument(), read_cursor(CURSOR)
    rows = queries.page_of_playbooks(get_viewer(), limit + 1, after[0] if after else 0)
    cursor = make_cursor(CURSOR, rows[limit - 1].id) if len(rows) > limit else None
    return paged([_json(row) for row in rows[:limit]], cursor)


@api.post("")
@allow("technician", scope=WRITE)
@idempotent
@api.input(PlaybookIn, arg_name="body")
@api.output(PlaybookOut, 201)
def create(body: PlaybookIn) -> Any:
    """A new playbook. A blank in a text must be declared."""
    answer, headers = _shown(actions.create_playbook(get_viewer(), Content(**changes_of(body))))
    return answer, headers | {"Location": f"/api/v1/playbooks/{answer['id']}"}


@api.get("/<int:playbook_id>")
@allow("technician", scope=READ)
@api.output(PlaybookOut)
def show(playbook_id: int) -> Any:
    """One playbook."""
    return _shown(queries.get_playbook(get_viewer(), playbook_id))


@api.patch("/<int:playbook_id>")
@allow("technician", scope=WRITE)
@idempotent
@api.input(PlaybookIn, arg_name="body")
@api.output(PlaybookOut)
def change(playbook_id: int, body: PlaybookIn) -> Any:
    """Change what is sent. `If-Match` carries the revision that was read: 412 when somebody saved in between."""
    viewer = get_viewer()
    before = queries.content_of(queries.get_playbook(viewer, playbook_id))
    return _shown(actions.change_playbook(viewer, playbook_id, changes_of(body, before), if_match()))


@api.delete("/<int:playbook_id>")
@allow("technician", scope=WRITE)
@idempotent
@api.output({}, 204)
def remove(playbook_id: int) -> Any:
    """Delete a playbook. What was made from it stays."""
    actions.delete_playbook(get_viewer(), playbook_id, if_match())
    return ""
