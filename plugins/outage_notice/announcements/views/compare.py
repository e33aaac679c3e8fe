"""Two versions of an announcement side by side."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from babel.dates import format_datetime
from flask_babel import get_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from plugins.outage_notice.announcements.forms.words import EFFECT_NAMES, KIND_NAMES, LEVEL_NAMES
from plugins.outage_notice.announcements.queries.choices import announcers, services_to_choose
from plugins.outage_notice.announcements.rules import Draft
from plugins.outage_notice.announcements.rules.times import zone_of
from plugins.outage_notice.announcements.views.plan import plan_text
from plugins.outage_notice.announcements.views.rows import target_label
from plugins.outage_notice.audiences import queries as audiences

LABELS: Mapping[str, Any] = {
    "kind": _l("Kind"),
    "severity": _l("How serious"),
    "title": _l("Title"),
    "description": _l("What they notice"),
    "workaround": _l("What they can do now"),
    "locale": _l("Language of these texts"),
    "translations": _l("Other languages"),
    "services": _l("Affected services"),
    "audience": _l("Who sees it"),
    "must_confirm": _l("People must confirm before they continue"),
    "show_from": _l("Show from"),
    "show_until": _l("Show until"),
    "starts_at": _l("Start"),
    "planned_end_at": _l("Planned end"),
    "ends_by_itself": _l("Ends by itself at the planned end"),
    "recurrence": _l("Repeats"),
    "time_zone": _l("Time zone"),
    "eta": _l("Expected fix"),
    "next_update_at": _l("Next update by"),
    "notice_plan": _l("Notice plan"),
    "mention_in_automated_replies": _l("Mention in automated replies"),
    "automated_reply_text": _l("Own words in the automated reply"),
    "keywords": _l("Words that point to this in tickets"),
    "is_drill": _l("This is a drill"),
    "drill_minutes": _l("The drill ends after"),
    "is_public": _l("Also before sign-in, when it is critical"),
    "owner_id": _l("Owner"),
    "checklist": _l("Checked before it is resolved"),
}


def differences(mine: Draft, theirs: Draft) -> list[dict[str, Any]]:
    """What differs: label, mine and theirs as text, in the order of the form."""
    return [
        {"field": name, "label": label, "mine": _shown(name, mine), "theirs": _shown(name, theirs)}
        for name, label in LABELS.items()
        if _shown(name, mine) != _shown(name, theirs)
    ]


def _shown(name: str, draft: Draft) -> str:
    value = getattr(draft, name)
    if isinstance(value, datetime):
        zone = zone_of(draft.time_zone)
        return str(format_datetime(value.astimezone(zone), "EEE d MMM y, HH:mm", tzinfo=zone, locale=get_locale()))
    if isinstance(value, bool):
        return str(_("Yes") if value else _("No"))
    if name == "kind":
        return str(KIND_NAMES[value])
    if name == "severity":
        return str(LEVEL_NAMES.get(value, value))
    if name == "notice_plan":
        return plan_text(draft)
    if name == "services":
        names = dict(services_to_choose(s.service_id for s in value))
        return ", ".join(sorted(f"{names.get(s.service_id, '')}: {EFFECT_NAMES[s.effect]}" for s in value))
    if name == "audience":
        known = audiences.target_names(value)
        return ", ".join(sorted(target_label(t, known) for t in value))
    if name == "translations":
        return "\n".join(f"{code}: {t.title}\n{t.description}\n{t.workaround}" for code, t in sorted(value.items()))
    if name == "owner_id":
        return announcers([value]).get(value, "")
    return str(value or "")
