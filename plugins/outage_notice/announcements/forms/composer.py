"""The composer: one form for a new announcement, a draft and a published one."""

from __future__ import annotations

from functools import lru_cache
from typing import Any
from zoneinfo import available_timezones

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, IntegerField, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Length, NumberRange, Optional, ValidationError
from wtforms.widgets import HiddenInput

from helpdesk.plugin_api import LOCALES, BaseForm, LocalDateTimeField
from plugins.outage_notice.announcements.forms.fields import AudienceField, NoticePlanField, ServicesField, number_typed
from plugins.outage_notice.announcements.forms.words import (
    AUTOMATIC,
    KIND_NAMES,
    LANGUAGE_NAMES,
    LEVEL_NAMES,
    WEIGHT_NAMES,
    LateSelectField,
    choices_of,
)
from plugins.outage_notice.announcements.rules import BadRecurrence, Draft, Kind, Texts, Weight, parse_recurrence
from plugins.outage_notice.announcements.rules.vocabulary import (
    CHECKLIST_LIMIT,
    DRILL_MINUTES,
    DRILL_MINUTES_LIMIT,
    KEYWORDS_LIMIT,
    TEXT_LIMIT,
    TITLE_HARD_LIMIT,
)

RULE_LIMIT = 200
REPEATS = {
    "none": _l("Does not repeat"),
    "daily": _l("Every day"),
    "weekly": _l("Every week"),
    "monthly": _l("Every month"),
    "custom": _l("Another rule"),
}
SIMPLE_RULES = {"daily": "FREQ=DAILY", "weekly": "FREQ=WEEKLY", "monthly": "FREQ=MONTHLY"}
LATER = {"now": _l("Now"), "later": _l("Schedule")}
PARTS = ("title", "description", "workaround")
TEXTS = (*PARTS, "automated_reply_text", "keywords", "checklist")
TICKS = ("must_confirm", "ends_by_itself", "mention_in_automated_replies", "is_public", "is_drill")
_OUTSIDE = ("Etc/", "SystemV/", "US/", "posix/", "right/")


@lru_cache(maxsize=1)
def _zone_names() -> tuple[str, ...]:
    return tuple(sorted(z for z in available_timezones() if "/" in z and not z.startswith(_OUTSIDE)))


def zone_choices() -> list[SelectChoice]:
    """The zones people know by a place, and UTC."""
    return [SelectChoice("UTC", "UTC"), *(SelectChoice(z, z.replace("_", " ")) for z in _zone_names())]


def _zone_of(form: Any) -> str:
    return str(form.time_zone.data or "")


def _moment(label: Any) -> LocalDateTimeField:
    return LocalDateTimeField(label, zone=_zone_of)


def _whole_number(value: Any) -> int | None:
    return int(value) if value not in (None, "") else None


