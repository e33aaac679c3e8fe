"""Every act: what it writes, what it refuses, and who may do it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from helpdesk.audit.models import AuditEntry
from helpdesk.core import feed
from helpdesk.core.clock import FixedClock
from helpdesk.core.database import db
from helpdesk.core.errors import Conflict, Forbidden, Invalid, NotFound, Stale
from plugins.outage_notice.announcements import actions, queries, rules
from plugins.outage_notice.announcements.models import Announcement, Step, TimelineEntry, Update
from plugins.outage_notice.announcements.rules import (
    UNSET,
    Draft,
    Effect,
    Kind,
    NewUpdate,
    Phase,
    ServiceEffect,
    Status,
    Texts,
    Weight,
)
from plugins.outage_notice.audiences.rules import Target, TargetKind
from plugins.outage_notice.tests.announcements.conftest import EVERYONE, Cast

Publish = Callable[..., Announcement]


def fresh(record: Announcement) -> Announcement:
    db.session.rollback()
    found = db.session.get(Announcement, record.id, populate_existing=True)
    assert found is not None
    return found


def timeline_kinds(record: Announcement) -> list[str]:
    return list(
        db.session.scalars(
            select(TimelineEntry.kind).where(TimelineEntry.announcement_id == record.id).order_by(TimelineEntry.id)
        )
    )


def audited(record: Announcement) -> list[str]:
    query = select(AuditEntry.action).where(
        AuditEntry.object_kind == "announcement", AuditEntry.object_id == str(record.id)
    )
    return list(db.session.scalars(query.order_by(AuditEntry.id)))


def test_a_published_incident_is_active_at_once(cast: Cast, published: Publish, clock: FixedClock) -> None:
    before = feed.head().seq
    record = fresh(published())
    assert (record.status, record.published_at, record.starts_at) == (Status.investigating, clock.now(), clock.now())
    assert rules.phase(record, clock.now()) is Phase.active
    assert rules.window(record, clock.now()).is_shown
    assert record.feed_seq == record.loud_seq == feed.head().seq > before
    assert record.loud_revision == record.revision
    assert record.owner_id == cast.teresa.id
    assert timeline_kinds(record) == ["created", "published"]
    assert audited(record) == ["announcement.created", "announcement.published"]
    assert record.suggested_severity == rules.Severity.minor  # one person in Finance


def test_publishing_twice_is_a_conflict(cast: Cast, published: Publish) -> None:
    record = published()
    with pytest.raises(Conflict):
        actions.publish(cast.tomas, record.id)
    assert timeline_kinds(record).count("published") == 1


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"title": "  "}, "title"),
        ({"audience": ()}, "audience"),
        ({"next_update_at": None}, "next_update_at"),
        ({"kind": Kind.maintenance}, "starts_at"),
        ({"kind": Kind.information}, "severity"),
        ({"must_confirm": True}, "must_confirm"),
        ({"title": "{Service} is down"}, "title"),
    ],
)
def test_what_the_check_stops_is_not_published(
    cast: Cast, draft: Callable[..., Draft], changes: dict[str, Any], field: str
) -> None:
    record = actions.create_draft(cast.teresa, draft(**changes))
    with pytest.raises(Invalid) as error:
        actions.publish(cast.teresa, record.id)
    assert field in error.value.fields
    assert fresh(record).status is Status.draft
    assert db.session.scalar(select(func.count()).select_from(Step)) == 0


def test_a_critical_notice_to_everyone_needs_the_number_typed(cast: Cast, published: Publish) -> None:
    with pytest.raises(Invalid) as error:
        published(severity=1, audience=(EVERYONE,), confirmed_people=5)
    assert "confirmed_people" in error.value.fields
    record = published(severity=1, audience=(EVERYONE,), confirmed_people=6)
    assert record.status is Status.investigating
    actions.edit_published(cast.teresa, record.id, {"title": "VPN is gone"})  # it was asked for already


@pytest.mark.parametrize(
    ("before", "change"),
    [
        ({"severity": 3}, {"severity": 1, "audience": (EVERYONE,)}),
        ({"severity": 1}, {"audience": (EVERYONE,)}),
        ({"severity": 2, "audience": (EVERYONE,)}, {"severity": 1}),
    ],
)
def test_an_edit_that_makes_it_critical_to_everyone_needs_the_number_too(
    cast: Cast, published: Publish, before: dict[str, Any], change: dict[str, Any]
) -> None:
    record = published(**before)
    for typed in (None, 5):
        with pytest.raises(Invalid) as error:
            actions.edit_published(cast.teresa, record.id, change, confirmed_people=typed)
        assert set(error.value.fields) == {"confirmed_people"}
    assert fresh(record).revision == record.revision
    actions.edit_published(cast.teresa, record.id, change, confirmed_people=6)
    assert fresh(record).severity == 1


@pytest.mark.parametrize(("name", "error"), [("carla", Forbidden), ("ana", NotFound)])
def test_only_technicians_write(
    cast: Cast, draft: Callable[..., Draft], published: Publish, name: str, error: type[Exception]
) -> None:
    person = getattr(cast, name)
    record = published()
    acts: list[Callable[[], object]] = [
        lambda: actions.create_draft(person, draft()),
        lambda: actions.change_draft(person, record.id, {"title": "Mine"}),
        lambda: actions.publish(person, record.id),
        lambda: actions.edit_published(person, record.id, {"title": "Mine"}),
        lambda: actions.post_update(person, record.id, NewUpdate(text="Hello")),
        lambda: actions.resolve(person, record.id),
        lambda: actions.cancel(person, record.id),
        lambda: actions.withdraw(person, record.id),
        lambda: actions.reopen(person, record.id),
        lambda: actions.delete_draft(person, record.id),
        lambda: actions.duplicate(person, record.id),
        lambda: actions.approve_must_confirm(person, record.id),
    ]
    for act in acts:
        with pytest.raises(error):
            act()
    assert fresh(record).title.startswith("VPN")


def test_a_stale_edit_loses_nothing(cast: Cast, draft: Callable[..., Draft]) -> None:
    record = actions.create_draft(cast.teresa, draft())
    actions.change_draft(cast.tomas, record.id, {"title": "Tomas was first"}, 1)
    with pytest.raises(Stale) as error:
        actions.change_draft(cast.teresa, record.id, {"title": "Teresa was second"}, 1)
    assert error.value.current["title"] == "Tomas was first"
    assert error.value.current["revision"] == 2


def test_an_edit_without_a_difference_changes_nothing(cast: Cast, published: Publish) -> None:
    record = fresh(published())
    revision, seq = record.revision, record.feed_seq
    actions.edit_published(
        cast.teresa, record.id, {"title": record.title, "audience": queries.draft_of(record).audience}
    )
    assert (fresh(record).revision, fresh(record).feed_seq) == (revision, seq)


def test_the_timeline_keeps_what_was_said_to_whom_and_what_an_edit_made_of_it(
    cast: Cast, published: Publish, clock: FixedClock
) -> None:
    """Nothing of the team's own, and no name of a person: what stands there cannot be taken out again."""
    record = published(translations={"es": Texts("La VPN no funciona")}, keywords="tunnel", checklist="Gateway")
    finance, vpn = str(cast.rows.finance.id), str(cast.vpn.id)
    clock.advance(minutes=5)
    changes = {
        "workaround": "Use the browser.",
        "services": (ServiceEffect(cast.vpn.id, Effect.degraded_performance),),
        "audience": (Target(TargetKind.department, finance), Target(TargetKind.requester, str(cast.bruno.id))),
        "mention_in_automated_replies": False,
        "severity": 3,
        "keywords": "gateway",
    }
    actions.edit_published(cast.teresa, record.id, changes)
    said, edited = (entry.data for entry in queries.timeline(record.id) if entry.kind in ("published", "edited"))
    assert said["texts"]["en"]["workaround"] == "Use the web mail."
    assert said["texts"]["es"]["title"] == "La VPN no funciona"
    assert said["audience"] == {f"department:{finance}": "Finance"}
    assert said["services"] == {vpn: {"name": "VPN", "effect": "major_outage"}}
    assert said["channels"] == ["banner", "automated_replies"]
    assert edited["before"] == {
        "severity": 2,
        "texts": {"en": {"workaround": "Use the web mail."}},
        "audience": said["audience"],
        "services": said["services"],
        "channels": said["channels"],
    }
    assert edited["after"] == {
        "severity": 3,
        "texts": {"en": {"workaround": "Use the browser."}},
        "audience": {f"department:{finance}": "Finance", f"requester:{cast.bruno.id}": ""},
        "services": {vpn: {"name": "VPN", "effect": "degraded_performance"}},
        "channels": ["banner"],
    }
    assert "keywords" in edited["what"]
    assert not {"tunnel", "gateway"} & set(str((said, edited)).lower().split("'"))


