"""The channels as a page, for administrators."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from helpdesk.channels import actions, queries
from helpdesk.core.errors import Conflict
from helpdesk.core.outbox import OutboxRow, OutboxState
from helpdesk.hooks.specs import MenuLink
from helpdesk.web.access import allow, get_viewer
from helpdesk.web.limits import limit

PAGE = "/admin/channels"
bp = Blueprint("channels", __name__, url_prefix=PAGE)

BLUEPRINTS = (bp,)
ADMIN_LINKS = (MenuLink("channels", _l("Channels"), PAGE, "phone"),)
SHOWN = 50
STATE_LABELS = {
    OutboxState.ready: _l("Being tried"),
    OutboxState.done: _l("Sent"),
    OutboxState.dropped: _l("Dropped"),
    OutboxState.dead: _l("Given up"),
}


@bp.get("")
@allow("administrator")
def list_channels() -> str:
    return render_template(
        "admin/channels.html",
        channels=queries.channels(),
        by_key={channel.key: channel for channel in queries.channels()},
        messages=queries.list_messages(SHOWN),
        labels=STATE_LABELS,
        reason=_reason,
    )


def _reason(message: OutboxRow) -> str:
    """Why it was not taken, without the kind of error before it; "" for what was, or was not tried yet."""
    is_open = message.state in (OutboxState.ready, OutboxState.dead)
    return (message.last_error or "").partition(": ")[2] if is_open else ""


@bp.post("/test")
@allow("administrator")
@limit("6/minute")
def send_test() -> ResponseReturnValue:
    try:
        count = actions.send_test(get_viewer())
        said = ngettext("A test message goes to %(num)s channel.", "A test message goes to %(num)s channels.", count)
        flash(said, "ok")
    except Conflict as error:
        flash(str(error.message), "error")
    return redirect(PAGE, 303)


@bp.post("/messages/<message_id>/retry")
@allow("administrator")
def retry_message(message_id: str) -> ResponseReturnValue:
    actions.retry_message(get_viewer(), message_id)
    flash(_("The message is tried again."), "ok")
    return redirect(PAGE, 303)
