"""The form of a playbook."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, DateField, Field, IntegerField, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.utils import unset_value
from wtforms.validators import DataRequired, Length, NumberRange, Optional
from wtforms.widgets import HiddenInput

from helpdesk.plugin_api import LOCALES, BaseForm
from plugins.outage_notice.announcements.forms.fields import AudienceField, NoticePlanField, ServicesField
from plugins.outage_notice.announcements.forms.words import (
    EFFECT_NAMES,
    KIND_NAMES,
    LANGUAGE_NAMES,
    LEVEL_NAMES,
    LateSelectField,
    choices_of,
)
from plugins.outage_notice.announcements.rules import TEXT_LIMIT, TITLE_HARD_LIMIT, Effect, Kind
from plugins.outage_notice.playbooks.forms.words import PURPOSE_NAMES
from plugins.outage_notice.playbooks.rules import (
    MINUTES_LIMIT,
    NAME_LIMIT,
    PEOPLE_LIMIT,
    Blank,
    Briefing,
    Content,
    PlaybookTexts,
    Purpose,
)
from plugins.outage_notice.response.rules import Callee, CallRole

PARTS = ("title", "description", "workaround", "automated_reply_text")
_MINUTES = [Optional(), NumberRange(1, MINUTES_LIMIT)]


class CalleesField(Field):
    """Rows of a person or team ("person:7", "team:2"), a role and a task. An empty row is left out."""

    def process(self, formdata: Any, data: Any = unset_value, extra_filters: Any = None) -> None:
        self.process_errors: list[Any] = []
        self.data: tuple[Callee, ...] = () if data is unset_value or data is None else tuple(data)
        self.object_data = self.data
        if formdata is not None:
            who = formdata.getlist(self.name)
            self.data = tuple(
                self._rows(who, formdata.getlist(f"{self.name}-role"), formdata.getlist(f"{self.name}-task"))
            )

    def _rows(self, who: list[str], roles: list[str], tasks: list[str]) -> Iterator[Callee]:
        if len(who) > PEOPLE_LIMIT:
            self.process_errors.append(_("Choose at most %(limit)s people and teams.", limit=PEOPLE_LIMIT))
            return
        for position, text in enumerate(who):
            if not text:
                continue
            kind, _colon, id = text.partition(":")
            role = roles[position] if position < len(roles) else CallRole.technical.value
            is_id = id.isascii() and id.isdecimal() and len(id) < 10
            if kind not in ("person", "team") or not is_id or role not in tuple(CallRole):
                self.process_errors.append(_("Choose people of the staff, or teams."))
                return
            task = " ".join((tasks[position] if position < len(tasks) else "").replace("\0", "").split())
            yield Callee(CallRole(role), "team" if kind == "team" else "person", int(id), task)


class PlaybookForm(BaseForm):
    """Everything a person may choose of a playbook. What may be saved, the action decides."""

    revision = IntegerField(widget=HiddenInput(), validators=[Optional(), NumberRange(0, 2**31)])
    name = StringField(_l("Name"), [DataRequired(_l("Give it a name.")), Length(max=NAME_LIMIT)])
    purpose = RadioField(_l("What it is for"), choices=choices_of(PURPOSE_NAMES), default=Purpose.declare.value)
    kind = RadioField(_l("Kind"), choices=choices_of(KIND_NAMES), default=Kind.incident.value)
    severity = RadioField(_l("How serious"), choices=choices_of(LEVEL_NAMES), default="2")
    locale = SelectField(_l("Language of these texts"), choices=[SelectChoice(c, LANGUAGE_NAMES[c]) for c in LOCALES])
    title = StringField(_l("Title"), [Length(max=TITLE_HARD_LIMIT)])
    description = TextAreaField(_l("What they notice"), [Length(max=TEXT_LIMIT)])
    workaround = TextAreaField(_l("What they can do now"), [Length(max=TEXT_LIMIT)])
    automated_reply_text = TextAreaField(_l("Own words in the automated reply"), [Length(max=TEXT_LIMIT)])
    blanks = TextAreaField(_l("Blanks"), [Length(max=TEXT_LIMIT)])
    services = ServicesField(_l("Affected services"))
    service_words = StringField(_l("Names by which the service is found"), [Length(max=200)])
    effect = SelectField(
        _l("What happens to the service that is chosen"),
        choices=choices_of(EFFECT_NAMES),
        default=Effect.major_outage.value,
    )
    audience = AudienceField(_l("Who sees it"))
    is_public = BooleanField(_l("Also before sign-in, when it is critical"))
    mention_in_automated_replies = BooleanField(_l("Mention in automated replies"), default=True)
    calls_by_mail = BooleanField(_l("Mail to the people called"), default=True)
    next_update_minutes = IntegerField(_l("Next update after … minutes"), _MINUTES)
    eta_minutes = IntegerField(_l("Expected fix after … minutes"), _MINUTES)
    duration_minutes = IntegerField(_l("A maintenance lasts … minutes"), _MINUTES)
    lead_minutes = IntegerField(_l("A maintenance is shown … minutes before"), _MINUTES)
    notice_plan = NoticePlanField(_l("Notice plan"))
    checklist = TextAreaField(_l("Checklist"), [Length(max=20_000)])
    people = CalleesField(_l("Who is called"))
    callers_say = TextAreaField(_l("What callers will say"), [Length(max=TEXT_LIMIT)])
    answer = TextAreaField(_l("What to answer"), [Length(max=TEXT_LIMIT)])
    do_not_promise = TextAreaField(_l("What not to promise"), [Length(max=TEXT_LIMIT)])
    expected_volume = StringField(_l("How many to expect"), [Length(max=200)])
    review_on = DateField(_l("Review on"), [Optional()])
    owner_id = LateSelectField(_l("Owner"), coerce=lambda value: int(value) if value else None, validators=[Optional()])

    def __init__(self, *args: Any, owners: dict[int, str] | None = None, **options: Any) -> None:
        super().__init__(*args, **options)
        self.owner_id.choices = [
            SelectChoice("", _("Nobody yet")),
            *(SelectChoice(str(id), name) for id, name in (owners or {}).items()),
        ]

    @property
    def other_locales(self) -> list[str]:
        return [code for code in LOCALES if code != self.locale.data]

    def translated(self, code: str) -> list[Any]:
        return [self[f"{part}_{code}"] for part in PARTS]

    def content(self) -> Content:
        """What was chosen, of a form that is valid in its shapes."""
        texts = {code: PlaybookTexts(*(f.data or "" for f in self.translated(code))) for code in self.other_locales}
        plain = {name: self[name].data for name in _SAME}
        return Content(
            **plain,
            purpose=Purpose(self.purpose.data),
            kind=Kind(self.kind.data),
            severity=int(self.severity.data),
            effect=Effect(self.effect.data),
            texts=PlaybookTexts(*(self[part].data or "" for part in PARTS)),
            translations={code: text for code, text in texts.items() if text != PlaybookTexts()},
            blanks=tuple(_read_blank(line) for line in _lines(self.blanks.data)),
            checklist=tuple(_lines(self.checklist.data)),
            briefing=Briefing(*(self[name].data or "" for name in _BRIEFING)),
        )


_BRIEFING = ("callers_say", "answer", "do_not_promise", "expected_volume")
_SAME = (
    "name", "locale", "services", "service_words", "audience", "is_public", "mention_in_automated_replies",
    "calls_by_mail", "next_update_minutes", "eta_minutes", "duration_minutes", "lead_minutes", "people", "review_on",
    "owner_id", "notice_plan",
)  # fmt: skip


for _code in LOCALES:
    setattr(PlaybookForm, f"title_{_code}", StringField(_l("Title"), [Length(max=TITLE_HARD_LIMIT)]))
    for _part, _label in (
        ("description", _l("What they notice")),
        ("workaround", _l("What they can do now")),
        ("automated_reply_text", _l("Own words in the automated reply")),
    ):
        setattr(PlaybookForm, f"{_part}_{_code}", TextAreaField(_label, [Length(max=TEXT_LIMIT)]))


def _lines(text: str | None) -> list[str]:
    return [line.strip() for line in (text or "").splitlines() if line.strip()]


def _read_blank(line: str) -> Blank:
    """ "whom | en: everyone | es: todas las personas": a name, and what stands in it until it is filled."""
    name, *parts = (part.strip() for part in line.split("|"))
    defaults = {}
    for part in parts:
        code, _colon, text = part.partition(":")
        if code.strip() in LOCALES and text.strip():
            defaults[code.strip()] = text.strip()
    return Blank(name.strip("{} "), defaults)


def _write_blank(blank: Blank) -> str:
    return " | ".join([blank.name, *(f"{code}: {text}" for code, text in blank.defaults.items())])


def values_of(content: Content) -> dict[str, Any]:
    """The data that fills the form with a playbook, as keyword arguments."""
    values = {name: getattr(content, name) for name in _SAME}
    values |= {part: getattr(content.texts, part) for part in PARTS}
    values |= {name: getattr(content.briefing, name) for name in _BRIEFING}
    for code, texts in content.translations.items():
        values |= {f"{part}_{code}": getattr(texts, part) for part in PARTS}
    return values | {
        "purpose": content.purpose.value,
        "kind": content.kind.value,
        "severity": str(content.severity),
        "effect": content.effect.value,
        "blanks": "\n".join(map(_write_blank, content.blanks)),
        "checklist": "\n".join(content.checklist),
    }
