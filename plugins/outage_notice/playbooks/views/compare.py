"""Two versions of a playbook side by side, field by field of its form."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _

from plugins.outage_notice.announcements.forms.words import EFFECT_NAMES, KIND_NAMES, LANGUAGE_NAMES, LEVEL_NAMES
from plugins.outage_notice.announcements.queries.choices import announcers, services_to_choose
from plugins.outage_notice.announcements.rules import entry_words, in_order
from plugins.outage_notice.announcements.views.rows import target_label
from plugins.outage_notice.audiences import queries as audiences
from plugins.outage_notice.playbooks.forms import PlaybookForm, values_of
from plugins.outage_notice.playbooks.forms.words import PURPOSE_NAMES
from plugins.outage_notice.playbooks.rules import Content
from plugins.outage_notice.response.queries.calls import staff_to_call, teams_to_call
from plugins.outage_notice.response.wording import ROLE_NAMES

_NAMES: dict[str, Any] = {
    "purpose": PURPOSE_NAMES,
    "kind": KIND_NAMES,
    "severity": {str(int(level)): name for level, name in LEVEL_NAMES.items()},
    "effect": EFFECT_NAMES,
    "locale": LANGUAGE_NAMES,
}


def differences(form: PlaybookForm, saved: Content) -> list[dict[str, str]]:
    """What differs from what is saved now: label, mine and theirs as text, in the order of the form."""
    mine, theirs = values_of(form.content()), values_of(saved)
    found = []
    for name in (field.name for field in form if field.name in mine or field.name in theirs):
        own, other = _shown(name, mine.get(name)), _shown(name, theirs.get(name))
        if own != other:
            found.append({"label": _label(form, name), "mine": own, "theirs": other})
    return found


def _label(form: PlaybookForm, name: str) -> str:
    language = name.rpartition("_")[2]
    label = str(form[name].label.text)
    return f"{label} ({LANGUAGE_NAMES[language]})" if language in LANGUAGE_NAMES else label


def _shown(name: str, value: Any) -> str:
    if value is None or (value == () and name != "notice_plan") or value == "":
        return ""
    if isinstance(value, bool):
        return str(_("Yes") if value else _("No"))
    if name in _NAMES:
        return str(_NAMES[name].get(value, value))
    if name == "services":
        names = dict(services_to_choose(s.service_id for s in value))
        return "\n".join(f"{names.get(s.service_id, '')}: {EFFECT_NAMES[s.effect]}" for s in value)
    if name == "audience":
        known = audiences.target_names(value)
        return "\n".join(target_label(target, known) for target in value)
    if name == "people":
        return _people(value)
    if name == "notice_plan":
        return "\n".join(str(entry_words(entry)) for entry in in_order(value)) or "–"
    return announcers([value]).get(value, "") if name == "owner_id" else str(value)


def _people(callees: Any) -> str:
    named = {"person": dict(staff_to_call()), "team": dict(teams_to_call())}
    lines = (f"{named[c.kind].get(c.id, '')} ({ROLE_NAMES[c.role]}) {c.task}".strip() for c in callees)
    return "\n".join(lines)
