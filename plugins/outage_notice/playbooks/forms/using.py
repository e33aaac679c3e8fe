"""The form with only the blanks of a playbook, and what is decided each time."""

from __future__ import annotations

from datetime import datetime
from types import SimpleNamespace
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, RadioField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Length, Optional
from wtforms.widgets import HiddenInput

from helpdesk.plugin_api import BaseForm, LocalDateTimeField, Viewer, language_for
from plugins.outage_notice.announcements.forms.fields import number_typed
from plugins.outage_notice.announcements.forms.words import (
    LANGUAGE_NAMES,
    LEVEL_NAMES,
    LateSelectField,
    choices_of,
)
from plugins.outage_notice.announcements.rules import Draft
from plugins.outage_notice.playbooks.forms.words import AUDIENCE_NAMES, blank_label
from plugins.outage_notice.playbooks.rules import (
    VALUE_LIMIT,
    Audience,
    Choices,
    Content,
    draft_from,
    free_blanks,
    is_sentence,
    missing_blanks,
)


class UseForm(BaseForm):
    """Only the blanks of a playbook, and what is decided each time: service, level, people, start."""

    seen = StringField(widget=HiddenInput(), validators=[Length(max=1000)])
    language = SelectField(_l("Language of these texts"))
    service = LateSelectField(_l("Service"), validators=[Optional()])
    severity = RadioField(_l("How serious"), choices=choices_of(LEVEL_NAMES))
    audience = RadioField(_l("Who sees it"))
    starts_at = LocalDateTimeField(_l("Start"))
    is_drill = BooleanField(_l("This is a drill"))
    brief_first = BooleanField(_l("Brief the front line first"))
    confirmed_people = StringField(_l("Number of people"), [Length(max=20)])

    def prepare(self, content: Content, viewer: Viewer, now: datetime) -> UseForm:
        """Bind the form to its playbook: whose texts, asked by whom, when."""
        self._content, self._viewer, self._now = content, viewer, now
        return self

    @property
    def typed_people(self) -> int | None:
        return number_typed(self.confirmed_people.data)

    @property
    def eta_unknown(self) -> Any:
        """Of a playbook that names no time, "not known yet" is said."""
        return SimpleNamespace(data=self._content.eta_minutes is None)

    @property
    def when(self) -> Any:
        return SimpleNamespace(data="later" if self.draft().show_from else "now")

    def blank_fields(self, code: str) -> list[Any]:
        """The fields of the blanks in one language."""
        return [self[field_name(code, name)] for name in open_blanks(self._content)]

    def may_stay_out(self, code: str) -> set[str]:
        """The names of the fields of blanks that are whole sentences: emptied, the sentence stays out."""
        blanks = self._content.blanks
        return {field_name(code, blank.name) for blank in blanks if is_sentence(blank.defaults.get(code, ""))}

    def missing(self) -> dict[str, list[str]]:
        """What stops publishing at the blanks: emptied ones of the chosen language, by field."""
        choices = self._choices()
        message = _("Fill this in: the text needs it.")
        return {field_name(choices.language, name): [message] for name in missing_blanks(self._content, choices)}

    def draft(self) -> Draft:
        """The draft as it would be published now."""
        return draft_from(self._content, self._choices(), self._now)

    def _choices(self) -> Choices:
        names = dict(self.service.choices or [])
        is_known = self.service.data in names and self.service.data
        values = {
            code: {name: self[field_name(code, name)].data or "" for name in open_blanks(self._content)}
            for code in self._content.languages()
        }
        return Choices(
            language=self.language.data or self._content.locale,
            values=values,
            service=(int(self.service.data), names[self.service.data]) if is_known else None,
            severity=int(self.severity.data) if self.severity.data in ("1", "2", "3", "4") else None,
            audience=Audience(self.audience.data) if self.audience.data in tuple(Audience) else Audience.service,
            starts_at=self.starts_at.data,
            is_drill=bool(self.is_drill.data),
            owner_id=self._viewer.id,
            time_zone=self._viewer.time_zone or "UTC",
        )


def field_name(code: str, name: str) -> str:
    return f"blank_{code}_{name}"


def open_blanks(content: Content) -> list[str]:
    """The declared blanks that stand in the texts and that a person writes."""
    texts = [text for one in content.languages().values() for text in one.all]
    declared = {blank.name for blank in content.blanks}
    return [name for name in free_blanks(texts) if name in declared]


def use_form(
    content: Content,
    viewer: Viewer,
    now: datetime,
    services: list[tuple[int, str]],
    chosen_service: int | None,
) -> UseForm:
    """The form with only what this playbook leaves open."""
    languages = content.languages()
    fields = {
        field_name(code, name): StringField(blank_label(name), [Length(max=VALUE_LIMIT)])
        for code in languages
        for name in open_blanks(content)
    }
    bound = type("BoundUseForm", (UseForm,), fields)
    wanted = language_for(viewer.locale)
    defaults = {
        field_name(code, blank.name): blank.defaults.get(code, "") for code in languages for blank in content.blanks
    }
    form: UseForm = bound(
        language=wanted if wanted in languages else content.locale,
        severity=str(content.severity),
        audience=(Audience.playbook if content.audience else Audience.service).value,
        service="" if chosen_service is None else str(chosen_service),
        **defaults,
    )
    form.language.choices = [SelectChoice(code, LANGUAGE_NAMES[code]) for code in languages]
    form.service.choices = [("", _("Choose a service")), *((str(id), name) for id, name in services)]
    offered = [a for a in Audience if a is not Audience.playbook or content.audience]
    form.audience.choices = choices_of({a: AUDIENCE_NAMES[a] for a in offered})
    return form.prepare(content, viewer, now)
