"""Drills: the whole path for a pilot group, ended by themselves, and nothing of them outside of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.exc import DatabaseError

from helpdesk.core.clock import FixedClock
from helpdesk.core.database import db, transaction
from helpdesk.core.errors import Invalid
from plugins.outage_notice.announcements import actions, queries
from plugins.outage_notice.announcements.models import Announcement, TimelineEntry
from plugins.outage_notice.announcements.rules import CheckFacts, Draft, Phase, checks, items_to_check, phase
from plugins.outage_notice.audiences.rules import Target, TargetKind
from plugins.outage_notice.tests.announcements.conftest import EVERYONE, Cast
from plugins.outage_notice.tests.announcing import department

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


def test_nothing_keeps_it_from_ending(cast: Cast, published: Publish, clock: FixedClock) -> None:
    record, at = published(is_drill=True), clock.now()

    def ends(minutes: int) -> None:
        """It is on until so many minutes after it was published, and over then."""
        db.session.expire_all()
        last = at + timedelta(minutes=minutes)
        assert record.planned_end_at == last
        assert [phase(record, last - timedelta(seconds=1)), phase(record, last)] == [Phase.active, Phase.over]

    edits: tuple[tuple[dict[str, Any], int], ...] = (
        ({"ends_by_itself": False}, 60),
        ({"ends_by_itself": False, "title": "Practice: VPN is down"}, 60),
        ({"planned_end_at": None}, 60),
        ({"planned_end_at": at + timedelta(minutes=45)}, 45),
        ({"show_from": at + timedelta(minutes=10)}, 70),
        ({"drill_minutes": 30}, 40),
    )
    for changes, minutes in edits:
        actions.edit_published(cast.teresa, record.id, changes)
        ends(minutes)
    clock.set(at + timedelta(minutes=40))
    actions.fire_due_steps(clock.now())
    clock.set(at + timedelta(minutes=100))
    actions.reopen(cast.teresa, record.id, "Once more.")
    ends(130)
    actions.edit_published(cast.teresa, record.id, {"drill_minutes": 50})
    ends(150)
    clock.set(at + timedelta(minutes=150))
    actions.fire_due_steps(clock.now())
    db.session.expire_all()
    assert [e.kind for e in queries.timeline(record.id)][-1] == "ended"


def test_a_drill_is_for_a_pilot_group_and_stays_a_drill(
    cast: Cast, draft: MakeDraft, published: Publish, clock: FixedClock
) -> None:
    found = checks(draft(is_drill=True, audience=(EVERYONE,)), CheckFacts(people=1300), clock.now())
    assert "drill_for_everyone" in [finding.code for finding in found]
    for people, is_refused in ((1300, True), (651, True), (650, False)):
        found = checks(draft(is_drill=True), CheckFacts(people=people, total=1300), clock.now())
        assert ("drill_for_most" in [finding.code for finding in found]) is is_refused, people
    pilots = department(cast.rows.administration)  # with Finance below: five of six
    with pytest.raises(Invalid) as refused:
        published(is_drill=True, audience=(pilots,))
    assert "5 of all 6" in str(refused.value.fields["audience"][0])
    one = published(is_drill=True)
    with pytest.raises(Invalid):
        actions.edit_published(cast.teresa, one.id, {"audience": (Target(TargetKind.role, "technician"), pilots)})
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
