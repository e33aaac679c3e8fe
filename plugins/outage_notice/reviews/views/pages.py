"""The review of one announcement: read by staff, written by technicians, and its timeline corrected."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import flash, redirect, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from helpdesk.plugin_api import Conflict, Invalid, NotFound, Stale, Viewer, allow, get_viewer, now
from plugins.outage_notice.announcements.models import Announcement
from plugins.outage_notice.announcements.queries.records import require_announcer
from plugins.outage_notice.announcements.views.room_facts import Line, timeline_lines
from plugins.outage_notice.reviews import actions
from plugins.outage_notice.reviews.forms import ActionForm, CorrectionForm, FeedbackForm, PublishForm, ReviewForm
from plugins.outage_notice.reviews.models import Review
from plugins.outage_notice.reviews.queries.facts import Facts, review_facts
from plugins.outage_notice.reviews.queries.feedback import Answers, answers_of, find_answer
from plugins.outage_notice.reviews.queries.public import is_for_public
from plugins.outage_notice.reviews.queries.records import ActionRow, actions_of, get_reviewed, is_over, name_of, owners
from plugins.outage_notice.reviews.rules import TEXT_FIELDS, Readers, Side, review_due_at
from plugins.outage_notice.reviews.views.blueprint import bp
from plugins.outage_notice.reviews.views.charts import phase_bars

PARTS = ("summary", "root_cause", "contributing", "went_well", "to_improve", "public_summary")


@dataclass(frozen=True, slots=True)
class ReviewPage:
    """Everything a review shows. `review` None: nobody has begun to write."""

    record: Announcement
    review: Review | None
    facts: Facts
    actions: tuple[ActionRow, ...]
    requesters: Answers
    team: Answers
    lines: tuple[tuple[int, Line], ...]
    is_over: bool
    written: int
    writer: str
    due_at: datetime | None
    now: datetime

    @property
    def checks(self) -> tuple[str, ...]:
        """Who checked what before it was over last, in sentences; empty where nobody had to, and while it goes on."""
        return next((line.checks for _id, line in reversed(self.lines) if line.checks), ()) if self.is_over else ()

    @property
    def parts(self) -> int:
        return len(PARTS)

    @property
    def revision(self) -> int:
        return self.review.revision if self.review else 0


def review_page(viewer: Viewer, announcement_id: int, at: datetime) -> ReviewPage:
    """The review of one announcement, for staff. Raises NotFound."""
    record, review = get_reviewed(viewer, announcement_id)
    facts = review_facts(viewer, record, at)
    return ReviewPage(
        record=record,
        review=review,
        facts=facts,
        actions=tuple(actions_of([record.id]).get(record.id, ())),
        requesters=answers_of(record.id, Side.requester),
        team=answers_of(record.id, Side.team),
        lines=tuple(zip((e.id for e in facts.entries), timeline_lines(facts.entries, record), strict=True)),
        is_over=is_over(record, at),
        written=sum(bool(getattr(review, name)) for name in PARTS) if review else 0,
        writer=name_of(review.writer_id if review else record.owner_id),
        due_at=review_due_at(facts.moments.ended_at) if facts.moments.ended_at else None,
        now=at,
    )


@bp.get("/announcements/<int:announcement_id>/review")
@allow("agent")
def show(announcement_id: int) -> str:
    return page(announcement_id)


def page(
    announcement_id: int,
    *,
    action_form: ActionForm | None = None,
    publish_form: PublishForm | None = None,
    team_form: FeedbackForm | None = None,
) -> str:
    """The page, with a form that came back if one did."""
    viewer, at = get_viewer(), now()
    shown = review_page(viewer, announcement_id, at)
    said = find_answer(announcement_id, viewer.id, Side.team)
    return render_template(
        "outage_notice/review.html",
        page=shown,
        bars=phase_bars(shown.facts.phases),
        may_write=viewer.may_announce,
        readers=Readers,
        is_public=is_for_public(shown.record, shown.review, at),
        action_form=action_form or _new_action(at),
        publish_form=publish_form or publish_form_of(shown),
        team_form=team_form
        or FeedbackForm(formdata=None, answer=said.answer if said else None, comment=said.comment if said else ""),
        has_said=said is not None,
    )


def _new_action(at: datetime) -> ActionForm:
    return ActionForm(owners=owners(), formdata=None, due_on=(at + timedelta(days=14)).date())


def publish_form_of(shown: ReviewPage, **options: Any) -> PublishForm:
    readers = shown.review.readers if shown.review else Readers.staff
    return PublishForm(revision=shown.revision, readers=readers.value, **({"formdata": None} | options))


@bp.route("/announcements/<int:announcement_id>/review/edit", methods=["GET", "POST"])
@allow("technician")
def edit(announcement_id: int) -> ResponseReturnValue:
    viewer = get_viewer()
    require_announcer(viewer)
    record, review = get_reviewed(viewer, announcement_id)
    shown = {name: getattr(review, name) for name in (*TEXT_FIELDS, "noticed_at", "found_at")} if review else {}
    cause = review.cause.value if review and review.cause else ""
    form = ReviewForm(revision=review.revision if review else 0, cause=cause, **shown)
    if not form.is_submitted():
        return _edit_page(form, record)
    if not form.validate():
        return _edit_page(form, record), 422
    try:
        actions.save_review(viewer, announcement_id, form.changes(), form.revision.data)
    except Invalid as error:
        form.pin(error)
        return _edit_page(form, record), 422
    except Stale as error:
        return _compare(form, record, error), error.status
    flash(_("The review is saved."))
    return redirect(f"/announcements/{announcement_id}/review")


def _edit_page(form: ReviewForm, record: Announcement, theirs: list[tuple[str, str]] | None = None) -> str:
    facts = review_facts(get_viewer(), record, now())
    return render_template("outage_notice/review_edit.html", form=form, record=record, facts=facts, theirs=theirs)


def _compare(form: ReviewForm, record: Announcement, error: Stale) -> str:
    """Somebody saved in between: their texts stand beside mine, and sending once more saves mine."""
    theirs = [
        (str(getattr(form, name).label.text), str(error.current[name]))
        for name in TEXT_FIELDS
        if error.current[name] and error.current[name] != (getattr(form, name).data or "")
    ]
    form.revision.raw_data, form.revision.data = None, error.current["revision"]
    return _edit_page(form, record, theirs)


@bp.post("/announcements/<int:announcement_id>/review/publish")
@allow("technician")
def publish(announcement_id: int) -> ResponseReturnValue:
    viewer = get_viewer()
    shown = review_page(viewer, announcement_id, now())
    require_announcer(viewer)
    form = PublishForm(revision=shown.revision)
    if not form.validate():
        return page(announcement_id, publish_form=form), 422
    try:
        actions.publish_review(viewer, announcement_id, Readers(form.readers.data), form.revision.data)
    except Invalid as error:
        form.readers.errors = [message for messages in error.fields.values() for message in messages]
        return page(announcement_id, publish_form=form), 422
    except (Stale, Conflict) as error:
        form.readers.errors = [error.message]
        form.revision.raw_data, form.revision.data = None, shown.revision
        return page(announcement_id, publish_form=form), error.status
    flash(_("The review is published."))
    return redirect(f"/announcements/{announcement_id}/review")


@bp.post("/announcements/<int:announcement_id>/review/take-back")
@allow("technician")
def take_back(announcement_id: int) -> ResponseReturnValue:
    try:
        actions.take_review_back(get_viewer(), announcement_id)
    except Conflict as error:
        flash(str(error.message), "error")
    else:
        flash(_("The review is a draft again. Only staff see it."))
    return redirect(f"/announcements/{announcement_id}/review")


@bp.route("/announcements/<int:announcement_id>/timeline/<int:entry_id>/correct", methods=["GET", "POST"])
@allow("technician")
def correct(announcement_id: int, entry_id: int) -> ResponseReturnValue:
    viewer = get_viewer()
    require_announcer(viewer)
    shown = review_page(viewer, announcement_id, now())
    line = dict(shown.lines).get(entry_id)
    if line is None:
        raise NotFound(_("There is no such entry in this timeline."))
    form = CorrectionForm()
    if not form.is_submitted():
        return render_template("outage_notice/review_correct.html", page=shown, line=line, form=form)
    if not form.validate():
        return render_template("outage_notice/review_correct.html", page=shown, line=line, form=form), 422
    actions.correct_entry(viewer, announcement_id, entry_id, form.text.data or "")
    flash(_("The correction stands in the timeline, beside the entry."))
    return redirect(f"/announcements/{announcement_id}/review#timeline")
