"""The surge hint above the queue, its buttons, and the page of its limits."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from helpdesk.plugin_api import Conflict, HelpdeskError, Invalid, NotFound, Viewer, allow, get_viewer, now
from plugins.outage_notice.announcements.queries.records import require_announcer
from plugins.outage_notice.outages.actions import surges as actions
from plugins.outage_notice.outages.actions.surge_calls import answer_surge_call, call_technicians
from plugins.outage_notice.outages.actions.surge_limits import change_limits
from plugins.outage_notice.outages.forms import SurgeLimitsForm
from plugins.outage_notice.outages.queries.surge_calls import calls_of_surge, open_surge_calls_of
from plugins.outage_notice.outages.queries.surge_tickets import tickets_of_surge
from plugins.outage_notice.outages.queries.surges import (
    SurgeView,
    get_surge,
    present_surge,
    read_limits,
    view_of,
)
from plugins.outage_notice.outages.rules.surges import Limits
from plugins.outage_notice.outages.surge_wording import about as about_of
from plugins.outage_notice.outages.surge_wording import headline
from plugins.outage_notice.outages.views.blueprint import bp

NAMES_SHOWN = 4
BAR_WIDTH, BAR_GAP, BAR_TOP, SPARK_HEIGHT = 12, 5, 2, 42


@bp.get("/outages/surge")
@allow("agent")
def show_hint() -> ResponseReturnValue:
    """The hint alone, which the queue's script asks for when the queue has changed."""
    return hint(get_viewer(), now())


@bp.get("/outages/surges/<int:surge_id>/tickets")
@allow("agent")
def show_tickets(surge_id: int) -> ResponseReturnValue:
    """The tickets of one surge, and no others."""
    surge = get_surge(get_viewer(), surge_id)
    view = view_of(surge, now())
    return render_template("outage_notice/surge_tickets.html", title=headline(view), tickets=tickets_of_surge(surge))


@bp.post("/outages/surges/<int:surge_id>/silence")
@allow("agent")
def silence(surge_id: int) -> ResponseReturnValue:
    """Not an outage."""
    try:
        surge = actions.silence(get_viewer(), surge_id)
        minutes = round(((surge.silenced_until or now()) - (surge.settled_at or now())).total_seconds() / 60)
        said = ngettext("No hint about this for %(num)s minute.", "No hint about this for %(num)s minutes.", minutes)
        flash(said, "ok")
    except NotFound:
        raise
    except HelpdeskError as error:
        flash(str(error.message), "error")
    return redirect("/tickets", 303)


@bp.post("/outages/surges/<int:surge_id>/call")
@allow("agent")
def call(surge_id: int) -> ResponseReturnValue:
    """Tell a technician."""
    try:
        names = call_technicians(get_viewer(), surge_id)
        flash(_("Called: %(names)s.", names=_some(names)), "ok")
    except Conflict as error:
        flash(str(error.message), "error")
    return redirect("/tickets", 303)


@bp.post("/outages/surges/<int:surge_id>/answer")
@allow("technician")
def answer(surge_id: int) -> ResponseReturnValue:
    """I have it."""
    answer_surge_call(get_viewer(), surge_id)
    flash(_("You have it. The others see it."), "ok")
    return redirect("/tickets", 303)


@bp.post("/outages/surges/<int:surge_id>/declare")
@allow("technician")
def declare(surge_id: int) -> ResponseReturnValue:
    """Open the composer, filled from the surge."""
    try:
        draft = actions.declare(get_viewer(), surge_id)
    except NotFound:
        raise
    except HelpdeskError as error:
        flash(str(error.message), "error")
        return redirect("/tickets", 303)
    page = f"/announcements/{draft.id}"
    return redirect(page if draft.published_at else f"{page}/edit", 303)


@bp.route("/announcements/surges", methods=["GET", "POST"])
@allow("technician")
def limits() -> ResponseReturnValue:
    """From when on many tickets are a surge."""
    viewer, present = get_viewer(), read_limits()
    require_announcer(viewer)
    form = SurgeLimitsForm(obj=present)
    if not form.is_submitted():
        return render_template("outage_notice/surge_limits.html", form=form, defaults=Limits())
    if form.validate():
        try:
            change_limits(viewer, form.limits())
            flash(_("The change is saved."), "ok")
            return redirect(url_for("outage_notice_outages.limits"), 303)
        except Invalid as error:
            form.pin(error)
    return render_template("outage_notice/surge_limits.html", form=form, defaults=Limits()), 422


