"""A review as plain sections, which every export draws: no markup, no addresses that anything would fetch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from flask_babel import gettext as _
from flask_babel import ngettext

from helpdesk.plugin_api import markdown_to_text
from plugins.outage_notice.announcements.forms.words import LEVEL_NAMES
from plugins.outage_notice.announcements.rules import Kind
from plugins.outage_notice.announcements.views.blueprint import number
from plugins.outage_notice.announcements.views.room_facts import Line
from plugins.outage_notice.response.rules import PromiseKind
from plugins.outage_notice.reviews.forms import ANSWER_NAMES, CAUSE_NAMES, PHASE_MEANINGS, PHASE_NAMES, READERS_NAMES
from plugins.outage_notice.reviews.queries.feedback import Answers
from plugins.outage_notice.reviews.views.pages import ReviewPage
from plugins.outage_notice.reviews.views.words import (
    DEPARTMENTS_SHOWN,
    kind_word,
    length,
    moment_text,
    percent,
    points,
    promise_names,
    spent,
    whole_day,
)


@dataclass(frozen=True, slots=True)
class Table:
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Section:
    """A heading, paragraphs, points and perhaps a table, in this order."""

    title: str
    paragraphs: tuple[str, ...] = ()
    points: tuple[str, ...] = ()
    table: Table | None = None


@dataclass(frozen=True, slots=True)
class Document:
    title: str
    subtitle: str
    sections: tuple[Section, ...]
    footer: str


def document_of(page: ReviewPage) -> Document:
    """Everything that staff see of a review, without the timeline's own texts of others."""
    record, moments = page.record, page.facts.moments
    what = [f"OUT-{record.id}", kind_word(record.kind)]
    if record.kind is Kind.incident:
        what.append(str(LEVEL_NAMES[record.severity]))
    if record.is_drill:
        what.append(_("Drill"))
    what.append(f"{moment_text(moments.started_at)} – {moment_text(moments.ended_at)}")
    review = page.review
    state = (
        _("Published: %(readers)s", readers=READERS_NAMES[review.readers])
        if review and review.published_at
        else _("Draft")
    )
    return Document(
        title=record.title,
        subtitle=" · ".join(what),
        sections=tuple(_sections(page)),
        footer=_("%(state)s. Printed on %(day)s.", state=state, day=moment_text(page.now)),
    )


def _sections(page: ReviewPage) -> Iterator[Section]:
    review, facts = page.review, page.facts
    missing = (_("Not written yet."),)
    yield Section(_("Summary"), _paragraphs(review.summary if review else "") or missing)
    yield Section(_("How it went"), table=_phases(page))
    yield Section(_("Messages"), table=_measures(page))
    if facts.estimates:
        unknown = str(_("not known yet"))
        told = tuple(f"{moment_text(e.told_at)}: {moment_text(e.eta) if e.eta else unknown}" for e in facts.estimates)
        yield Section(_("What people were told to expect"), points=told)
    if page.checks:
        yield Section(_("Who checked what"), points=page.checks)
    if facts.reach:
        yield Section(_("Reach by department"), table=_reach(page))
    for title, text in (
        (_("Went well"), review.went_well if review else ""),
        (_("To improve"), review.to_improve if review else ""),
        (_("Luck"), review.luck if review else ""),
    ):
        yield Section(title, points=tuple(points(text)), paragraphs=() if points(text) else missing)
    cause = (_("Kind of cause: %(cause)s", cause=CAUSE_NAMES[review.cause]),) if review and review.cause else ()
    why = _paragraphs(review.root_cause if review else "") or missing
    yield Section(_("Why it happened"), (*cause, *why), tuple(points(review.contributing if review else "")))
    yield Section(_("Actions"), table=_actions(page), paragraphs=() if page.actions else (_("No actions yet."),))
    yield Section(_("What people thought of our messages"), _answers(page.requesters), page.requesters.comments)
    yield Section(_("The team"), _answers(page.team), page.team.comments)
    yield Section(_("Timeline"), table=_timeline(page))


def _paragraphs(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in markdown_to_text(text).split("\n\n") if part.strip())


def _phases(page: ReviewPage) -> Table:
    rows = tuple(
        (
            f"{PHASE_NAMES[p.name]} ({PHASE_MEANINGS[p.name]})",
            moment_text(p.start),
            moment_text(p.end),
            length(p.length),
        )
        for p in page.facts.phases
    )
    return Table((_("Phase"), _("From"), _("Until"), _("Duration")), rows)


def _measures(page: ReviewPage) -> Table:
    facts, none = page.facts, str(_("no goal"))
    goal = spent(facts.first_message_goal) if facts.first_message_goal else none
    rows = [(_("First message"), _("%(time)s after the start", time=spent(facts.first_message)), goal)]
    names = promise_names()
    rows += [
        (names[k.kind], _("%(kept)s of %(total)s", kept=k.kept, total=k.total), _("all"))
        for k in facts.promises
        if k.kind is not PromiseKind.first_message
    ]
    if facts.reach:
        share = percent(facts.reach.seen_in_time / facts.reach.people) if facts.reach.people else "–"
        seen = _("%(seen)s of %(people)s", seen=number(facts.reach.seen_in_time), people=number(facts.reach.people))
        rows.append((_("Seen before the fix"), f"{seen} ({share})", none))
    if facts.tickets:
        rows.append((_("Tickets linked"), number(facts.tickets.linked), none))
        rows.append((_("People who followed it"), number(facts.tickets.followed), none))
        rows.append((_("People who followed it without a ticket"), number(facts.tickets.avoided), none))
    return Table((_("Measure"), _("Result"), _("Goal")), tuple(rows))


def _reach(page: ReviewPage) -> Table:
    head = (_("Department"), _("People"), _("Delivered"), _("Seen"), _("Read"))
    reach = page.facts.reach
    rows: list[tuple[str, ...]] = []
    for d in reach.departments[:DEPARTMENTS_SHOWN] if reach else ():
        counts = (d.people, d.delivered, d.seen, d.read)
        rows.append((d.name or _("No department"), *("–" if c is None else number(c) for c in counts)))
    if reach and (more := reach.department_count - DEPARTMENTS_SHOWN) > 0:
        rows.append((ngettext("and %(num)s more", "and %(num)s more", more), "", "", "", ""))
    return Table(head, tuple(rows))


def _actions(page: ReviewPage) -> Table | None:
    if not page.actions:
        return None
    rows = tuple(
        (
            a.what,
            a.owner,
            whole_day(a.due_on),
            f"#{a.ticket}" if a.ticket else "–",
            str(_("done")) if a.done_at else str(_("open")),
        )
        for a in page.actions
    )
    return Table((_("What"), _("Who"), _("Due"), _("Ticket"), _("State")), rows)


def _answers(found: Answers) -> tuple[str, ...]:
    if not found.total:
        return (str(_("Nobody has answered yet.")),)
    return (" · ".join(f"{name}: {number(found.counts.get(answer, 0))}" for answer, name in ANSWER_NAMES.items()),)


def _timeline(page: ReviewPage) -> Table:
    rows = tuple(
        (moment_text(line.at), f"{line.actor} · {line.sentence}" if line.actor else line.sentence, _below(line))
        for _id, line in page.lines
    )
    return Table((_("Time"), _("What"), _("Text")), rows)


def _below(line: Line) -> str:
    """What was written, who checked what, and what was said in public, a line each."""
    said = (line.text, *line.checks, *(one.sentence for one in line.told))
    return "\n".join(text for text in said if text)
