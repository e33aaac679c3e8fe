"""The forms of a template, of a switch and of a canned reply."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, IntegerField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length
from wtforms.widgets import HiddenInput

from helpdesk.replies.rules import BODY_LIMIT, CANNED_TITLE_LIMIT, SUBJECT_LIMIT, Text
from helpdesk.web.forms import BaseForm

EVENT_LABELS = {
    "received": _l("Ticket received"),
    "reply_received": _l("Reply received"),
    "solved": _l("Ticket solved"),
    "closed": _l("Ticket closed"),
}


class TemplateForm(BaseForm):
    """`revision` is that of the text the person started from."""

    subject = StringField(_l("Subject"), [InputRequired(), Length(max=SUBJECT_LIMIT)])
    body = TextAreaField(_l("Text"), [InputRequired(), Length(max=BODY_LIMIT)])
    revision = IntegerField(widget=HiddenInput(), default=0)

    def as_text(self) -> Text:
        return Text(self.subject.data or "", self.body.data or "")


class SwitchForm(BaseForm):
    """One of the two buttons of a switch."""

    is_on = HiddenField()

    @property
    def wants_on(self) -> bool:
        return bool(self.is_on.data == "1")


class CannedForm(BaseForm):
    title = StringField(_l("Title"), [InputRequired(), Length(max=CANNED_TITLE_LIMIT)])
    body = TextAreaField(_l("Text"), [InputRequired(), Length(max=BODY_LIMIT)])
