"""A rule that maps alerts to a service."""

from __future__ import annotations

from collections.abc import Iterable

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, IntegerField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, NumberRange, Optional
from wtforms.widgets import HiddenInput

from helpdesk.plugin_api import BaseForm
from plugins.outage_notice.announcements.forms.words import EFFECT_NAMES, LEVEL_NAMES
from plugins.outage_notice.announcements.rules import Effect
from plugins.outage_notice.intake.actions import RuleInput
from plugins.outage_notice.intake.rules import MATCHERS_LIMIT, AlertAudience

AUDIENCE_NAMES = {
    AlertAudience.service_users: _l("The people who use the service"),
    AlertAudience.everyone: _l("Everyone"),
    AlertAudience.nobody: _l("Nobody yet"),
}
POSITIONS = (0, 999)


class RuleForm(BaseForm):
    """It checks shapes; the action decides whether the conditions make sense."""

    revision = IntegerField(widget=HiddenInput(), validators=[Optional(), NumberRange(0, 2**31 - 1)])
    name = StringField(_l("Name"), [InputRequired(_l("Give the rule a name.")), Length(max=120)])
    matchers = TextAreaField(
        _l("Conditions"), [InputRequired(_l("Write at least one condition.")), Length(max=MATCHERS_LIMIT)]
    )
    service_id = SelectField(_l("Service"), validators=[InputRequired(_l("Choose a service of the list."))])
    effect = SelectField(
        _l("What happens to it"), choices=[SelectChoice(Effect(e).value, n) for e, n in EFFECT_NAMES.items()]
    )
    severity = SelectField(
        _l("Level"),
        choices=[
            SelectChoice("", _l("As people and effect suggest")),
            *(SelectChoice(str(int(n)), name) for n, name in LEVEL_NAMES.items()),
        ],
        validators=[Optional()],
    )
    audience = SelectField(_l("For whom"), choices=[SelectChoice(a.value, n) for a, n in AUDIENCE_NAMES.items()])
    publishes = BooleanField(_l("Publish by itself, without a person"))
    is_active = BooleanField(_l("In use"), default=True)
    position = IntegerField(_l("Order"), [InputRequired(_l("Enter a number.")), NumberRange(*POSITIONS)], default=0)

    def offer(self, services: Iterable[tuple[int, str]]) -> None:
        """The services to choose from."""
        self.service_id.choices = [SelectChoice("", "–"), *(SelectChoice(str(id), name) for id, name in services)]

    def rule(self) -> RuleInput:
        """What was entered; call it on a form that is valid."""
        severity = self.severity.data or ""
        return RuleInput(
            name=self.name.data or "",
            matchers=self.matchers.data or "",
            service_id=int(self.service_id.data),
            effect=Effect(self.effect.data),
            severity=int(severity) if severity else None,
            audience=AlertAudience(self.audience.data),
            publishes=bool(self.publishes.data),
            is_active=bool(self.is_active.data),
            position=self.position.data or 0,
        )
