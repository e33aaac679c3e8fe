"""Durations, days and figures as they are said."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from babel.dates import format_date, format_datetime
from flask_babel import format_decimal, format_percent, get_locale
from flask_babel import gettext as _

from helpdesk.plugin_api import get_viewer
from plugins.outage_notice.announcements.rules.times import zone_of
from plugins.outage_notice.announcements.rules.vocabulary import Kind
from plugins.outage_notice.response.rules import PromiseKind

HOUR, DAY = 60, 24 * 60
DEPARTMENTS_SHOWN = 25


def spent(minutes: float | None) -> str:
    """A duration such as "17 min", "1 h 35 min" or "3 d 4 h"; "–" for None."""
    if minutes is None:
        return "–"
    whole = round(minutes)
    if whole < HOUR:
        return str(_("%(minutes)s min", minutes=whole))
    if whole < 2 * DAY:
        hours, rest = divmod(whole, HOUR)
        if not rest:
            return str(_("%(hours)s h", hours=hours))
        return str(_("%(hours)s h %(minutes)s min", hours=hours, minutes=rest))
    days, rest = divmod(round(whole / HOUR), 24)
    if not rest:
        return str(_("%(days)s d", days=format_decimal(days)))
    return str(_("%(days)s d %(hours)s h", days=format_decimal(days), hours=rest))


def length(duration: timedelta) -> str:
    return spent(duration / timedelta(minutes=1))


def percent(share: float | None, digits: int = 0) -> str:
    """A share in the reader's language; "–" for None."""
    if share is None:
        return "–"
    return str(format_percent(share, "#,##0" + ("." + "0" * digits if digits else "") + " %"))


def whole_day(day: date) -> str:
    """A date with its weekday."""
    return format_date(day, "EEE d MMM y", locale=get_locale())


def moment_text(moment: datetime | None) -> str:
    """A moment in the reader's zone, with its date; for texts that no page script looks at."""
    if moment is None:
        return "–"
    local = moment.astimezone(zone_of(get_viewer().time_zone or "UTC"))
    return format_datetime(local, "d MMM y, HH:mm", tzinfo=None, locale=get_locale())


def clock_text(moment: datetime) -> str:
    return format_datetime(moment.astimezone(zone_of(get_viewer().time_zone or "UTC")), "HH:mm", locale=get_locale())


def promise_names() -> dict[PromiseKind, str]:
    return {
        PromiseKind.first_message: _("First message in time"),
        PromiseKind.response: _("Answered by the team in time"),
        PromiseKind.update: _("Updates sent by the promised time"),
        PromiseKind.eta: _("Over by the expected time"),
        PromiseKind.end: _("Over by the planned end"),
        PromiseKind.resolution: _("Resolved in time"),
    }


def points(text: str) -> list[str]:
    """One point for each line that says something."""
    return [line.strip().removeprefix("- ").strip() for line in text.splitlines() if line.strip()]


def kind_word(kind: Kind) -> str:
    return str(
        {Kind.incident: _("Outage"), Kind.maintenance: _("Maintenance"), Kind.information: _("Information")}[kind]
    )


WORDS: dict[str, Any] = {
    "clock_text": clock_text,
    "departments_shown": DEPARTMENTS_SHOWN,
    "length": length,
    "moment_text": moment_text,
    "percent": percent,
    "points": points,
    "promise_names": promise_names,
    "spent": spent,
    "whole_day": whole_day,
}
