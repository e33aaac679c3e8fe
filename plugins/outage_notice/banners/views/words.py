"""Words of the notices: for the templates, and translated for the page's script."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext, pgettext

from plugins.outage_notice.announcements.forms.words import STATUS_NAMES


def _(text: str, /, **values: object) -> str:
    return str(gettext(text, **values))


def incident_label(severity: int) -> str:
    return {
        1: _("Critical incident"),
        2: _("Major incident"),
        3: _("Minor incident"),
        4: _("Incident of low impact"),
    }[severity]


def kind_label(banner: Mapping[str, Any]) -> str:
    """ "Critical incident", "Planned maintenance", …"""
    if banner["kind"] == "information":
        return _("Information")
    if banner["kind"] == "maintenance":
        return _("Maintenance running") if banner["phase"] == "active" else _("Planned maintenance")
    return incident_label(banner["severity"])


def status_label(status: str) -> str:
    return str(STATUS_NAMES[status])


def snooze_label(banner: Mapping[str, Any]) -> str:
    if banner["must_confirm"]:
        return _("Remind me in 5 minutes")
    if banner["kind"] == "maintenance" and banner["phase"] == "upcoming":
        return _("Remind me before the start")
    return _("In 1 hour")


def script_words() -> dict[str, str]:
    """What static/js/cards.js and notices.js say; {name} is replaced there."""
    return {
        **{f"incident_{n}": incident_label(n) for n in (1, 2, 3, 4)},
        "information": _("Information"),
        "maintenance_running": _("Maintenance running"),
        "maintenance_planned": _("Planned maintenance"),
        "by": _("by"),
        "since": _("since"),
        "was": _("was"),
        "about": _("about"),
        "estimate": _("estimate"),
        "not_known": _("not known yet"),
        "new_estimate": _("A new estimate follows."),
        "overrun": _("It takes longer than planned."),
        "was_due_at": _("was due at"),
        "reminded": _("We have reminded the team."),
        "bar_was_due": _("The next update was due at"),
        "bar_next": _("Next update by"),
        "snooze_confirm": _("Remind me in 5 minutes"),
        "snooze_start": _("Remind me before the start"),
        "snooze_hour": _("In 1 hour"),
        "more_one": _("1 more notice"),
        "more_many": _("%(count)s more notices", count="{count}"),
        "bell": _("Notices, active: %(count)s", count="{count}"),
        "flag_new": str(pgettext("announcement", "New")),
        "flag_level": _("Now: %(kind)s", kind="{kind}"),
        "say_new": _("%(kind)s: %(title)s.", kind="{kind}", title="{title}"),
        "say_update": _("Update on %(title)s. %(text)s", title="{title}", text="{text}"),
        "say_resolved": _("Resolved: %(title)s.", title="{title}"),
        "say_cancelled": _("Cancelled: %(title)s.", title="{title}"),
        "say_withdrawn": _("Published by mistake: %(title)s.", title="{title}"),
        "say_not_for_you": _("No longer concerns you: %(title)s.", title="{title}"),
        "ending_resolved": _("Resolved"),
        "ending_cancelled": _("Cancelled"),
        "ending_withdrawn": _("Published by mistake"),
        "ending_not_for_you": _("No longer concerns you"),
        "ending_text_cancelled": _("It does not take place."),
        "ending_text_withdrawn": _("There is no problem. We are sorry for the confusion."),
        "works_again": _("Over: %(title)s", title="{title}"),
        "did_read": _("Marked as read. %(title)s stays in the bar at the top until it is over.", title="{title}"),
        "did_hidden": _("Hidden. You find it again under Notices."),
        "did_snoozed": _("Put off. It comes back by itself, or when something changes."),
        "did_affected": _("Noted. You follow this now; we write when it works."),
        "receipt_failed": _("That did not work. Try again."),
        "stale": _("No connection. Notices as of %(time)s. Trying again…", time="{time}"),
        "offline": _("You are offline. Notices as of %(time)s. What you type is kept.", time="{time}"),
        "offline_notice": _("You are offline. %(title)s: as of %(time)s.", title="{title}", time="{time}"),
        "connected": _("Connected again. Nothing was lost."),
        "connection": _("Connection"),
    }