@pytest.mark.parametrize(
    ("changes", "weight", "is_loud"),
    [
        ({"title": "VPN is down"}, None, False),
        ({"severity": 1}, None, True),
        ({"severity": 3}, None, False),
        ({"eta": timedelta(hours=4)}, None, True),
        ({"eta": timedelta(hours=1)}, None, False),
        ({"title": "VPN is down"}, Weight.alert_again, True),
        ({"severity": 1}, Weight.silent, False),
    ],
)
def test_how_loud_an_edit_is(
    cast: Cast, published: Publish, clock: FixedClock, changes: dict[str, Any], weight: Weight | None, is_loud: bool
) -> None:
    start = clock.now()
    record = fresh(published(eta=start + timedelta(hours=2)))
    loud = record.loud_revision
    changes = {k: start + v if isinstance(v, timedelta) else v for k, v in changes.items()}
    clock.advance(minutes=5)
    actions.edit_published(cast.teresa, record.id, changes, weight=weight)
    after = fresh(record)
    assert after.revision == loud + 1
    assert after.loud_revision == (after.revision if is_loud else loud)
    assert after.loud_seq == (after.feed_seq if is_loud else record.loud_seq)
    assert after.changed_at == (start if weight is Weight.silent else clock.now())


def test_an_update_carries_status_and_times(cast: Cast, published: Publish, clock: FixedClock) -> None:
    record = published()
    clock.advance(minutes=10)
    eta = clock.now() + timedelta(hours=1)
    actions.post_update(
        cast.tomas, record.id, NewUpdate(text="A certificate has expired.", status=Status.identified, eta=eta)
    )
    after = fresh(record)
    assert (after.status, after.eta, after.owner_id) == (Status.identified, eta, cast.teresa.id)
    row = db.session.scalars(select(Update)).one()
    assert (row.text, row.status, row.is_public, row.revision) == (
        "A certificate has expired.",
        Status.identified,
        True,
        after.revision,
    )
    assert timeline_kinds(record)[-1] == "updated"


