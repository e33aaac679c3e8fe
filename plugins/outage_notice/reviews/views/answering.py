"""What people say about our messages: those affected on the notice's page, the team on the review."""

from __future__ import annotations

from datetime import datetime

from flask import flash, redirect, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from helpdesk.plugin_api import Conflict, Viewer, allow, db, get_viewer, limit, now
from plugins.outage_notice.announcements.models import Announcement
from plugins.outage_notice.announcements.queries import Notice, get_notice
from plugins.outage_notice.announcements.rules import Phase
from plugins.outage_notice.reviews import actions
from plugins.outage_notice.reviews.forms import FeedbackForm
from plugins.outage_notice.reviews.queries.facts import review_facts
from plugins.outage_notice.reviews.queries.feedback import find_answer
from plugins.outage_notice.reviews.queries.records import find_published, get_published
from plugins.outage_notice.reviews.rules import Answer, Readers, Side
from plugins.outage_notice.reviews.views.blueprint import bp
from plugins.outage_notice.reviews.views.charts import phase_bars
from plugins.outage_notice.reviews.views.pages import page


def notice_part(announcement_id: int, viewer: Viewer, at: datetime) -> str:
    """Under a notice that is over: the question about our messages, and the way to the review."""
    notice = get_notice(viewer, announcement_id, at)
    if notice.phase is not Phase.over:
        return ""
    return _notice_part(notice, viewer, at, None)


def _notice_part(notice: Notice, viewer: Viewer, at: datetime, form: FeedbackForm | None) -> str:
    said = find_answer(notice.announcement.id, viewer.id, Side.requester)
    shown = FeedbackForm(formdata=None, answer=said.answer if said else None, comment=said.comment if said else "")
    return render_template(
        "outage_notice/review_notice.html",
        id=notice.announcement.id,
        form=form or shown,
        has_said=said is not None,
        has_review=find_published(viewer, notice.announcement.id, at) is not None,
    )


@bp.route("/notices/<int:announcement_id>/feedback", methods=["GET", "POST"])
@allow("requester")
@limit("60/minute")
def feedback(announcement_id: int) -> ResponseReturnValue:
    """The question on a page of its own: where a form with a mistake comes back to."""
    viewer, at = get_viewer(), now()
    notice = get_notice(viewer, announcement_id, at)
    form = FeedbackForm()
    if not form.is_submitted():
        return redirect(f"/notices/{announcement_id}#feedback")
    if not form.validate():
        part = _notice_part(notice, viewer, at, form)
        return render_template("outage_notice/review_feedback.html", notice=notice, part=part), 422
    try:
        actions.give_feedback(
            viewer, announcement_id, Side.requester, Answer(form.answer.data), form.comment.data or ""
        )
    except Conflict as error:
        flash(str(error.message), "error")
    else:
        flash(_("Thank you. You can change your answer here."))
    return redirect(f"/notices/{announcement_id}#feedback")


@bp.post("/announcements/<int:announcement_id>/review/feedback")
@allow("agent")
def team_feedback(announcement_id: int) -> ResponseReturnValue:
    form = FeedbackForm()
    if not form.validate():
        return page(announcement_id, team_form=form), 422
    try:
        actions.give_feedback(
            get_viewer(), announcement_id, Side.team, Answer(form.answer.data), form.comment.data or ""
        )
    except Conflict as error:
        flash(str(error.message), "error")
    else:
        flash(_("Thank you. You can change your answer here."))
    return redirect(f"/announcements/{announcement_id}/review#team")


@bp.get("/notices/<int:announcement_id>/review")
@allow("requester")
def published(announcement_id: int) -> str:
    """What those affected may read of a review: its summary, or more if they were given more."""
    viewer, at = get_viewer(), now()
    found = get_published(viewer, announcement_id, at)
    facts = review_facts(viewer, db.session.get_one(Announcement, announcement_id), at)
    lang, texts = found.announcement.texts_in(viewer.locale)
    return render_template(
        "outage_notice/review_published.html",
        found=found,
        lang=lang,
        title=texts.title,
        facts=facts,
        bars=phase_bars(facts.phases),
        everything=found.review.readers is Readers.affected,
    )
