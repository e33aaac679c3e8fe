"""An agent who sees a surge tells technicians, once; the first who has it says so."""

from __future__ import annotations

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from helpdesk.plugin_api import (
    Conflict,
    NotFound,
    Viewer,
    is_mail_address,
    now,
    queue_mail,
    queue_notification,
    record_audit,
    record_feed,
    transaction,
    viewers,
)
from plugins.outage_notice.outages.models import Surge, SurgeCall
from plugins.outage_notice.outages.queries import surges as queries
from plugins.outage_notice.outages.queries.surge_calls import calls_of_surge
from plugins.outage_notice.outages.rules.surges import SurgeState
from plugins.outage_notice.outages.surge_wording import surge_letter, surge_notice
from plugins.outage_notice.response.queries import technicians_for

LEVEL = 2  # how loud the message is: nobody has decided yet how serious it is


def call_technicians(actor: Viewer, surge_id: int) -> list[str]:
    """Call the technicians of the service's team, else all, to look at a surge: in the app, by mail, and through the
    channels. Their names. Once for each surge.

    Raises NotFound for requesters, Conflict when it is settled, when they were called already, or when there is none.
    """
    at = now()
    with transaction() as session:
        surge = queries.get_surge(actor, surge_id, lock=True)
        if surge.state is not SurgeState.open:
            raise Conflict(_("This surge is settled already. Look at the queue again."))
        if called := calls_of_surge(surge.id):
            raise Conflict(_("Called already: %(names)s.", names=", ".join(call.name for call in called)))
        found = viewers(technicians_for(surge.service_id))
        people = sorted((p for p in found.values() if p.id != actor.id), key=lambda person: person.name)
        if not people:
            raise Conflict(_("There is no technician whom you could call."))
        names = [person.name for person in people]
        session.add_all(
            SurgeCall(surge_id=surge.id, user_id=person.id, called_by_id=actor.id, called_at=at) for person in people
        )
        view = queries.view_of(surge, at)
        _tell(view, people, actor)
        record_audit(actor, "surge.called", "surge", surge.id, after={"people": names})
        record_feed("ticket")
        return names


def _tell(view: queries.SurgeView, people: list[Viewer], caller: Viewer) -> None:
    event_id = f"surge-call-{view.surge.id}"
    for person in people:
        if is_mail_address(person.email or ""):
            subject, text = surge_letter(view, person, caller)
            queue_mail(person.email or "", subject, text, event_id=event_id)
    title, text = surge_notice(view, [person.name for person in people], caller)
    queue_notification(title, text, event_id=event_id, level=LEVEL)


def answer_surge_call(actor: Viewer, surge_id: int) -> None:
    """The actor has it. The first time counts. Raises NotFound for those who were not called."""
    with transaction() as session:
        surge = queries.get_surge(actor, surge_id, lock=True)
        if session.get(SurgeCall, (surge.id, actor.id)) is None:
            raise NotFound(_("You are not called for this."))
        note_answer(session, surge, actor)


def note_answer(session: Session, surge: Surge, actor: Viewer) -> None:
    """Write down that the actor has it, in the running transaction, which holds the surge."""
    call = session.get(SurgeCall, (surge.id, actor.id))
    if call is None or call.answered_at is not None:
        return
    call.answered_at = now()
    session.flush()
    record_audit(actor, "surge.call_answered", "surge", surge.id)
    record_feed("ticket")
