"""The reply to all."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, TextAreaField
from wtforms.validators import InputRequired, Length

from helpdesk.plugin_api import BaseForm
from plugins.outage_notice.outages.rules import TEXT_LIMIT


class ReplyForm(BaseForm):
    """The text, and the key that keeps a form sent twice from being two replies."""

    text = TextAreaField(_l("Your reply"), [InputRequired(_l("Write something first.")), Length(max=TEXT_LIMIT)])
    key = HiddenField(validators=[InputRequired(), Length(min=16, max=64)])
