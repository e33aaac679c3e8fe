"""The filter above the list of outgoing mail."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Length, Optional

from helpdesk.mail.models import MailState
from helpdesk.web.forms import BaseForm

STATE_LABELS = {
    MailState.kept: _l("Kept here"),
    MailState.waiting: _l("Being tried"),
    MailState.sent: _l("Sent"),
    MailState.failed: _l("Failed"),
}


class FilterForm(BaseForm):
    """Comes by GET: it changes nothing and needs no token."""

    class Meta(BaseForm.Meta):
        csrf = False

    recipient = StringField(_l("Recipient"), [Optional(), Length(max=254)])
    state = SelectField(
        _l("State"),
        [Optional()],
        choices=[SelectChoice("", _l("All")), *(SelectChoice(s.value, text) for s, text in STATE_LABELS.items())],
    )

    @property
    def wanted_state(self) -> MailState | None:
        return MailState(self.state.data) if self.state.data else None
