"""The forms of reviews, their actions, corrections and feedback, and the words of their choices."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import DateField, IntegerField, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, Length, NumberRange, Optional

from helpdesk.plugin_api import BaseForm, LocalDateTimeField
from plugins.outage_notice.announcements.forms.fields import revision_field
from plugins.outage_notice.announcements.forms.words import LateSelectField, choices_of
from plugins.outage_notice.reviews.actions import NewAction
from plugins.outage_notice.reviews.rules import (
    ACTION_LIMIT,
    COMMENT_LIMIT,
    TEXT_FIELDS,
    TEXT_LIMIT,
    Answer,
    Cause,
    PhaseName,
    Readers,
)

CAUSE_NAMES: dict[str, Any] = {
    Cause.change: _l("A change"),
    Cause.capacity: _l("Capacity"),
    Cause.certificate: _l("Certificate or licence"),
    Cause.configuration: _l("Configuration"),
    Cause.hardware: _l("Hardware"),
    Cause.network: _l("Network"),
    Cause.power: _l("Power"),
    Cause.security: _l("Security incident"),
    Cause.software: _l("Software"),
    Cause.supplier: _l("Supplier"),
    Cause.other: _l("Something else"),
    Cause.unknown: _l("Not found"),
}
READERS_NAMES: dict[str, Any] = {
    Readers.staff: _l("Staff"),
    Readers.affected: _l("Everyone who was affected"),
    Readers.public: _l("Public summary only"),
}
ANSWER_NAMES: dict[Answer, Any] = {Answer.yes: _l("Yes"), Answer.partly: _l("Partly"), Answer.no: _l("No")}
PHASE_NAMES: dict[str, Any] = {
    PhaseName.noticing: _l("Notice"),
    PhaseName.telling: _l("Tell"),
    PhaseName.finding: _l("Find"),
    PhaseName.fixing: _l("Fix"),
}
PHASE_MEANINGS: dict[str, Any] = {
    PhaseName.noticing: _l("until the team knew"),
    PhaseName.telling: _l("until those affected were told"),
    PhaseName.finding: _l("until the cause was found"),
    PhaseName.fixing: _l("until it worked again"),
}


def _text(label: Any) -> TextAreaField:
    return TextAreaField(label, [Optional(), Length(max=TEXT_LIMIT)])


class ReviewForm(BaseForm):
    """What people write about an outage."""

    revision = revision_field()
    summary = _text(_l("Summary"))
    cause = SelectField(
        _l("Kind of cause"), choices=[SelectChoice("", _l("Not chosen yet")), *choices_of(CAUSE_NAMES)], default=""
    )
    root_cause = _text(_l("Root cause"))
    contributing = _text(_l("Contributing causes"))
    went_well = _text(_l("Went well"))
    to_improve = _text(_l("To improve"))
    luck = _text(_l("Luck"))
    public_summary = _text(_l("Summary for people outside of IT"))
    noticed_at = LocalDateTimeField(_l("Noticed at"))
    found_at = LocalDateTimeField(_l("Cause found at"))

    def changes(self) -> dict[str, Any]:
        """What is in the form, by the names of the record. A time left as it was shown keeps its seconds."""
        texts: dict[str, Any] = {name: getattr(self, name).data or "" for name in TEXT_FIELDS}
        cause = self.cause.data
        return texts | {
            "cause": Cause(cause) if cause in tuple(Cause) else None,
            "noticed_at": _kept(self.noticed_at),
            "found_at": _kept(self.found_at),
        }


def _kept(field: Any) -> datetime | None:
    shown, chosen = field.object_data, field.data
    if shown and chosen == shown.replace(second=0, microsecond=0):
        return shown  # type: ignore[no-any-return]
    return chosen  # type: ignore[no-any-return]


class PublishForm(BaseForm):
    """Who may read the review."""

    revision = revision_field()
    readers = RadioField(_l("Who can read it"), choices=choices_of(READERS_NAMES), default=Readers.staff.value)


class ActionForm(BaseForm):
    """Something to change, by whom and until when."""

    revision = revision_field()
    what = StringField(_l("What"), [DataRequired(_l("Say what is to be changed.")), Length(max=ACTION_LIMIT)])
    owner_id = LateSelectField(_l("Who"), validators=[DataRequired(_l("Choose somebody of the staff."))])
    due_on = DateField(_l("Due"), [DataRequired(_l("Choose a date."))])

    def __init__(self, *args: Any, owners: list[tuple[int, str]], **options: Any) -> None:
        super().__init__(*args, **options)
        first = [SelectChoice("", _("Choose"))] if not self.owner_id.data or self.owner_id.data == "None" else []
        self.owner_id.choices = first + [SelectChoice(str(id), name) for id, name in owners]

    def new_action(self) -> NewAction:
        due_on: date = self.due_on.data
        return NewAction(self.what.data or "", int(self.owner_id.data), due_on)


class TicketForm(BaseForm):
    """The ticket in which an action is worked on."""

    number = IntegerField(_l("Number of the ticket"), [Optional(), NumberRange(1, 2**31 - 1)])


class CorrectionForm(BaseForm):
    """What is right, where an entry of the timeline is wrong."""

    text = TextAreaField(_l("What is right"), [DataRequired(_l("Say what is right.")), Length(max=TEXT_LIMIT)])


class FeedbackForm(BaseForm):
    """One question, and what else there is to say."""

    answer = RadioField(_l("Did our messages help you?"), choices=choices_of(ANSWER_NAMES))
    comment = TextAreaField(_l("What would have helped more?"), [Optional(), Length(max=COMMENT_LIMIT)])
