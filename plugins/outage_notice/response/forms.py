"""The briefing, and the targets of one level."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import IntegerField, StringField, TextAreaField
from wtforms.validators import Length, NumberRange, Optional
from wtforms.widgets import HiddenInput

from helpdesk.plugin_api import BaseForm
from plugins.outage_notice.announcements.rules import TEXT_LIMIT
from plugins.outage_notice.response.actions.briefing import BriefingTexts
from plugins.outage_notice.response.rules import MINUTES_LIMIT


class BriefingForm(BaseForm):
    """What agents should know."""

    revision = IntegerField(widget=HiddenInput(), validators=[Optional(), NumberRange(0, 2**31)])
    callers_say = TextAreaField(_l("What callers will say"), [Length(max=TEXT_LIMIT)])
    answer = TextAreaField(_l("What to answer"), [Length(max=TEXT_LIMIT)])
    do_not_promise = TextAreaField(_l("What not to promise"), [Length(max=TEXT_LIMIT)])
    expected_volume = StringField(_l("How many to expect"), [Length(max=200)])

    def texts(self) -> BriefingTexts:
        return BriefingTexts(
            self.callers_say.data or "",
            self.answer.data or "",
            self.do_not_promise.data or "",
            self.expected_volume.data or "",
        )


TARGET_NAMES = {
    "first_message_minutes": _l("First message"),
    "response_minutes": _l("Answer of the team"),
    "update_minutes": _l("Update at least every"),
    "resolution_minutes": _l("Resolution"),
    "escalate_minutes": _l("Late until the next person is told"),
}


class TargetsForm(BaseForm):
    """The targets of all levels: fields such as `l1_update_minutes`. Empty: no target."""


for _level in (1, 2, 3, 4):
    for _name, _label in TARGET_NAMES.items():
        setattr(TargetsForm, f"l{_level}_{_name}", IntegerField(_label, [Optional(), NumberRange(1, MINUTES_LIMIT)]))
