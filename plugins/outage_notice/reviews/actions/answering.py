"""What people say about our messages."""

from __future__ import annotations

from flask_babel import gettext as _

from helpdesk.plugin_api import Conflict, Invalid, NotFound, Viewer, insert_into, now, record_audit, transaction
from plugins.outage_notice.announcements.queries import get_notice
from plugins.outage_notice.announcements.rules import Phase
from plugins.outage_notice.reviews.models import Feedback
from plugins.outage_notice.reviews.queries.records import get_reviewed, is_over
from plugins.outage_notice.reviews.rules import COMMENT_LIMIT, Answer, Side


def give_feedback(actor: Viewer, announcement_id: int, side: Side, answer: Answer, comment: str = "") -> None:
    """One answer for each person and side; answering again replaces it.

    As one of those affected: whoever was in the audience of something that is over. As one of the team: staff. Raises
    NotFound, Conflict while it is not over, Invalid. Nothing of it stands in the timeline, and the audit does not hold
    what was said: it would name people.
    """
    at = now()
    with transaction() as session:
        if side is Side.requester:
            notice = get_notice(actor, announcement_id, at)
            has_ended = notice.phase is Phase.over
        elif actor.is_staff:
            has_ended = is_over(get_reviewed(actor, announcement_id)[0], at)
        else:
            raise NotFound(_("There is no such announcement."))
        if not has_ended:
            raise Conflict(_("It is not over yet. We ask when it works again."))
        if len(comment) > COMMENT_LIMIT:
            raise Invalid({"comment": _("Use at most %(limit)s characters.", limit=COMMENT_LIMIT)})
        said = {
            "answer": answer,
            "comment": comment.strip(),
            "department_id": actor.department_id,
            "answered_at": at,
        }
        session.execute(
            insert_into(Feedback)
            .values(announcement_id=announcement_id, user_id=actor.id, side=side, **said)
            .on_conflict_do_update(index_elements=["announcement_id", "user_id", "side"], set_=said)
        )
        record_audit(actor, "feedback.given", "announcement", announcement_id, after={"side": side})
