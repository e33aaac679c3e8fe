"""The check of the composer: what was found, what helps with one click, and what is well."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import gettext as _

from plugins.outage_notice.announcements import queries, rules
from plugins.outage_notice.announcements.forms import ComposerForm
from plugins.outage_notice.announcements.forms.words import KIND_NAMES, LEVEL_NAMES
from plugins.outage_notice.announcements.rules import Draft, Finding, Kind, Level
from plugins.outage_notice.announcements.rules.times import wall_text


@dataclass(frozen=True, slots=True)
class Fix:
    """One click: a link, or a value for a field of the form."""

    label: str
    url: str = ""
    field: str = ""
    value: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    is_error: bool
    field: str
    message: Any
    fix: Fix | None


@dataclass(frozen=True, slots=True)
class Check:
    """`key` names all warnings: they are asked about once, and again only when a new one comes. `is_of_change`: of an
    edit of what people see already.
    """

    lines: tuple[Line, ...]
    well: tuple[str, ...]
    people: int
    needs_number: bool
    errors: dict[str, list[Any]]
    warnings: frozenset[str]
    is_of_change: bool

    @property
    def key(self) -> str:
        return ",".join(sorted(self.warnings))


def check_of(
    form: ComposerForm, draft: Draft, now: datetime, announcement_id: int | None, published: Draft | None
) -> Check:
    """Everything the check says about what is in the form; `published` is what people see of it now."""
    facts = queries.check_facts(
        draft,
        now,
        announcement_id=announcement_id,
        published=published,
        confirmed_people=form.typed_people,
    )
    found = [f for f in rules.checks(draft, facts, now) if not (f.code == "no_eta" and form.eta_unknown.data)]
    problems: dict[str, list[Any]] = {}
    for finding in rules.errors(found):
        problems.setdefault(finding.field, []).append(finding.message)
    return Check(
        lines=tuple(Line(f.level is Level.error, f.field, f.message, _fix(f, draft)) for f in found),
        well=tuple(_well(draft, {f.code for f in found})),
        people=facts.people,
        needs_number=any(f.code == "confirm_people" for f in found) or bool(form.confirmed_people.data),
        errors=problems,
        warnings=frozenset(f"{f.field}.{f.code}" for f in found if f.level is Level.warning),
        is_of_change=published is not None,
    )


def _fix(finding: Finding, draft: Draft) -> Fix | None:
    match finding.code, finding.fix:
        case "no_eta", _anything:
            return Fix(_("Say “not known yet”"), field="eta_unknown", value="1")
        case _code, {"update": id}:
            return Fix(_("Update OUT-%(id)s instead", id=id), url=f"/announcements/{id}#update")
        case _code, {"open": id}:
            return Fix(_("Open OUT-%(id)s", id=id), url=f"/announcements/{id}")
        case "severity_kind", int() as level:
            return Fix(_("Change to %(level)s", level=LEVEL_NAMES[level]), field="severity", value=str(level))
        case "must_confirm_level", False:
            return Fix(_("Do not ask to confirm"), field="must_confirm", value="")
        case "future_incident", str() as kind:
            return Fix(_("Change to %(kind)s", kind=KIND_NAMES[kind]), field="kind", value=kind)
        case "no_workaround", text if text:
            return Fix(_("Say “%(text)s”", text=text), field="workaround", value=str(text))
        case "not_in_repetition", datetime() as moment:
            return Fix(_("Start at the first time"), field="starts_at", value=wall_text(moment, draft.time_zone))
    return None


def _well(draft: Draft, codes: set[str]) -> Iterator[str]:
    if draft.title and not codes & {"no_title", "long_title"}:
        yield _("Says what is broken") if draft.kind is Kind.incident else _("Says what it is about")
    if draft.workaround and "broken_link" not in codes:
        yield _("Says what people can do now")
    if draft.next_update_at and "past_update" not in codes:
        yield _("Promises the next update")
    if draft.title and not codes & {"guess_words", "clock_words", "host_names", "people_names"}:
        yield _("No guesses about the cause, no names, no words that go stale")
