"""Following an outage without a ticket: once for each person, told when it is over."""

from __future__ import annotations

from datetime import datetime

from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Session

from helpdesk.plugin_api import NotFound, Viewer, insert_into, now, record_audit, transaction
from plugins.outage_notice.outages.models import Follower
from plugins.outage_notice.outages.queries.links import find_follower
from plugins.outage_notice.outages.queries.matching import outages_of_person


def follow(viewer: Viewer, announcement_id: int) -> bool:
    """Follow a running outage that concerns the person. False when they follow it already. Raises NotFound."""
    at = now()
    with transaction() as session:
        if announcement_id not in {a.id for a in outages_of_person(viewer.id, at)}:
            raise NotFound(_("There is no such outage, or it is not for you."))
        return _follow(session, viewer, announcement_id, viewer.id, at)


def follow_affected(announcement_id: int, user_id: int) -> bool:
    """Who says "I'm affected too" follows. False when nothing is new, or the outage no longer runs for that person."""
    at = now()
    if announcement_id not in {a.id for a in outages_of_person(user_id, at)}:
        return False
    with transaction() as session:
        return _follow(session, None, announcement_id, user_id, at)


def _follow(session: Session, actor: Viewer | None, announcement_id: int, user_id: int, at: datetime) -> bool:
    row = find_follower(announcement_id, user_id)
    if row is not None and row.ended_at is None:
        return False
    if row is not None:
        row.followed_at, row.ended_at = at, None
    else:
        values = {"announcement_id": announcement_id, "user_id": user_id, "followed_at": at}
        session.execute(insert_into(Follower).values(values).on_conflict_do_nothing())
    record_audit(actor, "outage.followed", "announcement", announcement_id, after={"user_id": user_id})
    return True


def unfollow(viewer: Viewer, announcement_id: int) -> bool:
    """Stop following: no closing message. False when the person did not follow."""
    with transaction() as session:
        row = find_follower(announcement_id, viewer.id)
        if row is None or row.ended_at is not None:
            return False
        session.delete(row)
        record_audit(viewer, "outage.unfollowed", "announcement", announcement_id, before={"user_id": viewer.id})
        return True
