"""Counting new tickets, and what becomes of a surge of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask_babel import gettext as _
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from helpdesk.plugin_api import (
    Conflict,
    TicketFacts,
    Viewer,
    insert_into,
    now,
    record_audit,
    record_feed,
    ticket_facts,
    transaction,
)
from plugins.outage_notice.announcements.actions.drafts import insert_draft
from plugins.outage_notice.announcements.actions.writing import log
from plugins.outage_notice.announcements.models import Announcement
from plugins.outage_notice.announcements.queries import get_announcement
from plugins.outage_notice.announcements.queries.records import require_announcer
from plugins.outage_notice.announcements.rules import Phase, phase
from plugins.outage_notice.outages.actions.surge_calls import note_answer
from plugins.outage_notice.outages.models import Surge, SurgeHour, SurgeReport
from plugins.outage_notice.outages.queries import surges as queries
from plugins.outage_notice.outages.queries.surge_calls import calls_of_surge
from plugins.outage_notice.outages.queries.surge_drafts import draft_of_surge, facts_of_calls, facts_of_surge
from plugins.outage_notice.outages.rules import may_hold_tickets
from plugins.outage_notice.outages.rules import surges as rules
from plugins.outage_notice.outages.rules.surges import ALL, Limits, SurgeState

# What the evidence of a declared surge keeps besides what was shown.
TICKET_IDS, ARE_LINKED, ANSWERS = "ticket_ids", "are_linked", "answers"


def notice_ticket(ticket_id: int) -> Surge | None:
    """Count a new ticket, and open a surge when it is one too many. None when it is not, or was counted before.

    Safe to repeat. How many statements it takes depends on the words of the ticket, not on what came before.
    """
    at = now()
    facts = ticket_facts([ticket_id])
    if not facts:
        return None
    keys = sorted(queries.keys_of(facts[0]))
    limits = queries.read_limits()
    with transaction() as session:
        if not _report(session, facts[0], [ALL, *keys]):
            return None
        counted = _count(session, facts[0], keys, limits)
        open_keys = _prolong(session, keys, facts[0].created_at)
        for key in _most_telling(counted, facts[0].created_at):
            if key not in open_keys and at - facts[0].created_at < rules.FADES_AFTER:
                surge = _judge(session, key, counted[key], facts[0].created_at, limits, at)
                if surge is not None:
                    return surge
        if open_keys:
            record_feed("ticket")  # the numbers of the hint have changed
    return None


def _report(session: Session, ticket: TicketFacts, keys: Sequence[str]) -> bool:
    """Write down that it came. False when that was done before."""
    rows = [
        {"key": key, "ticket_id": ticket.id, "requester_id": ticket.requester_id, "at": ticket.created_at}
        for key in keys
    ]
    done = session.scalars(insert_into(SurgeReport).values(rows).on_conflict_do_nothing().returning(SurgeReport.key))
    return bool(done.all())


def _count(session: Session, ticket: TicketFacts, keys: Sequence[str], limits: Limits) -> dict[str, int]:
    """Raise the counts of the hour; the tickets that count for each cluster within the window, where they are many.

    The rows of the hour are written first: whoever counts the same cluster waits for them, so of two tickets at once
    the second sees the first.
    """
    lately = queries.counted_lately([ALL, *keys], ticket.id, ticket.requester_id, ticket.created_at)
    hour = rules.hour_of(ticket.created_at)
    most = limits.most_of_one
    rows = [{"key": k, "hour": hour, "tickets": int(lately.get(k, 0) < most), "peak": 1} for k in (ALL, *keys)]
    statement = insert_into(SurgeHour).values(rows)
    written = session.execute(
        statement.on_conflict_do_update(
            index_elements=["key", "hour"], set_={"tickets": SurgeHour.tickets + statement.excluded.tickets}
        ).returning(SurgeHour.key, SurgeHour.peak)
    )
    peaks = {row.key: row.peak for row in written}
    counted = queries.counted_since(keys, ticket.created_at - limits.window, limits) if keys else {}
    for key, count in counted.items():
        if count > peaks[key]:
            session.execute(update(SurgeHour).where(SurgeHour.key == key, SurgeHour.hour == hour).values(peak=count))
    return {key: count for key, count in counted.items() if count >= limits.tickets}


def _most_telling(counted: Mapping[str, int], at: datetime) -> list[str]:
    """The clusters that most of the tickets belong to first; of equal ones the rarest word, which says the most."""
    if len(counted) < 2:
        return list(counted)
    before = queries.common_before(list(counted), at)
    return sorted(counted, key=lambda k: (-counted[k], before.get(k, 0), -len(k), k))


def _prolong(session: Session, keys: Sequence[str], at: datetime) -> set[str]:
    """Note one more ticket on the surges that are open. Their clusters."""
    if not keys:
        return set()
    # Locked in one order: two tickets of the same surges at once must not wait for each other.
    mine = select(Surge.id, Surge.key).where(Surge.key.in_(keys), Surge.state == SurgeState.open).order_by(Surge.id)
    found = session.execute(mine.with_for_update()).all()
    if found:
        ids = [row.id for row in found]
        session.execute(update(Surge).where(Surge.id.in_(ids)).values(last_at=at))
    return {row.key for row in found}


def _judge(session: Session, key: str, counted: int, at: datetime, limits: Limits, present: datetime) -> Surge | None:
    """A new surge, if these tickets are more than normal and nobody knows of the matter yet."""
    normal, busy = queries.normal_at(key, at, limits)
    least = rules.needed(normal, limits, busy)
    service_id, word = rules.read_key(key)
    if counted < least or _is_known(key, at, limits):
        return None
    since = at - limits.window
    if queries.count_uncovered(key, since, limits, present) < least:
        return None
    ids = queries.tickets_since(key, since)
    tickets = ticket_facts(ids)
    people = len({ticket.requester_id for ticket in tickets})
    surge = Surge(
        key=key,
        service_id=service_id,
        word=word,
        state=SurgeState.open,
        detected_at=present,
        first_at=tickets[0].created_at,
        last_at=at,
        window_minutes=limits.minutes,
        people=people,
        normal=normal.mean,
        needed=least,
        evidence={},
    )
    session.add(surge)
    session.flush()
    after = {"key": key, "tickets": counted, "people": people, "needed": least, "normal": round(normal.mean, 2)}
    record_audit(None, "surge.detected", "surge", surge.id, after=after)
    record_feed("ticket")
    return surge


def _is_known(key: str, at: datetime, limits: Limits) -> bool:
    """Whether this matter is shown or was silenced, under this or other words of the same tickets."""
    watched = queries.watched_surges(at)
    if key in {surge.key for surge in watched}:
        return True
    if not key.startswith("word:"):
        return False
    mine = queries.tickets_since(key, at - limits.window)
    return any(rules.is_same_cluster(mine, queries.tickets_since(s.key, at - limits.window)) for s in watched)


def silence(actor: Viewer, surge_id: int) -> Surge:
    """ "Not an outage": no hint about this cluster for an hour (or as set). Safe to repeat.

    Raises NotFound for requesters and unknown surges, Conflict when an outage was made of it.
    """
    at = now()
    with transaction() as session:
        surge = queries.get_surge(actor, surge_id, lock=True)
        if surge.state is SurgeState.declared:
            raise Conflict(_("An outage was declared already: OUT-%(id)s.", id=surge.announcement_id))
        if surge.state is SurgeState.silenced:
            return surge
        surge.state, surge.settled_at, surge.settled_by_id = SurgeState.silenced, at, actor.id
        surge.silenced_until = at + timedelta(minutes=queries.read_limits().silence_minutes)
        surge.evidence = facts_of_surge(queries.view_of(surge, at))
        session.flush()
        after = {"key": surge.key, "until": surge.silenced_until.isoformat()}
        record_audit(actor, "surge.silenced", "surge", surge.id, after=after)
        record_feed("ticket")
        return surge


def declare(actor: Viewer, surge_id: int) -> Announcement:
    """A draft filled from the surge; publishing it links the tickets. The same draft when it is asked for twice.

    A draft about the same service that monitoring has opened is taken instead of a second one.

    Raises NotFound for requesters, Forbidden for agents, Conflict when the surge was settled otherwise.
    """
    at = now()
    require_announcer(actor)
    with transaction() as session:
        surge = queries.get_surge(actor, surge_id, lock=True)
        if surge.announcement_id is not None:
            return get_announcement(actor, surge.announcement_id)
        if surge.state is not SurgeState.open:
            raise Conflict(_("This surge is settled already. Look at the queue again."))
        view = queries.view_of(surge, at)
        record = queries.draft_of_alerts(surge.service_id)
        if record is None:
            record = insert_draft(session, actor, draft_of_surge(view, actor, at), at)
            log(session, record, actor, at, "created", after={"title": record.title, "surge_id": surge.id})
        surge.announcement_id, surge.evidence = record.id, facts_of_surge(view)
        log(session, record, None, at, "surge_noticed", data=surge.evidence, after={"surge_id": surge.id})
        note_answer(session, surge, actor)
        if calls := calls_of_surge(surge.id):
            called = facts_of_calls(calls)
            log(session, record, None, at, "surge_called", data=called, after=called)
        record_audit(actor, "surge.drafted", "surge", surge.id, after={"announcement_id": record.id})
        record_feed("announcement", record.id)
        record_feed("ticket")
        return record


@dataclass(frozen=True, slots=True)
class Declared:
    """The tickets of the surges that became an outage, and whether they are to be answered."""

    ticket_ids: tuple[int, ...] = ()
    answers: bool = False


def answers_wanted(found: Sequence[Surge]) -> bool:
    """Whether the tickets of these surges, declared as one outage, are to be answered."""
    return any(surge.evidence.get(ANSWERS, True) for surge in found)


def choose_answer(actor: Viewer, announcement_id: int, *, answers: bool) -> None:
    """Say whether the tickets of the surge get the automated reply once this draft is published; usually they do.

    Raises Forbidden for agents, NotFound for requesters. Nothing happens to what is linked already.
    """
    require_announcer(actor)
    with transaction():
        for surge in _surges_to_settle(announcement_id):
            if surge.evidence.get(ANSWERS, True) is not answers:
                surge.evidence = surge.evidence | {ANSWERS: answers}
                record_audit(actor, "surge.answer_chosen", "surge", surge.id, after={"answers": answers})


def settle_declared(announcement_id: int) -> Declared:
    """Mark the surges of a published outage as declared. Their tickets, once it is on and until they are linked; until
    then they are kept with the surge. Safe to repeat.
    """
    at = now()
    if not _surges_to_settle(announcement_id):
        return Declared()
    with transaction() as session:
        record = session.get(Announcement, announcement_id)
        found = _surges_to_settle(announcement_id)
        if record is None or phase(record, at) not in (Phase.upcoming, Phase.active):
            return Declared()
        for surge in found:
            if surge.state is not SurgeState.declared:
                surge.state, surge.settled_at = SurgeState.declared, at
                record_audit(None, "surge.declared", "surge", surge.id, after={"announcement_id": announcement_id})
                record_feed("ticket")
            _keep_tickets(surge)
        session.flush()
        if not may_hold_tickets(record.kind, record.is_drill, phase(record, at)):
            return Declared()
        ids = dict.fromkeys(i for s in found for i in s.evidence[TICKET_IDS])
        return Declared(tuple(ids), answers_wanted(found))


def _keep_tickets(surge: Surge) -> None:
    """Counts are forgotten after a day, and what is published for later may be shown after that."""
    ids = [*surge.evidence.get(TICKET_IDS, ()), *queries.tickets_since(surge.key, surge.first_at)]
    kept = list(dict.fromkeys(ids))
    if kept != surge.evidence.get(TICKET_IDS):
        surge.evidence = surge.evidence | {TICKET_IDS: kept}


def _surges_to_settle(announcement_id: int) -> list[Surge]:
    return [s for s in queries.surges_of_announcement(announcement_id) if not s.evidence.get(ARE_LINKED)]


def note_linked(announcement_id: int) -> None:
    """All tickets of its surges were looked at."""
    with transaction():
        for surge in _surges_to_settle(announcement_id):
            surge.evidence = surge.evidence | {ARE_LINKED: True}


def fade_and_forget(at: datetime) -> int:
    """Let surges fade that get no more tickets, and forget counts that nothing is compared with. How many faded."""
    with transaction() as session:
        ids = queries.faded(at)
        if ids:
            session.execute(update(Surge).where(Surge.id.in_(ids)).values(state=SurgeState.faded, settled_at=at))
            for surge_id in ids:
                record_audit(None, "surge.faded", "surge", surge_id)
            record_feed("ticket")
        for surge in queries.coming_surges(at):
            _keep_tickets(surge)
        session.flush()
        session.execute(delete(SurgeReport).where(SurgeReport.at < at - rules.REPORTS_KEPT))
        session.execute(delete(SurgeHour).where(SurgeHour.hour < at - rules.COUNTS_KEPT))
    return len(ids)