def test_an_internal_entry_is_seen_by_nobody_else(cast: Cast, published: Publish, clock: FixedClock) -> None:
    record = fresh(published())
    revision, seq = record.revision, record.feed_seq
    actions.post_update(cast.teresa, record.id, NewUpdate(text="Restarted node 3: no change", is_public=False))
    after = fresh(record)
    assert (after.revision, after.feed_seq) == (revision, seq)
    assert queries.get_notice(cast.ana, record.id, clock.now()).updates == ()
    assert [e.kind for e in queries.timeline(record.id, public_only=True)] == ["published"]
    assert [u.text for u in queries.updates_of(record.id)] == ["Restarted node 3: no change"]


@pytest.mark.parametrize(
    ("new", "field"),
    [
        (NewUpdate(text="   "), "text"),
        (NewUpdate(text="x" * 4001), "text"),
        (NewUpdate(text="It works", status=Status.resolved), "status"),
        (NewUpdate(text="It works", status=Status.in_progress), "status"),
        (NewUpdate(text="Done", is_public=False, status=Status.identified), "public"),
        (NewUpdate(text="Done", is_public=False, eta=None), "public"),
        (NewUpdate(text="Soon", eta=rules.Draft().eta, next_update_at=UNSET, status=Status.draft), "status"),
    ],
)
def test_updates_that_are_refused(cast: Cast, published: Publish, new: NewUpdate, field: str) -> None:
    record = published()
    with pytest.raises(Invalid) as error:
        actions.post_update(cast.teresa, record.id, new)
    assert field in error.value.fields
    assert db.session.scalar(select(func.count()).select_from(Update)) == 0


