"""The filter above the audit log."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import StringField
from wtforms.validators import Length, Optional

from helpdesk.audit.queries import Filter
from helpdesk.web.forms import BaseForm, LocalDateTimeField


class FilterForm(BaseForm):
    """Comes by GET: it changes nothing and needs no token."""

    class Meta(BaseForm.Meta):
        csrf = False

    actor = StringField(_l("Person"), [Optional(), Length(max=200)])
    action = StringField(_l("Action"), [Optional(), Length(max=60)])
    object_kind = StringField(_l("Kind of object"), [Optional(), Length(max=40)])
    object_id = StringField(_l("Number of the object"), [Optional(), Length(max=64)])
    since = LocalDateTimeField(_l("From"), [Optional()])
    until = LocalDateTimeField(_l("Until"), [Optional()])

    def as_filter(self) -> Filter:
        return Filter(
            actor=self.actor.data or "",
            action=self.action.data or "",
            object_kind=self.object_kind.data or "",
            object_id=self.object_id.data or "",
            since=self.since.data,
            until=self.until.data,
        )
