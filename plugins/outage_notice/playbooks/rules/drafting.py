"""From a playbook and what was filled in to the draft of an announcement."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from plugins.outage_notice.announcements.rules import Draft, Kind, ServiceEffect, Texts
from plugins.outage_notice.audiences.rules import Target, TargetKind
from plugins.outage_notice.playbooks.rules.blanks import (
    SERVICE_BLANK,
    Blank,
    Values,
    fill,
    free_blanks,
    is_sentence,
    leave_out,
)
from plugins.outage_notice.playbooks.rules.content import Content, PlaybookTexts

FIVE = timedelta(minutes=5)


class Audience(StrEnum):
    """Who sees it: as the playbook says, those who use the chosen service, or everyone."""

    playbook = "playbook"
    service = "service"
    everyone = "everyone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What a person fills in when a playbook is used. `service`: id and name. `starts_at` None: now.

    `values`: a blank that is not named has its default, one that is named as "" was emptied.
    """

    language: str
    values: Values = field(default_factory=dict)
    service: tuple[int, str] | None = None
    severity: int | None = None
    audience: Audience = Audience.service
    starts_at: datetime | None = None
    is_drill: bool = False
    owner_id: int | None = None
    time_zone: str = "UTC"


def next_five_minutes(moment: datetime) -> datetime:
    """The moment, or the next one that a clock shows in steps of five minutes."""
    late = timedelta(minutes=moment.minute % 5, seconds=moment.second, microseconds=moment.microsecond)
    return moment if not late else moment - late + FIVE


def draft_from(content: Content, choices: Choices, now: datetime) -> Draft:
    """The draft, ready to be checked and published. Blanks that nobody filled stay, and the check stops at them."""
    languages = content.languages()
    locale = choices.language if choices.language in languages else content.locale
    own = _filled(languages[locale], locale, content, choices)
    starts_at = choices.starts_at
    ends_at = None
    if content.kind is Kind.maintenance and starts_at is not None and content.duration_minutes is not None:
        ends_at = starts_at + timedelta(minutes=content.duration_minutes)
    return Draft(
        kind=content.kind,
        severity=choices.severity or content.severity,
        title=own.title,
        description=own.description,
        workaround=own.workaround,
        automated_reply_text=own.automated_reply_text,
        locale=locale,
        translations=_translations(content, choices, locale),
        services=_services(content, choices),
        audience=_audience(content, choices),
        starts_at=starts_at,
        planned_end_at=ends_at,
        show_from=_shown_from(content, starts_at, now),
        eta=_in(content.eta_minutes, now) if content.kind is Kind.incident else None,
        next_update_at=_in(content.next_update_minutes, now),
        mention_in_automated_replies=content.mention_in_automated_replies,
        is_public=content.is_public,
        is_drill=choices.is_drill,
        owner_id=choices.owner_id,
        time_zone=choices.time_zone,
        notice_plan=content.notice_plan,
    )


def _in(minutes: int | None, now: datetime) -> datetime | None:
    return None if minutes is None else next_five_minutes(now + timedelta(minutes=minutes))


def _shown_from(content: Content, starts_at: datetime | None, now: datetime) -> datetime | None:
    if content.kind is not Kind.maintenance or starts_at is None or content.lead_minutes is None:
        return None
    shown = starts_at - timedelta(minutes=content.lead_minutes)
    return shown if shown > now else None


def _services(content: Content, choices: Choices) -> tuple[ServiceEffect, ...]:
    found = {s.service_id: s for s in content.services}
    if choices.service is not None:
        found.setdefault(choices.service[0], ServiceEffect(choices.service[0], content.effect))
    return tuple(found.values())


def _audience(content: Content, choices: Choices) -> tuple[Target, ...]:
    if choices.audience is Audience.everyone:
        return (Target(TargetKind.everyone),)
    if choices.audience is Audience.playbook:
        return content.audience
    return tuple(Target(TargetKind.service_users, str(s.service_id)) for s in _services(content, choices))


def missing_blanks(content: Content, choices: Choices) -> list[str]:
    """The declared blanks, but for the service, that are left in the texts of the chosen language: emptied, and no
    sentence that may stay out.
    """
    languages = content.languages()
    locale = choices.language if choices.language in languages else content.locale
    left = free_blanks(_filled(languages[locale], locale, content, choices).all)
    declared = {blank.name for blank in content.blanks}
    return [name for name in left if name in declared]


def _value_of(blank: Blank, locale: str, values: Values) -> str:
    """What stands in a blank: as somebody wrote it, also nothing; else its default."""
    return values.get(locale, {}).get(blank.name, blank.defaults.get(locale, "")).strip()


def _stays_out(blank: Blank, locale: str, values: Values) -> bool:
    return is_sentence(blank.defaults.get(locale, "")) and not _value_of(blank, locale, values)


def _filled(texts: PlaybookTexts, locale: str, content: Content, choices: Choices) -> PlaybookTexts:
    values = {blank.name: _value_of(blank, locale, choices.values) for blank in content.blanks}
    left_out = [blank.name for blank in content.blanks if _stays_out(blank, locale, choices.values)]
    if choices.service is not None:
        values[SERVICE_BLANK] = choices.service[1]
    return PlaybookTexts(*(fill(leave_out(text, left_out), values) for text in texts.all))


def _translations(content: Content, choices: Choices, locale: str) -> dict[str, Texts]:
    """The other languages in which everything was filled in. What was written in one language only is not mixed in."""
    found = {}
    for code, texts in content.languages().items():
        if code != locale and _is_translated(texts, code, locale, content.blanks, choices.values):
            filled = _filled(texts, code, content, choices)
            found[code] = Texts(filled.title, filled.description, filled.workaround)
    return found


def _is_translated(texts: PlaybookTexts, code: str, locale: str, blanks: tuple[Blank, ...], values: Values) -> bool:
    declared: Mapping[str, Blank] = {blank.name: blank for blank in blanks}
    for name in free_blanks(texts.all[:3]):
        if name not in declared:
            continue  # filled when a reply is sent
        blank = declared[name]
        default, own_default = blank.defaults.get(code, ""), blank.defaults.get(locale, "")
        given, own = _value_of(blank, code, values), _value_of(blank, locale, values)
        if not given and not own and is_sentence(default):
            continue  # it stays out of both
        if not given or (given == default and own != own_default):
            return False
    return True
