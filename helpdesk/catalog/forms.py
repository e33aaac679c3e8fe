"""The form of a service."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import (
    BooleanField,
    HiddenField,
    IntegerField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from helpdesk.accounts.forms import read_revision, team_choices
from helpdesk.accounts.models import Team
from helpdesk.catalog.models import Service
from helpdesk.catalog.rules import (
    DESCRIPTION_LIMIT,
    KEYWORDS_LIMIT,
    NAME_LIMIT,
    SLUG_LIMIT,
    NewService,
    ServiceChange,
)
from helpdesk.web.forms import BaseForm, id_or_none


class ServiceForm(BaseForm):
    name = StringField(_l("Name"), [InputRequired(_l("Please fill this in.")), Length(max=NAME_LIMIT)])
    slug = StringField(
        _l("Short name in addresses"),
        [Optional(), Length(max=SLUG_LIMIT)],
        description=_l("Lower-case letters, digits and hyphens. Empty: made from the name."),
    )
    description = TextAreaField(_l("What it is for"), [Optional(), Length(max=DESCRIPTION_LIMIT)])
    parent_id = SelectField(_l("Part of"), coerce=id_or_none)
    owner_team_id = SelectField(_l("Owner team"), coerce=id_or_none)
    keywords = StringField(
        _l("Keywords"),
        [Optional(), Length(max=KEYWORDS_LIMIT)],
        description=_l("Words by which a ticket without a service is recognised, separated by commas."),
    )
    department_ids = SelectMultipleField(_l("Departments that use it"), coerce=int, validate_choice=False)
    position = IntegerField(_l("Position in the list"), [Optional(), NumberRange(0, 10_000)], default=0)
    is_public = BooleanField(_l("May be named to people who are not signed in"))
    is_retired = BooleanField(_l("Retired: no longer offered"))
    revision = HiddenField()

    def offer(self, services: list[Service], teams: list[Team], own_id: int = 0) -> ServiceForm:
        self.parent_id.choices = {"": str(_l("Nothing"))} | {str(s.id): s.name for s in services if s.id != own_id}
        self.owner_team_id.choices = team_choices(teams)
        self.department_ids.choices = {}
        return self

    def _values(self) -> dict[str, Any]:
        return {
            "name": self.name.data,
            "slug": self.slug.data or "",
            "description": self.description.data or "",
            "parent_id": self.parent_id.data,
            "owner_team_id": self.owner_team_id.data,
            "keywords": self.keywords.data or "",
            "is_public": self.is_public.data,
            "position": self.position.data or 0,
            "department_ids": tuple(self.department_ids.data or ()),
        }

    def as_new(self) -> NewService:
        return NewService(**self._values())

    def as_change(self) -> ServiceChange:
        return ServiceChange(
            revision=read_revision(self.revision.data), is_retired=self.is_retired.data, **self._values()
        )
