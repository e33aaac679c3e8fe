"""Ending an announcement on its page or on a page of its own, undoing that, and opening it again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from flask import flash, get_template_attribute, redirect, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from markupsafe import Markup, escape

from helpdesk.plugin_api import Invalid, Stale, Viewer, allow, get_viewer, now
from plugins.outage_notice.announcements import actions, queries, rules
from plugins.outage_notice.announcements.forms import EndForm, ReopenForm, ResolveForm
from plugins.outage_notice.announcements.models import Announcement
from plugins.outage_notice.announcements.queries.choices import staff_to_choose
from plugins.outage_notice.announcements.queries.records import require_announcer
from plugins.outage_notice.announcements.rules import Severity, TicketAction
from plugins.outage_notice.announcements.views.blueprint import bp
from plugins.outage_notice.announcements.views.room_facts import RoomFacts, room_facts

# What each ending is called in addresses, which form it needs, and the action behind it.
Act = Callable[..., Announcement]
ACTS: dict[str, tuple[type[Any], Act]] = {
    "resolve": (ResolveForm, actions.resolve),
    "cancel": (EndForm, actions.cancel),
    "withdraw": (EndForm, actions.withdraw),
    "reopen": (ReopenForm, actions.reopen),
}


@bp.route("/announcements/<int:announcement_id>/<any(resolve, cancel, withdraw, reopen):act>", methods=["GET", "POST"])
@allow("technician")
def end(announcement_id: int, act: str) -> ResponseReturnValue:
    viewer = get_viewer()
    require_announcer(viewer)
    facts = room_facts(viewer, announcement_id, now())
    form = _form(viewer, facts, act)
    if not form.is_submitted():
        return _page(facts, act, form)
    if not form.validate():
        return _page(facts, act, form), 422
    more = _resolution(form) if act == "resolve" else form.promises() if act == "reopen" else {}
    try:
        ACTS[act][1](viewer, announcement_id, form.text.data or "", expected_revision=form.revision.data, **more)
    except Invalid as error:
        form.pin(error)
        return _page(facts, act, form), 422
    except Stale as error:
        form.form_errors = [_("Somebody changed this in the meantime. Look at it, then send yours once more.")]
        others = queries.entries_since(announcement_id, form.revision.data or 0)
        form.revision.raw_data, form.revision.data = None, facts.record.revision
        return _page(facts, act, form, others), error.status
    flash(_done(act, announcement_id))
    return redirect(f"/announcements/{announcement_id}")


@bp.get("/announcements/<int:announcement_id>/ending")
@allow("technician")
def ending_part(announcement_id: int) -> str:
    """What the end would do now, alone, for a page that keeps it fresh."""
    return render_template("outage_notice/room_ending.html", room=room_facts(get_viewer(), announcement_id, now()))


@bp.post("/announcements/<int:announcement_id>/undo")
@allow("technician")
def undo(announcement_id: int) -> ResponseReturnValue:
    actions.undo_resolve(get_viewer(), announcement_id)
    flash(_("Undone: the outage goes on. Nobody was mailed, no ticket was changed."))
    return redirect(f"/announcements/{announcement_id}")


def _page(facts: RoomFacts, act: str, form: Any, others: Sequence[queries.Entry] = ()) -> str:
    return render_template("outage_notice/room_act.html", act=act, form=form, room=facts, others=others)


def _form(viewer: Viewer, facts: RoomFacts, act: str, **options: Any) -> Any:
    record = facts.record
    more: dict[str, Any] = {}
    if act == "resolve" and (items := rules.items_to_check(record.kind, record.severity, record.checklist)):
        more = {"items": items, "people": staff_to_choose(viewer.id)}
    if act == "reopen":
        more = {"eta": record.eta if record.eta is not None and record.eta > facts.now else None}
        if (interval := rules.UPDATE_EVERY.get(Severity(record.severity))) is not None:
            more["next_update_at"] = facts.now + interval
    return ACTS[act][0](revision=record.revision, **more, **options)


def _resolution(form: Any) -> dict[str, Any]:
    action = TicketAction(form.tickets.data or TicketAction.solve)
    return {"ended_at": form.ended_at.data, "ticket_action": action, "checked": form.checks.data}


def _done(act: str, announcement_id: int) -> str | Markup:
    words: dict[str, str] = {
        "resolve": _("It is over. Popups are green, automated replies are back to normal."),
        "cancel": _("Cancelled."),
        "withdraw": _("Withdrawn."),
        "reopen": _("Open again. People are told that it is back."),
    }
    if act != "resolve":
        return words[act]
    button = get_template_attribute("outage_notice/room_forms.html", "undo_button")
    return Markup(" ").join((escape(words[act]), Markup(button(announcement_id))))  # noqa: S704  (drawn by a template)


def apart(name: str, form: Any) -> Any:
    """Several forms stand on one page: their controls get ids of their own."""
    for field in form:
        field.id = field.label.field_id = f"{name}-{field.name}"
    return form


def act_forms(viewer: Viewer, facts: RoomFacts) -> dict[str, Any]:
    """The forms of all endings that this person may choose now, by the name of the act."""
    may_end = facts.may_write and facts.is_live
    may_reopen = facts.may_write and rules.can_reopen(facts.record, facts.now)
    return {
        act: apart(act, _form(viewer, facts, act, formdata=None))
        for act in ACTS
        if (may_end and act != "reopen") or (may_reopen and act == "reopen")
    }
