"""What a person may choose of a playbook, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

from flask_babel import lazy_gettext as _l

from helpdesk.plugin_api import LOCALES
from plugins.outage_notice.announcements.rules import (
    TEXT_LIMIT,
    TITLE_HARD_LIMIT,
    Effect,
    Kind,
    Plan,
    ServiceEffect,
    plan_from_json,
    plan_problems,
    plan_to_json,
    severity_allowed,
)
from plugins.outage_notice.audiences.rules import TARGETS_LIMIT, Target, TargetKind, is_well_formed
from plugins.outage_notice.playbooks.rules.blanks import BLANKS_LIMIT, VALUE_LIMIT, Blank, bad_blanks, is_blank_name
from plugins.outage_notice.response.rules import Callee, read_callees

NAME_LIMIT = 120
CHECKLIST_LIMIT = 30
PEOPLE_LIMIT = 50
LINE_LIMIT = 500
MINUTES_LIMIT = 60 * 24 * 60
SERVICES_LIMIT = 100
WORDS_LIMIT = 200


class Purpose(StrEnum):
    """What a playbook is for: to begin an announcement, or for the last words of one."""

    declare = "declare"
    resolve = "resolve"


@dataclass(frozen=True, slots=True)
class PlaybookTexts:
    """The texts in one language."""

    title: str = ""
    description: str = ""
    workaround: str = ""
    automated_reply_text: str = ""

    @property
    def all(self) -> tuple[str, ...]:
        return (self.title, self.description, self.workaround, self.automated_reply_text)


@dataclass(frozen=True, slots=True)
class Briefing:
    """What agents are told: what callers will say, what to answer, what not to promise, how many to expect."""

    callers_say: str = ""
    answer: str = ""
    do_not_promise: str = ""
    expected_volume: str = ""

    @property
    def is_empty(self) -> bool:
        return not (self.callers_say or self.answer or self.do_not_promise or self.expected_volume)


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """All that a person may choose. Minutes None: not said. `eta_minutes` None: not known yet.

    `service_words`: short names by which the service of the catalogue is found, such as "e-mail, mail". `effect`: what
    happens to the service that is chosen when it is used. `audience` empty: the people who use that service.
    `notice_plan` None: the usual one of kind and level.
    """

    name: str = ""
    purpose: Purpose = Purpose.declare
    kind: Kind = Kind.incident
    severity: int = 2
    locale: str = "en"
    texts: PlaybookTexts = field(default_factory=PlaybookTexts)
    translations: Mapping[str, PlaybookTexts] = field(default_factory=dict)
    blanks: tuple[Blank, ...] = ()
    services: tuple[ServiceEffect, ...] = ()
    audience: tuple[Target, ...] = ()
    service_words: str = ""
    effect: Effect = Effect.major_outage
    is_public: bool = False
    mention_in_automated_replies: bool = True
    calls_by_mail: bool = True
    next_update_minutes: int | None = None
    eta_minutes: int | None = None
    duration_minutes: int | None = None
    lead_minutes: int | None = None
    notice_plan: Plan | None = None
    checklist: tuple[str, ...] = ()
    people: tuple[Callee, ...] = ()
    briefing: Briefing = field(default_factory=Briefing)
    review_on: date | None = None
    owner_id: int | None = None

    def languages(self) -> dict[str, PlaybookTexts]:
        """The texts by language, the author's first."""
        return {self.locale: self.texts} | {k: v for k, v in self.translations.items() if k != self.locale}

    def to_columns(self) -> dict[str, Any]:
        """The values of the columns of a row."""
        plain = {name: getattr(self, name) for name in _PLAIN}
        return (
            plain
            | asdict(self.texts)
            | {
                "translations": {locale: asdict(texts) for locale, texts in self.translations.items()},
                "blanks": [{"name": blank.name, "defaults": dict(blank.defaults)} for blank in self.blanks],
                "services": [{"id": s.service_id, "effect": s.effect.value} for s in self.services],
                "audience": [{"kind": t.kind.value, "id": t.id} for t in self.audience],
                "notice_plan": plan_to_json(self.notice_plan),
                "checklist": list(self.checklist),
                "people": [callee.to_json() for callee in self.people],
                "briefing": asdict(self.briefing),
            }
        )

    @staticmethod
    def of_columns(row: Any) -> Content:
        """What a row with these columns holds."""
        return Content(
            **{name: getattr(row, name) for name in _PLAIN},
            texts=PlaybookTexts(row.title, row.description, row.workaround, row.automated_reply_text),
            translations={locale: PlaybookTexts(**texts) for locale, texts in row.translations.items()},
            blanks=tuple(Blank(blank["name"], blank["defaults"]) for blank in row.blanks),
            services=tuple(ServiceEffect(s["id"], Effect(s["effect"])) for s in row.services),
            audience=tuple(Target(TargetKind(t["kind"]), t["id"]) for t in row.audience),
            notice_plan=plan_from_json(row.notice_plan),
            checklist=tuple(row.checklist),
            people=read_callees(row.people),
            briefing=Briefing(**row.briefing),
        )