def hint(viewer: Viewer, moment: datetime) -> str:
    """The place of the hint: empty while there is none, so that the script can fill it."""
    view = present_surge(moment)
    return render_template(
        "outage_notice/surge_hint.html",
        view=view,
        may_declare=viewer.may_announce,
        **({} if view is None else _words(view) | _call_words(view, viewer)),
    )


def draw_call_bars(viewer: Viewer, moment: datetime) -> str:
    """The surges that this person is called for and that nobody has; "" without any."""
    views = open_surge_calls_of(viewer.id, moment) if viewer.may_announce else []
    if not views:
        return ""
    bars = [
        {"surge_id": view.surge.id, "words": headline(view), "caller": calls_of_surge(view.surge.id)[0].caller or "–"}
        for view in views
    ]
    return render_template("outage_notice/surge_calls.html", bars=bars)


def _call_words(view: SurgeView, viewer: Viewer) -> dict[str, Any]:
    """Who was called and who has it, and whether this person may say so."""
    calls = calls_of_surge(view.surge.id)
    mine = next((call for call in calls if call.user_id == viewer.id), None)
    return {
        "called": _some([call.name for call in calls]),
        "caller": calls[0].caller if calls else None,
        "has_it": next((call for call in calls if call.answered_at is not None), None),
        "may_answer": mine is not None and mine.answered_at is None,
        "calls_state": sum(1 + (call.answered_at is not None) for call in calls),
    }


def _some(names: Sequence[str]) -> str:
    """The first names, and how many more."""
    first = ", ".join(names[:NAMES_SHOWN])
    more = len(names) - NAMES_SHOWN
    if more <= 0:
        return first
    return str(ngettext("%(names)s and %(num)s more", "%(names)s and %(num)s more", more, names=first))


def _words(view: SurgeView) -> dict[str, Any]:
    evidence = view.evidence
    low, high = evidence.normal_range
    about = about_of(view)
    title = ngettext(
        "%(num)s ticket about %(about)s in %(minutes)s minutes. Declare an outage?",
        "%(num)s tickets about %(about)s in %(minutes)s minutes. Declare an outage?",
        evidence.tickets,
        about=about,
        minutes=evidence.minutes,
    )
    usual = str(low) if low == high else _("%(low)s or %(high)s", low=low, high=high)
    sentences = [_("Normal for this hour: %(usual)s.", usual=usual), _departments(view), _phrase(view)]
    bars = evidence.bars
    return {
        "title": title,
        "sentences": [s for s in sentences if s],
        "bars": [_bar(n, count, max(bars)) for n, count in enumerate(bars)],
        "bars_text": _(
            "Tickets about %(about)s in each %(minutes)s minutes, oldest first: %(counts)s",
            about=about,
            minutes=view.surge.window_minutes,
            counts=", ".join(map(str, bars)),
        ),
        "see_url": url_for("outage_notice_outages.show_tickets", surge_id=view.surge.id),
    }


def _departments(view: SurgeView) -> str:
    found = view.evidence.departments
    if not found:
        return ""
    if len(found) == 1:
        return str(_("All from %(department)s.", department=found[0][0]))
    if len(found) == 2:
        return str(_("From %(first)s and %(second)s.", first=found[0][0], second=found[1][0]))
    if found[0][1] + found[1][1] >= 0.6 * view.evidence.people:
        return str(_("Mostly %(first)s and %(second)s.", first=found[0][0], second=found[1][0]))
    return str(ngettext("From %(num)s department.", "From %(num)s departments.", len(found)))


def _phrase(view: SurgeView) -> str:
    shared = view.evidence.phrase
    if shared is None:
        return ""
    total = view.evidence.tickets
    return str(_("“%(phrase)s” in %(count)s of %(total)s.", phrase=shared.phrase, count=shared.count, total=total))


def _bar(position: int, count: int, most: int) -> dict[str, int]:
    height = max(1, round(count / most * (SPARK_HEIGHT - BAR_TOP))) if most else 1
    return {"x": 2 + position * (BAR_WIDTH + BAR_GAP), "y": SPARK_HEIGHT - height, "height": height}