def test_a_passed_promise_is_kept_by_the_update(cast: Cast, published: Publish, clock: FixedClock) -> None:
    record = published(next_update_at=clock.now() + timedelta(minutes=30))
    clock.advance(minutes=31)
    actions.edit_published(cast.teresa, record.id, {"title": "VPN is down"})  # the passed promise does not stop this
    actions.post_update(cast.teresa, record.id, NewUpdate(text="No change."))
    assert fresh(record).next_update_at is None


def test_resolving_ends_everything_once(cast: Cast, published: Publish, clock: FixedClock) -> None:
    record = published(show_until=clock.now() + timedelta(hours=8))
    clock.advance(hours=1)
    ended = clock.now() - timedelta(minutes=5)
    actions.resolve(cast.teresa, record.id, "VPN works again.", ended_at=ended)
    after = fresh(record)
    assert (after.status, after.actual_end_at, after.closed_at) == (Status.resolved, ended, clock.now())
    assert rules.phase(after, clock.now()) is Phase.over
    assert set(db.session.scalars(select(Step.state))) == {rules.StepState.void}
    assert queries.live_announcements(clock.now()) == ()
    with pytest.raises(Conflict):
        actions.resolve(cast.tomas, record.id)
    with pytest.raises(Conflict):
        actions.post_update(cast.tomas, record.id, NewUpdate(text="Late"))
    assert timeline_kinds(record)[-1] == "resolved"


@pytest.mark.parametrize("offset", [timedelta(minutes=1), timedelta(days=-2)])
def test_an_end_in_the_future_or_before_the_start_is_refused(
    cast: Cast, published: Publish, clock: FixedClock, offset: timedelta
) -> None:
    record = published()
    with pytest.raises(Invalid) as error:
        actions.resolve(cast.teresa, record.id, ended_at=clock.now() + offset)
    assert "ended_at" in error.value.fields


def test_a_resolved_incident_comes_back_loudly(cast: Cast, published: Publish, clock: FixedClock) -> None:
    record = published()
    actions.resolve(cast.teresa, record.id, "Works again")
    clock.advance(minutes=3)
    with pytest.raises(Invalid) as refused:
        actions.reopen(cast.teresa, record.id, next_update_at=clock.now(), eta=clock.now())
    assert set(refused.value.fields) == {"eta", "next_update_at"}
    eta = clock.now() + timedelta(hours=3)
    actions.reopen(cast.teresa, record.id, "It is down again.", eta=eta)
    after = fresh(record)
    assert (after.eta, after.next_update_at) == (eta, clock.now() + rules.UPDATE_EVERY[after.severity])
    assert (after.status, after.closed_at, after.actual_end_at) == (Status.investigating, None, None)
    assert after.loud_revision == after.revision
    assert [a.id for a in queries.live_announcements(clock.now())] == [record.id]
    with pytest.raises(Conflict):
        actions.reopen(cast.teresa, record.id)


@pytest.mark.parametrize(("act", "status"), [(actions.cancel, "cancelled"), (actions.withdraw, "withdrawn")])
def test_cancelled_and_withdrawn(cast: Cast, maintenance: Publish, clock: FixedClock, act: Any, status: str) -> None:
    record = maintenance()
    act(cast.teresa, record.id, "Not tonight.")
    after = fresh(record)
    assert (after.status.value, after.actual_end_at) == (status, None)
    assert rules.phase(after, clock.now()) is Phase.cancelled
    with pytest.raises(Conflict):
        act(cast.teresa, record.id)
    with pytest.raises(Conflict):
        actions.reopen(cast.teresa, record.id)