_PLAIN = (
    "name", "purpose", "kind", "severity", "locale", "service_words", "effect", "is_public",
    "mention_in_automated_replies", "calls_by_mail", "next_update_minutes", "eta_minutes", "duration_minutes",
    "lead_minutes", "review_on", "owner_id",
)  # fmt: skip

Problem = tuple[str, Any]


def problems_of(content: Content) -> dict[str, list[Any]]:
    """What stops saving, by field. Whether people, services and departments exist, the action asks."""
    found: dict[str, list[Any]] = {}
    for part in (_basics, _texts, _blanks, _lists, _times):
        for name, message in part(content):
            found.setdefault(name, []).append(message)
    return found


def _basics(content: Content) -> Iterator[Problem]:
    if not content.name.strip():
        yield "name", _l("Give it a name by which people find it in a hurry.")
    if len(content.name) > NAME_LIMIT:
        yield "name", _l("Use at most %(limit)s characters.", limit=NAME_LIMIT)
    if len(content.service_words) > WORDS_LIMIT:
        yield "service_words", _l("Use at most %(limit)s characters.", limit=WORDS_LIMIT)
    if not severity_allowed(content.kind, content.severity, must_confirm=False):
        yield "severity", _l("This level is not offered for this kind.")
    if content.locale not in LOCALES:
        yield "locale", _l("Choose one of %(choices)s.", choices=", ".join(LOCALES))
    if any(locale not in LOCALES for locale in content.translations):
        yield "translations", _l("Choose one of %(choices)s.", choices=", ".join(LOCALES))


def _texts(content: Content) -> Iterator[Problem]:
    for locale, texts in content.languages().items():
        place = None if locale == content.locale else "translations"
        if not texts.title.strip():
            yield place or "title", _l("Write a title.")
        limits = (TITLE_HARD_LIMIT, TEXT_LIMIT, TEXT_LIMIT, TEXT_LIMIT)
        names = ("title", "description", "workaround", "automated_reply_text")
        declared = [blank.name for blank in content.blanks]
        for name, text, limit in zip(names, texts.all, limits, strict=True):
            if len(text) > limit:
                yield place or name, _l("Use at most %(limit)s characters.", limit=limit)
            if unknown := bad_blanks(text, declared, is_reply=name == "automated_reply_text"):
                message = _l("There is no such blank: %(blank)s. Declare it first.", blank=unknown[0])
                yield place or name, message


def _blanks(content: Content) -> Iterator[Problem]:
    if len(content.blanks) > BLANKS_LIMIT:
        yield "blanks", _l("Use at most %(limit)s blanks.", limit=BLANKS_LIMIT)
    names = [blank.name for blank in content.blanks]
    if len(set(names)) < len(names):
        yield "blanks", _l("Each blank has a name of its own.")
    for blank in content.blanks:
        if not is_blank_name(blank.name):
            yield "blanks", _l("A blank is named with small letters and underscores, such as “what_works”.")
        if any(len(text) > VALUE_LIMIT for text in blank.defaults.values()):
            yield "blanks", _l("Use at most %(limit)s characters.", limit=VALUE_LIMIT)


def _lists(content: Content) -> Iterator[Problem]:
    if len(content.services) > SERVICES_LIMIT:
        yield "services", _l("Choose at most %(limit)s services.", limit=SERVICES_LIMIT)
    if len(content.audience) > TARGETS_LIMIT:
        yield "audience", _l("Choose at most %(limit)s targets.", limit=TARGETS_LIMIT)
    if not all(map(is_well_formed, content.audience)):
        yield "audience", _l("Choose the audience from the list.")
    if len(content.checklist) > CHECKLIST_LIMIT:
        yield "checklist", _l("Use at most %(limit)s lines.", limit=CHECKLIST_LIMIT)
    if any(len(line) > LINE_LIMIT for line in content.checklist):
        yield "checklist", _l("Use at most %(limit)s characters.", limit=LINE_LIMIT)
    if len(content.people) > PEOPLE_LIMIT:
        yield "people", _l("Choose at most %(limit)s people and teams.", limit=PEOPLE_LIMIT)
    if any(len(callee.task) > LINE_LIMIT for callee in content.people):
        yield "people", _l("Use at most %(limit)s characters.", limit=LINE_LIMIT)
    briefing = content.briefing
    for name in ("callers_say", "answer", "do_not_promise"):
        if len(getattr(briefing, name)) > TEXT_LIMIT:
            yield name, _l("Use at most %(limit)s characters.", limit=TEXT_LIMIT)
    if len(briefing.expected_volume) > WORDS_LIMIT:
        yield "expected_volume", _l("Use at most %(limit)s characters.", limit=WORDS_LIMIT)


def _times(content: Content) -> Iterator[Problem]:
    for name in ("next_update_minutes", "eta_minutes", "duration_minutes", "lead_minutes"):
        minutes = getattr(content, name)
        if minutes is not None and not 1 <= minutes <= MINUTES_LIMIT:
            yield name, _l("Choose from 1 minute to 60 days.")
    for problem in plan_problems(content.notice_plan):
        yield "notice_plan", problem
