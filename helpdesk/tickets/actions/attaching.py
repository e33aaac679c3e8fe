"""Files added after the fact, and the removal of files that no row names."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from flask_babel import lazy_gettext as _
from sqlalchemy import func, select

from helpdesk.audit import actions as audit
from helpdesk.core import clock, feed
from helpdesk.core.database import db, transaction
from helpdesk.core.errors import Forbidden, Invalid, NotFound
from helpdesk.hooks.specs import Viewer
from helpdesk.tickets.actions import files, steps
from helpdesk.tickets.models import Attachment, Message
from helpdesk.tickets.queries.tickets import get_visible_ticket, known_storage_names
from helpdesk.tickets.rules import MessageKind
from helpdesk.tickets.rules.files import FILES_PER_MESSAGE

ORPHAN_HOURS = 24


def attach_files(
    actor: Viewer, number: int, uploads: tuple[tuple[str, bytes], ...], message_id: int | None = None
) -> list[Attachment]:
    """Add files to an own message of a ticket; without `message_id` to the newest one.

    Raises NotFound (ticket, message, or no own message), Forbidden, Invalid for "files".
    """
    now = clock.now()
    if not uploads:
        raise Invalid({"files": _("Choose a file.")})
    with files.stored(uploads) as stored, transaction() as session:
        ticket = get_visible_ticket(actor, number, lock=True)
        message = _own_message(actor, ticket.id, message_id)
        here = select(func.count()).select_from(Attachment).where(Attachment.message_id == message.id)
        if (session.scalar(here) or 0) + len(stored) > FILES_PER_MESSAGE:
            raise Invalid({"files": _("Attach at most %(count)s files.", count=FILES_PER_MESSAGE)})
        files.attach(session, actor, message.id, stored, now)
        public = message.kind is not MessageKind.internal_note
        steps.index_more_text(session, ticket.id, " ".join(f.name for f in stored), public=public)
        feed.record("ticket", ticket.id)
        audit.record(actor, "attachment.added", "ticket", ticket.number, after={"files": [f.name for f in stored]})
        session.flush()
        names = [f.storage_name for f in stored]
        return list(session.scalars(select(Attachment).where(Attachment.storage_name.in_(names))))


def _own_message(actor: Viewer, ticket_id: int, message_id: int | None) -> Message:
    query = select(Message).where(Message.ticket_id == ticket_id, Message.kind != MessageKind.automated_reply)
    if not actor.is_staff:
        query = query.where(Message.kind != MessageKind.internal_note)
    if message_id is not None:
        query = query.where(Message.id == message_id)
    else:
        query = query.where(Message.author_id == actor.id)
    message = db.session.scalars(query.order_by(Message.id.desc()).limit(1)).one_or_none()
    if message is None:
        raise NotFound(_("There is no such message, or it belongs to somebody else."))
    if message.author_id != actor.id:
        raise Forbidden(_("Add files to your own messages only."))
    return message


def sweep_files(now: datetime) -> int:
    """Remove files older than a day that no row names (a process died between writing and committing). How many."""
    removed = 0
    for folder in sorted(files.attachments_dir().glob("[0-9a-f][0-9a-f]")):
        old = [p for p in folder.iterdir() if _modified_at(p.stat().st_mtime) < now - timedelta(hours=ORPHAN_HOURS)]
        for start in range(0, len(old), 500):
            batch = old[start : start + 500]
            known = known_storage_names([p.name for p in batch])
            for path in batch:
                if path.name not in known:
                    path.unlink(missing_ok=True)
                    removed += 1
    return removed


def _modified_at(stamp: float) -> datetime:
    return datetime.fromtimestamp(stamp, UTC)