def test_a_draft_is_deleted_not_cancelled(cast: Cast, draft: Callable[..., Draft]) -> None:
    record = actions.create_draft(cast.teresa, draft())
    with pytest.raises(Conflict):
        actions.cancel(cast.teresa, record.id)
    actions.delete_draft(cast.teresa, record.id)
    assert db.session.get(Announcement, record.id) is None
    assert audited(record)[-1] == "announcement.deleted"


def test_a_published_one_is_not_deleted(cast: Cast, published: Publish) -> None:
    record = published()
    with pytest.raises(Conflict):
        actions.delete_draft(cast.teresa, record.id)
    assert fresh(record)


def test_must_confirm_needs_a_second_technician(cast: Cast, published: Publish, clock: FixedClock) -> None:
    record = published(severity=1, must_confirm=True)
    with pytest.raises(Forbidden):
        actions.approve_must_confirm(cast.teresa, record.id)
    actions.approve_must_confirm(cast.tomas, record.id)
    assert fresh(record).confirmed_by_id == cast.tomas.id
    with pytest.raises(Conflict):
        actions.approve_must_confirm(cast.adam, record.id)
    actions.edit_published(cast.teresa, record.id, {"title": "Another text"})
    assert fresh(record).confirmed_by_id is None  # what was approved is not what is shown any more


def test_whoever_asks_for_confirmation_cannot_approve_it(cast: Cast, published: Publish) -> None:
    record = published(severity=1)
    with pytest.raises(Conflict):
        actions.approve_must_confirm(cast.tomas, record.id)
    actions.edit_published(cast.tomas, record.id, {"must_confirm": True})
    with pytest.raises(Forbidden):
        actions.approve_must_confirm(cast.tomas, record.id)
    actions.approve_must_confirm(cast.adam, record.id)


def test_a_copy_is_a_draft_without_times(cast: Cast, maintenance: Publish) -> None:
    record = maintenance()
    copy = actions.duplicate(cast.tomas, record.id)
    draft = queries.draft_of(copy)
    assert copy.status is Status.draft
    assert (draft.title, draft.starts_at, draft.planned_end_at, draft.show_from) == (record.title, None, None, None)
    assert draft.audience == queries.draft_of(record).audience
    assert copy.created_by_id == cast.tomas.id


def test_naive_times_are_wall_times_of_the_zone(cast: Cast, draft: Callable[..., Draft], clock: FixedClock) -> None:
    wall = clock.now().replace(tzinfo=None, hour=20)
    record = actions.create_draft(cast.teresa, draft(starts_at=wall, time_zone="Europe/Madrid"))
    assert record.starts_at == clock.now().replace(hour=19)
    assert record.wall_times["starts_at"] == "2026-03-12T20:00"
    actions.change_draft(cast.teresa, record.id, {"time_zone": "America/Sao_Paulo"})
    assert fresh(record).starts_at == clock.now().replace(hour=23)  # 20:00 as meant, there


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
        ({"recurrence": "FREQ=SECONDLY"}, "recurrence"),
        ({"severity": 5}, "severity"),
        ({"title": "x" * 201}, "title"),
        ({"audience": (Target(TargetKind.department, "999999"),)}, "audience"),
        ({"audience": (Target(TargetKind.role, "boss"),)}, "audience"),
        ({"services": (rules.ServiceEffect(999999),)}, "services"),
        ({"nonsense": 1}, "nonsense"),
    ],
)
def test_what_can_never_be_stored(cast: Cast, draft: Callable[..., Draft], changes: dict[str, Any], field: str) -> None:
    record = actions.create_draft(cast.teresa, draft())
    with pytest.raises(Invalid) as error:
        actions.change_draft(cast.teresa, record.id, changes)
    assert field in error.value.fields
    assert fresh(record).revision == 1


@pytest.mark.parametrize("year", [1, 9999])
def test_years_that_make_no_sense(cast: Cast, draft: Callable[..., Draft], clock: FixedClock, year: int) -> None:
    with pytest.raises(Invalid) as error:
        actions.create_draft(cast.teresa, draft(starts_at=clock.now().replace(year=year)))
    assert "starts_at" in error.value.fields