class ComposerForm(BaseForm):
    """Everything a person may choose. It checks shapes; whether it may be saved or published, the action decides."""

    revision = IntegerField(widget=HiddenInput(), validators=[Optional(), NumberRange(0, 2**31)])
    seen = StringField(widget=HiddenInput(), validators=[Length(max=1000)])
    kind = RadioField(_l("Kind"), choices=choices_of(KIND_NAMES), default=Kind.incident.value)
    severity = RadioField(_l("How serious"), choices=choices_of(LEVEL_NAMES), default="2")
    locale = SelectField(_l("Language of these texts"), choices=[SelectChoice(c, LANGUAGE_NAMES[c]) for c in LOCALES])
    title = StringField(_l("What is broken, in the words of the people affected"), [Length(max=TITLE_HARD_LIMIT)])
    description = TextAreaField(_l("What they notice"), [Length(max=TEXT_LIMIT)])
    workaround = TextAreaField(_l("What they can do now"), [Length(max=TEXT_LIMIT)])
    must_confirm = BooleanField(_l("People must confirm before they continue"))
    services = ServicesField(_l("Affected services"))
    audience = AudienceField(_l("Who sees it"))
    is_public = BooleanField(_l("Also before sign-in, when it is critical"))
    is_drill = BooleanField(_l("This is a drill"))
    drill_minutes = IntegerField(
        _l("The drill ends after (minutes)"), [Optional(), NumberRange(1, DRILL_MINUTES_LIMIT)], default=DRILL_MINUTES
    )
    when = RadioField(_l("Publish"), choices=choices_of(LATER), default="now")
    time_zone = SelectField(_l("Time zone"), choices=zone_choices)
    starts_at = _moment(_l("Start"))
    planned_end_at = _moment(_l("Planned end"))
    ends_by_itself = BooleanField(_l("Ends by itself at the planned end"))
    show_from = _moment(_l("Show from"))
    show_until = _moment(_l("Show until"))
    repeat = SelectField(_l("Repeats"), choices=choices_of(REPEATS), default="none")
    recurrence = StringField(_l("Rule"), [Length(max=RULE_LIMIT)])
    next_update_at = _moment(_l("Next update by"))
    eta = _moment(_l("Expected fix"))
    eta_unknown = BooleanField(_l("Not known yet"))
    notice_plan = NoticePlanField(_l("Notice plan"))
    mention_in_automated_replies = BooleanField(
        _l("Answer new tickets about this with it, until it is over"), default=True
    )
    automated_reply_text = TextAreaField(_l("Own words in the automated reply"), [Length(max=TEXT_LIMIT)])
    keywords = StringField(_l("Words that point to this in tickets"), [Length(max=KEYWORDS_LIMIT)])
    checklist = TextAreaField(_l("Checked before it is resolved"), [Length(max=CHECKLIST_LIMIT)])
    owner_id = LateSelectField(_l("Owner"), coerce=_whole_number, validators=[Optional()])
    confirmed_people = StringField(_l("Number of people"), [Length(max=20)])
    weight = RadioField(
        _l("How much this change matters"), choices=choices_of(AUTOMATIC | WEIGHT_NAMES), default="auto"
    )

    def __init__(self, *args: Any, owners: dict[int, str] | None = None, **options: Any) -> None:
        super().__init__(*args, **options)
        self.owner_id.choices = [
            SelectChoice("", _("Nobody yet")),
            *(SelectChoice(str(id), name) for id, name in (owners or {}).items()),
        ]
        kept = self.time_zone.object_data
        if kept and kept not in [choice.value for choice in self.time_zone.choices]:
            self.time_zone.choices.append(SelectChoice(kept, kept))

    def validate_show_from(self, field: Any) -> None:
        if self.when.data == "later" and field.data is None and not field.errors:
            raise ValidationError(_("Say from when on it should be shown, or publish it now."))

    def validate_recurrence(self, field: Any) -> None:
        if self.repeat.data == "custom" and not field.data:
            raise ValidationError(_("Write the rule, such as FREQ=WEEKLY;BYDAY=TU."))
        if self.repeat.data == "custom":
            try:
                parse_recurrence(field.data, "UTC")
            except BadRecurrence as error:
                raise ValidationError(str(error.message)) from error

    @property
    def other_locales(self) -> list[str]:
        return [code for code in LOCALES if code != self.locale.data]

    def translated(self, code: str) -> list[Any]:
        """The fields of title, description and workaround in one more language."""
        return [self[f"{part}_{code}"] for part in PARTS]

    def draft(self) -> Draft:
        """What was chosen. Values that failed their check are left at their default, so that a preview is possible."""
        chosen: dict[str, Any] = {name: self[name].data or "" for name in TEXTS}
        chosen |= {name: bool(self[name].data) for name in TICKS}
        chosen |= {name: self[name].data for name in ("starts_at", "planned_end_at", "show_until", "next_update_at")}
        return Draft(
            kind=Kind(self.kind.data) if self.kind.data in tuple(Kind) else Kind.incident,
            severity=int(self.severity.data) if self.severity.data in ("1", "2", "3", "4") else 2,
            locale=self.locale.data if self.locale.data in LOCALES else LOCALES[0],
            translations=self._translations(),
            services=self.services.data,
            audience=self.audience.data,
            recurrence=self._recurrence(),
            eta=None if self.eta_unknown.data else self.eta.data,
            owner_id=self.owner_id.data,
            drill_minutes=self.drill_minutes.data or DRILL_MINUTES,
            notice_plan=self.notice_plan.data,
            time_zone=self.time_zone.data or "UTC",
            # "Now" means now, whatever was entered for later and then folded away.
            show_from=self.show_from.data if self.when.data == "later" else None,
            **chosen,
        )

    @property
    def typed_people(self) -> int | None:
        return number_typed(self.confirmed_people.data)

    @property
    def chosen_weight(self) -> Weight | None:
        return Weight(self.weight.data) if self.weight.data in tuple(Weight) else None

    def _translations(self) -> dict[str, Texts]:
        texts = {code: Texts(*(field.data or "" for field in self.translated(code))) for code in self.other_locales}
        return {code: text for code, text in texts.items() if text != Texts()}

    def _recurrence(self) -> str | None:
        if self.repeat.data == "custom":
            return self.recurrence.data or None
        return SIMPLE_RULES.get(self.repeat.data or "")


for _code in LOCALES:
    setattr(ComposerForm, f"title_{_code}", StringField(_l("Title"), [Length(max=TITLE_HARD_LIMIT)]))
    setattr(ComposerForm, f"description_{_code}", TextAreaField(_l("What they notice"), [Length(max=TEXT_LIMIT)]))
    setattr(ComposerForm, f"workaround_{_code}", TextAreaField(_l("What they can do now"), [Length(max=TEXT_LIMIT)]))


def values_of(draft: Draft) -> dict[str, Any]:
    """The data that fills the form with a draft, as keyword arguments of ComposerForm."""
    simple = {rule: name for name, rule in SIMPLE_RULES.items()}
    values = {name: getattr(draft, name) for name in Draft.__dataclass_fields__ if name != "translations"}
    for code, texts in draft.translations.items():
        values |= {f"{part}_{code}": getattr(texts, part) for part in PARTS}
    return values | {
        "kind": draft.kind.value,
        "severity": str(int(draft.severity)),
        "repeat": simple.get(draft.recurrence, "custom") if draft.recurrence else "none",
        "recurrence": draft.recurrence or "",
        "when": "later" if draft.show_from else "now",
        "owner_id": draft.owner_id,
    }
