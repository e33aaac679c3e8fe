"""What an announcement says in public, as the timeline keeps it: texts, audience, services and channels."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select

from helpdesk.plugin_api import Service, db
from plugins.outage_notice.announcements.models import Announcement
from plugins.outage_notice.announcements.rules import Draft, Texts, mails_before, plan_of
from plugins.outage_notice.audiences import queries as audiences
from plugins.outage_notice.audiences.rules import Target, TargetKind

# What people are told besides the texts. Everything else of a draft is the team's own.
PUBLIC_FIELDS = (
    "severity", "starts_at", "planned_end_at", "ends_by_itself", "recurrence", "time_zone", "show_from", "show_until",
    "eta", "next_update_at", "automated_reply_text",
)  # fmt: skip
TEXT_NAMES = ("title", "description", "workaround")


def said_in(draft: Draft) -> dict[str, Any]:
    """All of it: `texts` by language, `audience` (names by target), `services` (name and effect by id), `channels`."""
    return _said(draft, *_names([draft]))


def promised_in(record: Announcement) -> dict[str, Any]:
    """When people were told that the next update comes and the end is expected, for the timeline."""
    times = {"next_update_at": record.next_update_at, "eta": record.eta}
    return {name: None if moment is None else moment.isoformat() for name, moment in times.items()}


def said_anew(before: Draft, after: Draft) -> tuple[dict[str, Any], dict[str, Any]]:
    """What differs in public between two states of an announcement: as it was, and as it is; of texts, only those."""
    names = _names([before, after])
    former, present = ({**_said(draft, *names), **_plain(draft)} for draft in (before, after))
    changed = [name for name in present if former[name] != present[name]]
    old, new = {name: former[name] for name in changed}, {name: present[name] for name in changed}
    if "texts" in new:
        one, two = old["texts"], new["texts"]
        old["texts"], new["texts"] = _without(one, two), _without(two, one)
    return old, new


def _said(draft: Draft, people: Mapping[Target, str], services: Mapping[int, str]) -> dict[str, Any]:
    texts = {**draft.translations, draft.locale: Texts(draft.title, draft.description, draft.workaround)}
    return {
        "texts": {locale: {name: getattr(one, name) for name in TEXT_NAMES} for locale, one in sorted(texts.items())},
        "audience": {target_text(target): people.get(target, "") for target in draft.audience},
        "services": {
            str(one.service_id): {"name": services.get(one.service_id, ""), "effect": one.effect.value}
            for one in draft.services
        },
        "channels": _channels(draft),
    }


def _channels(draft: Draft) -> list[str]:
    is_used = {
        "banner": True,
        "dialog": draft.must_confirm,
        "mail": bool(mails_before(plan_of(draft))),
        "automated_replies": draft.mention_in_automated_replies and not draft.is_drill,
        "public": draft.is_public and not draft.is_drill,
    }
    return [name for name, used in is_used.items() if used]


def _plain(draft: Draft) -> dict[str, Any]:
    values = {name: getattr(draft, name) for name in PUBLIC_FIELDS}
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in values.items()}


def _without(texts: Mapping[str, Mapping[str, str]], same: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    """Those of the texts that are not the same in the other state."""
    found = {
        locale: {name: text for name, text in one.items() if same.get(locale, {}).get(name) != text}
        for locale, one in texts.items()
    }
    return {locale: one for locale, one in found.items() if one}


def _names(drafts: Collection[Draft]) -> tuple[dict[Target, str], dict[int, str]]:
    """The names of their targets and services as they are now: one query for each kind.

    Without those of people: the timeline keeps for ever what stands in it.
    """
    everything = (target for draft in drafts for target in draft.audience)
    targets = dict.fromkeys(target for target in everything if target.kind is not TargetKind.requester)
    ids = {one.service_id for draft in drafts for one in draft.services}
    rows = db.session.execute(select(Service.id, Service.name).where(Service.id.in_(ids))) if ids else ()
    return dict(audiences.target_names(targets)), {row[0]: row[1] for row in rows}


def target_text(target: Target) -> str:
    """A target as it is kept: "department:5"."""
    return target.kind.value if target.id is None else f"{target.kind.value}:{target.id}"
