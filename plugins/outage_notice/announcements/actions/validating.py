"""Who checked what before an announcement was resolved."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from helpdesk.plugin_api import Invalid, Viewer, viewers
from plugins.outage_notice.announcements import rules
from plugins.outage_notice.announcements.models import Announcement, CheckedItem
from plugins.outage_notice.announcements.rules import CHECK_ITEM_LIMIT, CHECK_ITEMS_LIMIT, Checked


def record_checks(
    session: Session, actor: Viewer, record: Announcement, checked: Sequence[Checked] | None, at: datetime
) -> dict[str, Any]:
    """Write down who checked what; what the timeline says of it. Raises Invalid (validation)."""
    if not checked:
        return {"validation": None} if rules.wants_validation(record.kind, record.severity) else {}
    _require_items(checked)
    names = _names(actor, checked)
    for one in checked:
        session.add(
            CheckedItem(
                announcement_id=record.id,
                revision=record.revision,
                item=one.item.strip(),
                is_needed=one.is_needed,
                checked_by_id=one.by_id or actor.id,
                checked_at=at,
            )
        )
    return {"validation": [_said(one, names[one.by_id or actor.id], at) for one in checked]}


def _said(one: Checked, name: str, at: datetime) -> dict[str, Any]:
    return {"item": one.item.strip(), "by": name, "at": at.isoformat(), "needed": one.is_needed}


def _require_items(checked: Sequence[Checked]) -> None:
    if len(checked) > CHECK_ITEMS_LIMIT:
        raise Invalid({"validation": _("Record at most %(limit)s items.", limit=CHECK_ITEMS_LIMIT)})
    if any(not one.item.strip() or len(one.item) > CHECK_ITEM_LIMIT for one in checked):
        raise Invalid(
            {"validation": _("Say what was checked in at most %(limit)s characters.", limit=CHECK_ITEM_LIMIT)}
        )


def _names(actor: Viewer, checked: Sequence[Checked]) -> dict[int, str]:
    """The names of those who checked. Raises Invalid unless all of them are staff."""
    ids = {one.by_id or actor.id for one in checked}
    people = viewers(ids)
    if any(id not in people or not people[id].is_staff for id in ids):
        raise Invalid({"validation": _("Choose somebody of the staff as the one who checked.")})
    return {id: people[id].name for id in ids}
