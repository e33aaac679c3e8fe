"""What was said in public, in the words of the timeline: to whom, on which channels, which texts; and what an edit made
of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from babel.dates import format_datetime
from flask_babel import get_locale, ngettext
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from helpdesk.plugin_api import get_viewer
from plugins.outage_notice.announcements.forms.words import EFFECT_NAMES, LANGUAGE_NAMES, LEVEL_NAMES
from plugins.outage_notice.announcements.rules import Effect
from plugins.outage_notice.announcements.rules.times import zone_of
from plugins.outage_notice.announcements.views.compare import LABELS
from plugins.outage_notice.announcements.views.rows import NAMES_SHOWN, target_label
from plugins.outage_notice.audiences.rules import Target, TargetKind

EXCERPT = 240  # characters of one text: a page holds many entries, and the record has all of it
CHANNEL_NAMES: Mapping[str, Any] = {
    "banner": _l("on screens and in the notice list"),
    "dialog": _l("to be confirmed"),
    "mail": _l("by e-mail"),
    "automated_replies": _l("in automated replies"),
    "public": _l("before sign-in"),
}
TIMES = frozenset({"starts_at", "planned_end_at", "show_from", "show_until", "eta", "next_update_at"})


@dataclass(frozen=True, slots=True)
class Told:
    """One thing that was said: its name, what it says, and what it said before an edit ("" when it is new)."""

    label: str
    text: str
    former: str = ""

    @property
    def sentence(self) -> str:
        """For pages without marks."""
        if not self.former:
            return f"{self.label}: {self.text}"
        return str(_("%(what)s: %(text)s (before: %(former)s)", what=self.label, text=self.text, former=self.former))


def told_in(kind: str, data: Mapping[str, Any]) -> tuple[Told, ...]:
    """What an entry of this kind keeps of what was said. Nothing in entries of other kinds, and in old ones."""
    if kind == "published" and "texts" in data:
        return tuple(_differences({}, {name: data[name] for name in ("audience", "channels", "services", "texts")}))
    if kind == "edited" and data.get("after"):
        return tuple(_differences(data.get("before") or {}, data["after"]))
    return ()


def _differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Told]:
    for name, value in after.items():
        if name == "texts":
            yield from _texts(before.get(name) or {}, value)
        elif name in LABELS or name in WORDS:
            former = _words(name, before[name]) if name in before else ""
            yield Told(str(_label(name)), _words(name, value) or "–", former)


def _label(name: str) -> Any:
    return _l("Channels") if name == "channels" else LABELS[name]


def _texts(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Told]:
    for locale in dict.fromkeys([*after, *before]):
        old, new = before.get(locale, {}), after.get(locale, {})
        language = LANGUAGE_NAMES.get(locale, locale)
        for name in dict.fromkeys([*new, *old]):
            if old.get(name) or new.get(name):
                label = f"{LABELS[name]} ({language})" if name in LABELS else name
                yield Told(label, _excerpt(new.get(name) or "–"), _excerpt(old.get(name) or ""))


def _excerpt(text: str) -> str:
    return text if len(text) <= EXCERPT else text[:EXCERPT].rstrip() + "…"


def _words(name: str, value: Any) -> str:
    if name in WORDS:
        return str(WORDS[name](value))
    if isinstance(value, bool):
        return str(_("Yes") if value else _("No"))
    if name in TIMES and value:
        zone = zone_of(get_viewer().time_zone or "UTC")
        moment = datetime.fromisoformat(value).astimezone(zone)
        return str(format_datetime(moment, "d MMM y, HH:mm", tzinfo=None, locale=get_locale()))
    return _excerpt(str(value or ""))


def _people(audience: Mapping[str, str]) -> str:
    """Such as "Finance, Sales and 2 more"; people who were chosen by name are only counted."""
    labels, persons = [], 0
    for text, name in audience.items():
        kind, _colon, id = text.partition(":")
        target = Target(TargetKind(kind), id or None)
        if target.kind is TargetKind.requester:
            persons += 1
        else:
            labels.append(target_label(target, {target: name}))
    if persons:
        labels.append(ngettext("%(num)s person by name", "%(num)s people by name", persons))
    return _listed(labels)


def _services(services: Mapping[str, Mapping[str, str]]) -> str:
    return ", ".join(f"{one['name']}: {EFFECT_NAMES[Effect(one['effect'])]}" for one in services.values())


def _channels(names: Iterable[str]) -> str:
    return ", ".join(str(CHANNEL_NAMES[name]) for name in names if name in CHANNEL_NAMES)


def _listed(labels: list[str]) -> str:
    more = len(labels) - NAMES_SHOWN
    text = ", ".join(labels[:NAMES_SHOWN])
    return f"{text} {ngettext('and %(num)s more', 'and %(num)s more', more)}" if more > 0 else text


WORDS: Mapping[str, Any] = {
    "audience": _people,
    "channels": _channels,
    "services": _services,
    "severity": lambda level: LEVEL_NAMES.get(level, level),
}
