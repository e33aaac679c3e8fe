"""Drills: the whole path for a pilot group, ended by themselves, and nothing of them outside of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy.exc import DatabaseError

from helpdesk.core.clock import FixedClock
from helpdesk.core.database import db, transaction
from helpdesk.core.errors import Invalid
from plugins.outage_notice.announcements import actions, queries
from plugins.outage_notice.announcements.models import Announcement, TimelineEntry
from plugins.outage_notice.announcements.rules import CheckFacts, Draft, Phase, checks, items_to_check, phase
from plugins.outage_notice.tests.announcements.conftest import EVERYONE, Cast

MakeDraft = Callable[..., Draft]
Publish = Callable[..., Announcement]


def test_it_ends_by_itself_after_an_hour_or_as_chosen(cast: Cast, published: Publish, clock: FixedClock) -> None:
    hour, short = published(is_drill=True, is_public=True), published(is_drill=True, drill_minutes=20)
    real = published()
    assert not hour.is_public
    at = clock.now()
    assert (hour.planned_end_at, short.planned_end_at) == (at + timedelta(hours=1), at + timedelta(minutes=20))
    clock.advance(minutes=20)
    # By the clock alone, and written down by the ticker.
    assert [phase(one, clock.now()) for one in (hour, short, real)] == [Phase.active, Phase.over, Phase.active]
    actions.fire_due_steps(clock.now())
    db.session.expire_all()
    assert [e.kind for e in queries.timeline(short.id)][-1] == "ended"
    longer = actions.edit_published(cast.teresa, hour.id, {"drill_minutes": 90})
    assert longer.planned_end_at == at + timedelta(minutes=90)


def test_a_drill_is_for_a_pilot_group_and_stays_a_drill(
    cast: Cast, draft: MakeDraft, published: Publish, clock: FixedClock
) -> None:
    found = checks(draft(is_drill=True, audience=(EVERYONE,)), CheckFacts(people=1300), clock.now())
    assert "drill_for_everyone" in [finding.code for finding in found]
    one = published(is_drill=True)
    with pytest.raises(Invalid):
        actions.edit_published(cast.teresa, one.id, {"is_drill": False})
    with pytest.raises(Invalid):
        actions.edit_published(cast.teresa, one.id, {"drill_minutes": 0})


def test_unknown_blanks_are_refused_when_a_draft_is_saved(cast: Cast, draft: MakeDraft) -> None:
    with pytest.raises(Invalid) as refused:
        actions.create_draft(cast.teresa, draft(automated_reply_text="Hello {nmae}, until {eta}."))
    assert "{nmae}" in str(refused.value.fields["automated_reply_text"])
    assert actions.create_draft(cast.teresa, draft(automated_reply_text="Until {eta}.")).id


def test_what_is_checked_before_it_is_resolved(draft: MakeDraft) -> None:
    assert items_to_check(draft().kind, 1, " Gateway \n\nMail\nMail") == ["Gateway", "Mail"]
    assert len(items_to_check(draft().kind, 1, "")) > len(items_to_check(draft().kind, 2, "")) > 0
    assert items_to_check(draft().kind, 3, "Gateway") == []


@pytest.mark.both_databases
def test_the_database_keeps_the_timeline(cast: Cast, draft: MakeDraft, published: Publish) -> None:
    one = published()
    for statement in (
        TimelineEntry.__table__.update().values(kind="x"),
        TimelineEntry.__table__.delete(),
        Announcement.__table__.delete().where(Announcement.id == one.id),
    ):
        with pytest.raises(DatabaseError), transaction() as session:
            session.execute(statement)
    assert [e.kind for e in queries.timeline(one.id)] == ["created", "published"]
    # A draft goes with its entries.
    other = actions.create_draft(cast.teresa, draft())
    actions.delete_draft(cast.teresa, other.id)
    assert queries.timeline(other.id) == []
