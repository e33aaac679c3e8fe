"""What stands about outages on the pages of tickets, in lists and in the queue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from flask import render_template
from flask_babel import gettext as _

from helpdesk.plugin_api import Badge, Viewer, ticket_facts
from helpdesk.plugin_api import now as clock_now
from plugins.outage_notice.announcements.forms.words import STATUS_NAMES
from plugins.outage_notice.announcements.queries import LiveAnnouncement, get_announcement, live_by_ids
from plugins.outage_notice.announcements.rules import Phase, effective_status, phase
from plugins.outage_notice.announcements.views.blueprint import number
from plugins.outage_notice.announcements.views.rows import style_of
from plugins.outage_notice.audiences.queries import facts_of
from plugins.outage_notice.audiences.rules import matches
from plugins.outage_notice.outages import rules
from plugins.outage_notice.outages.models import TicketLink
from plugins.outage_notice.outages.queries.broadcasts import (
    audience_of_reply,
    last_replies,
    list_broadcasts,
    told_in_ticket,
)
from plugins.outage_notice.outages.queries.links import (
    counts_of,
    find_last_link,
    linked_tickets,
    links_of,
    name_of,
    waits_for_outage,
)
from plugins.outage_notice.outages.queries.matching import outages_of_person, running_outages
from plugins.outage_notice.outages.queries.surge_tickets import surge_of_tickets
from plugins.outage_notice.outages.queries.tally import tally
from plugins.outage_notice.outages.rules import How
from plugins.outage_notice.outages.views.canned import linked_outage
from plugins.outage_notice.outages.views.surges import hint
from plugins.outage_notice.outages.views.words import KIND_WORDS, reason_words
from plugins.outage_notice.response.queries import find_shown_briefing

ICONS = {1: "octagon", 2: "triangle", 3: "diamond", 4: "info"}
SHOWN = 5


def page_slot(slot: str, viewer: Viewer | None, context: Mapping[str, Any], now: datetime) -> str:
    """The part of one slot; "" where outages have nothing to say."""
    if viewer is None:
        return ""
    if slot == "ticket_form":
        return render_template("outage_notice/outages_form_script.html")
    if slot == "ticket_header" and "ticket_id" in context:
        return _ticket_strip(int(context["ticket_id"]), viewer, now)
    if not viewer.is_staff:
        return ""
    if slot == "ticket_reply" and "ticket_id" in context:
        return _reply_all(int(context["ticket_id"]), now)
    if slot == "queue_side":
        return hint(viewer, now) + _groups(now)
    if slot == "queue_bulk":
        return render_template("outage_notice/outages_bulk.html", outages=_titled(running_outages(now), viewer))
    return ""


def _titled(announcements: Sequence[LiveAnnouncement], viewer: Viewer) -> list[tuple[int, str]]:
    return [(a.id, a.texts_in(viewer.locale)[1].title) for a in announcements]


def _facts(announcement: LiveAnnouncement, viewer: Viewer | None, now: datetime) -> dict[str, Any]:
    """What every strip and group says of an outage."""
    lang, texts = announcement.texts_in(viewer.locale if viewer else announcement.locale)
    style = style_of(announcement.kind, announcement.severity)
    return {
        "a": announcement,
        "lang": lang,
        "title": texts.title,
        "style": style,
        "icon_name": "wrench" if style == "mt" else ICONS[announcement.severity],
        "status": effective_status(announcement, now),
        "status_names": STATUS_NAMES,
        "phase": phase(announcement, now),
    }


def _ticket_strip(ticket_id: int, viewer: Viewer, now: datetime) -> str:
    """For staff state, reason and what to do; for the requester what is known, while it lasts."""
    link = find_last_link(ticket_id)
    announcement = next(iter(live_by_ids([link.announcement_id])), None) if link is not None else None
    ticket = ticket_facts([ticket_id])[0]
    if not viewer.is_staff:
        told = render_template("outage_notice/outages_told.html", ids=told_in_ticket(ticket_id, viewer.id))
        is_active = link is not None and link.ended_at is None and link.how is not How.suggested
        if announcement is None or not is_active or not _may_read(announcement, viewer, now):
            return told
        update = announcement.latest_update
        facts = _facts(announcement, viewer, now) | {"update": update.text_in(viewer.locale) if update else ""}
        return told + render_template("outage_notice/outages_strip_requester.html", **facts)
    if link is None or announcement is None:
        offered = outages_of_person(ticket.requester_id, now) if ticket.status in rules.OPEN else []
        return render_template(
            "outage_notice/outages_offer.html", outages=_titled(offered, viewer), number=ticket.number
        )
    facts = _facts(announcement, viewer, now) | _link_facts(link, announcement.id)
    facts |= {"ticket": ticket, "waits": waits_for_outage(ticket_id), "is_open": ticket.status in rules.OPEN}
    facts["briefing"] = None if facts["is_suggested"] or facts["is_ended"] else find_shown_briefing(announcement.id)
    return render_template("outage_notice/outages_strip.html", **facts)


def _reply_all(ticket_id: int, now: datetime) -> str:
    """The way from the reply box of one ticket to all that wait with it."""
    outage = linked_outage(ticket_id, now)
    tickets = 0 if outage is None else audience_of_reply(outage.id).tickets
    if outage is None or not tickets:
        return ""
    return render_template("outage_notice/outages_reply_all.html", id=outage.id, tickets=tickets, number=number)


def _may_read(announcement: LiveAnnouncement, viewer: Viewer, now: datetime) -> bool:
    """Whether it runs and is for this requester now: who moved keeps the ticket, not the outage of others."""
    return phase(announcement, now) is Phase.active and matches(announcement.targets, facts_of(viewer))


def _link_facts(link: TicketLink, announcement_id: int) -> dict[str, Any]:
    return {
        "link": link,
        "is_suggested": link.how is How.suggested,
        "is_ended": link.ended_at is not None,
        "reason": reason_words(link.how, link.by, name_of(link.linked_by_id)),
        "counts": counts_of([announcement_id])[announcement_id],
    }


def _groups(now: datetime) -> str:
    """One line for each running outage with tickets, those that need a person below it."""
    outages = {a.id: a for a in running_outages(now)}
    counts, replies = counts_of(outages), last_replies(outages)
    groups = [
        _facts(outages[i], None, now)
        | {
            "counts": found,
            "replied_at": replies.get(i),
            "needing": linked_tickets(i, needing=True, limit=SHOWN) if found.needing else [],
        }
        for i, found in counts.items()
        if found.linked or found.suggested
    ]
    return render_template("outage_notice/outages_groups.html", groups=groups, number=number) if groups else ""


def room_part(announcement_id: int, viewer: Viewer, now: datetime) -> str:
    """The tickets on the page of an announcement; "" for drafts and what never concerns tickets."""
    record = get_announcement(viewer, announcement_id)
    counts, broadcasts = tally(record.id), list_broadcasts(record.id)
    may_hold = rules.may_hold_tickets(record.kind, record.is_drill, phase(record, now))
    if not may_hold and not counts.linked and not counts.followers and not broadcasts:
        return ""
    return render_template(
        "outage_notice/outages_room.html",
        a=record,
        counts=counts,
        broadcasts=broadcasts[:SHOWN],
        kind_words=KIND_WORDS,
        needing=linked_tickets(record.id, needing=True, limit=SHOWN) if counts.needing else [],
        waiting=linked_tickets(record.id, waiting=True, limit=SHOWN) if counts.waiting else [],
        may_hold=may_hold,
    )


def ticket_badges(ticket_ids: Sequence[int], viewer: Viewer) -> Mapping[int, Sequence[Badge]]:
    """The outage of each ticket, in two reads for a whole list. Suggestions are for staff."""
    links = [link for link in links_of(ticket_ids) if viewer.is_staff or link.how is not How.suggested]
    outages = {a.id: a for a in live_by_ids({link.announcement_id for link in links})} if links else {}
    if outages and not viewer.is_staff:
        facts = facts_of(viewer)
        outages = {a.id: a for a in outages.values() if matches(a.targets, facts)}
    badges: dict[int, Sequence[Badge]] = {
        link.ticket_id: [_badge(link, outages[link.announcement_id], viewer)]
        for link in links
        if link.announcement_id in outages
    }
    return (_surge_badges(ticket_ids) if viewer.is_staff else {}) | badges


def _surge_badges(ticket_ids: Sequence[int]) -> dict[int, Sequence[Badge]]:
    """A mark on the tickets of a surge that nobody has settled."""
    return {
        id: [Badge(_("Looks like the %(about)s surge", about=about), "l2", "triangle")]
        for id, about in surge_of_tickets(ticket_ids, clock_now()).items()
    }


def _badge(link: TicketLink, announcement: LiveAnnouncement, viewer: Viewer) -> Badge:
    if link.how is How.suggested:
        label = _("Looks like OUT-%(id)s", id=announcement.id)
        return Badge(label, "line", "help", f"/announcements/{announcement.id}/tickets")
    style = style_of(announcement.kind, announcement.severity)
    if viewer.is_staff:
        return Badge(f"OUT-{announcement.id}", style, "link", f"/announcements/{announcement.id}")
    return Badge(_("Part of OUT-%(id)s", id=announcement.id), style, "link", f"/notices/{announcement.id}")
