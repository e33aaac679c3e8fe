"""The demonstration's playbooks: owned, one of them due for review, and one of the organisation's own."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk.plugin_api import Team, User, transaction
from plugins.outage_notice.announcements.models import Announcement
from plugins.outage_notice.announcements.rules import LIVE_STATUSES, Effect, Kind
from plugins.outage_notice.playbooks.models import Playbook
from plugins.outage_notice.playbooks.rules import Blank, Briefing, Content, PlaybookTexts
from plugins.outage_notice.response.models import Preparation
from plugins.outage_notice.response.rules import Callee, CallRole


def load(now: datetime) -> None:
    """Give the playbooks that come with the program an owner, add one, and say which outage began with one."""
    with transaction() as session:
        owner_id = session.scalar(select(User.id).where(User.email == "teresa@demo.example"))
        teams = {row.name: row.id for row in session.execute(select(Team.id, Team.name))}
        rows = session.scalars(select(Playbook).order_by(Playbook.id)).all()
        for row in rows:
            row.owner_id = owner_id
        due = next((row for row in rows if row.slug == "phone"), None)
        if due is not None:
            due.review_on = (now - timedelta(days=2)).date()
            due.reminded_for = due.review_on
        people = tuple(
            Callee(role, "team", teams[name], task)
            for name, role, task in (
                ("Infrastructure", CallRole.technical, "Look at the door server and its network."),
                ("Service desk", CallRole.support, "Open the doors from the desk for those who ring."),
            )
            if name in teams
        )
        session.add(Playbook(**_doors(owner_id, people).to_columns(), created_at=now, updated_at=now))
        _use(session, "service-down")


def _doors(owner_id: int | None, people: tuple[Callee, ...]) -> Content:
    place = Blank("place", {"en": "the town hall", "es": "el ayuntamiento", "pt": "a câmara municipal"})
    return Content(
        name="Building doors",
        severity=2,
        texts=PlaybookTexts("Doors don't open at {place}", "Building passes don't open the doors.", "Ring the bell."),
        translations={
            "es": PlaybookTexts(
                "Las puertas no se abren en {place}", "Las tarjetas no abren las puertas.", "Llame al timbre."
            )
        },
        blanks=(place,),
        effect=Effect.partial_outage,
        next_update_minutes=30,
        people=people,
        checklist=("Tell the caretaker", "Prop one door open and have somebody stand there"),
        briefing=Briefing(
            "My pass is broken.", "Nobody needs a new pass: ring the bell.", "When the doors work again."
        ),
        owner_id=owner_id,
    )


def _use(session: Session, slug: str) -> None:
    """The serious incidents that run began with this playbook."""
    row = session.scalars(select(Playbook).where(Playbook.slug == slug)).one_or_none()
    running = select(Announcement).where(
        Announcement.status.in_(LIVE_STATUSES), Announcement.kind == Kind.incident, Announcement.severity <= 2
    )
    if row is None:
        return
    for record in session.scalars(running).all():
        session.add(
            Preparation(
                announcement_id=record.id,
                playbook_id=row.id,
                playbook_name=row.name,
                people=[],
                calls_by_mail=True,
                checklist=list(row.checklist),
                used_at=record.published_at or record.created_at,
            )
        )
