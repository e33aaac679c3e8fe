"""The reply to all, and the limits of surges."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import FloatField, HiddenField, IntegerField, TextAreaField
from wtforms.validators import InputRequired, Length

from helpdesk.plugin_api import BaseForm
from plugins.outage_notice.outages.rules import TEXT_LIMIT
from plugins.outage_notice.outages.rules.surges import Limits


class ReplyForm(BaseForm):
    """The text, and the key that keeps a form sent twice from being two replies."""

    text = TextAreaField(_l("Your reply"), [InputRequired(_l("Write something first.")), Length(max=TEXT_LIMIT)])
    key = HiddenField(validators=[InputRequired(), Length(min=16, max=64)])


ENTER = _l("Enter a number.")


class SurgeLimitsForm(BaseForm):
    """From when on many tickets are a surge. The action knows the ranges."""

    tickets = IntegerField(_l("Tickets within the window"), [InputRequired(ENTER)])
    people = IntegerField(_l("Different people"), [InputRequired(ENTER)])
    factor = FloatField(_l("Times what is normal"), [InputRequired(ENTER)])
    minutes = IntegerField(_l("Window in minutes"), [InputRequired(ENTER)])
    silence_minutes = IntegerField(_l("Minutes of silence after “Not an outage”"), [InputRequired(ENTER)])

    def limits(self) -> Limits:
        """What was entered; call it on a form that is valid."""
        fields = (self.tickets, self.people, self.minutes, self.silence_minutes)
        tickets, people, minutes, silence = (int(field.data or 0) for field in fields)
        return Limits(tickets, people, float(self.factor.data or 0), minutes, silence)
