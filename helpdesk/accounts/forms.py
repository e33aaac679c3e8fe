"""Forms of sign-in, profile and administration."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, EmailField, HiddenField, PasswordField, SelectField, SelectMultipleField, StringField
from wtforms.validators import InputRequired, Length, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from helpdesk.accounts.models import Department, Team
from helpdesk.accounts.rules import (
    EMAIL_LIMIT,
    NAME_LIMIT,
    PASSWORD_LIMIT,
    TOKEN_DAYS,
    TOKEN_NAME_LIMIT,
    NewUser,
    ProfileChange,
    Role,
    UserChange,
    scopes_for,
)
from helpdesk.web.forms import BaseForm, id_or_none

ROLE_NAMES = {
    Role.requester: _l("Requester"),
    Role.agent: _l("Agent"),
    Role.technician: _l("Technician"),
    Role.administrator: _l("Administrator"),
}
LANGUAGES = {"en": "English", "es": "Español", "pt": "Português"}  # each in its own words
THEME_NAMES = {"auto": _l("Like the device"), "light": _l("Light"), "dark": _l("Dark")}
SCOPE_NAMES = {
    "me": _l("Read my own data and notices"),
    "tickets:read": _l("Read tickets"),
    "tickets:write": _l("Write tickets"),
    "announcements:read": _l("Read announcements"),
    "announcements:write": _l("Publish announcements"),
    "intake": _l("Hand in alerts of monitoring"),
    "directory:read": _l("Read services and the directory"),
    "directory:write": _l("Change people, departments and services"),
}


def _required() -> InputRequired:
    return InputRequired(_l("Please fill this in."))


def _choice_or_none(text: Any) -> str | None:
    return text if text not in ("", "None") else None


def _choices(labels: Mapping[Any, Any]) -> dict[Any, str]:
    """Labels in the language of the request: WTForms takes anything but plain text for a group of choices."""
    return {value: str(label) for value, label in labels.items()}


def role_choices() -> dict[Any, str]:
    return _choices({role.value: name for role, name in ROLE_NAMES.items()})


def department_choices(tree: list[Department]) -> dict[Any, str]:
    """The tree as a list of choices, each level indented."""
    indented = {str(d.id): "\u2003" * (d.path.count("/") - 2) + d.name for d in tree}
    return _choices({"": _l("None")} | indented)


def team_choices(teams: list[Team]) -> dict[Any, str]:
    return _choices({"": _l("None")} | {str(team.id): team.name for team in teams})


def _language_choices() -> dict[Any, str]:
    return _choices({"": _l("As set for everybody")} | LANGUAGES)


def _password(label: Any, autocomplete: str) -> PasswordField:
    return PasswordField(
        label,
        [_required(), Length(max=PASSWORD_LIMIT, message=_l("Use at most %(max)s characters.", max=PASSWORD_LIMIT))],
        render_kw={"autocomplete": autocomplete, "maxlength": PASSWORD_LIMIT},
    )


def _token_days() -> dict[Any, str]:
    return _choices({days: _l("%(count)s days", count=days) for days in TOKEN_DAYS})


class SignInForm(BaseForm):
    email = EmailField(
        _l("E-mail address"),
        [_required(), Length(max=EMAIL_LIMIT)],
        render_kw={"autocomplete": "username", "inputmode": "email", "autofocus": True, "maxlength": EMAIL_LIMIT},
    )
    password = PasswordField(
        _l("Password"),
        [_required(), Length(max=PASSWORD_LIMIT)],
        render_kw={"autocomplete": "current-password", "maxlength": PASSWORD_LIMIT},
    )
    next = HiddenField()


class NewPasswordForm(BaseForm):
    """The landing page of a link."""

    password = _password(_l("New password"), "new-password")


class PasswordForm(BaseForm):
    present = _password(_l("Present password"), "current-password")
    password = _password(_l("New password"), "new-password")


class EmailForm(BaseForm):
    email = EmailField(_l("New e-mail address"), [_required(), Length(max=EMAIL_LIMIT)])
    present = _password(_l("Present password"), "current-password")


class ProfileForm(BaseForm):
    name = StringField(_l("Name"), [_required(), Length(max=NAME_LIMIT)], render_kw={"autocomplete": "name"})
    locale = SelectField(_l("Language"), choices=_language_choices, coerce=_choice_or_none)
    time_zone = StringField(
        _l("Time zone"),
        [Optional(), Length(max=64)],
        description=_l("Such as Europe/Madrid. Empty: the zone of the house."),
    )
    theme = SelectField(_l("Colours"), choices=lambda: _choices(THEME_NAMES))

    def as_change(self) -> ProfileChange:
        return ProfileChange(self.name.data, self.locale.data, self.time_zone.data or None, self.theme.data)


class TokenForm(BaseForm):
    name = StringField(_l("What it is for"), [_required(), Length(max=TOKEN_NAME_LIMIT)])
    scopes = SelectMultipleField(
        _l("What it may do"), option_widget=CheckboxInput(), widget=ListWidget(), validate_choice=False
    )
    days = SelectField(_l("Works for"), coerce=int, choices=_token_days, default=90)

    def offer(self, role: str) -> TokenForm:
        """Offer the scopes that this role allows; the action refuses others."""
        self.scopes.choices = _choices({scope: SCOPE_NAMES[scope] for scope in scopes_for(Role(role))})
        return self


class PersonForm(BaseForm):
    """A person, new or changed, in the hands of an administrator."""

    name = StringField(_l("Name"), [_required(), Length(max=NAME_LIMIT)])
    email = EmailField(_l("E-mail address"), [Optional(), Length(max=EMAIL_LIMIT)])
    role = SelectField(_l("Role"), choices=role_choices, coerce=Role)
    department_id = SelectField(_l("Department"), coerce=id_or_none)
    team_id = SelectField(_l("Team"), coerce=id_or_none)
    locale = SelectField(_l("Language"), choices=_language_choices, coerce=_choice_or_none)
    time_zone = StringField(_l("Time zone"), [Optional(), Length(max=64)])
    revision = HiddenField()
    invite = BooleanField(_l("Send an invitation to set a password"))

    def offer(self, tree: list[Department], teams: list[Team]) -> PersonForm:
        self.department_id.choices = department_choices(tree)
        self.team_id.choices = team_choices(teams)
        return self

    def _values(self) -> dict[str, Any]:
        return {
            "name": self.name.data,
            "email": self.email.data or None,
            "role": self.role.data,
            "department_id": self.department_id.data,
            "team_id": self.team_id.data,
            "locale": self.locale.data,
            "time_zone": self.time_zone.data or None,
        }

    def as_new(self) -> NewUser:
        return NewUser(**self._values())

    def as_change(self) -> UserChange:
        return UserChange(revision=read_revision(self.revision.data), **self._values())


def read_revision(text: str | None) -> int:
    """The revision that a form was filled in for; 0, which no row has, when the field was tampered with."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else 0


class DepartmentForm(BaseForm):
    name = StringField(_l("Name"), [_required(), Length(max=NAME_LIMIT)])
    parent_id = SelectField(_l("Belongs to"), coerce=id_or_none)
    revision = HiddenField()

    def offer(self, tree: list[Department]) -> DepartmentForm:
        self.parent_id.choices = department_choices(tree) | {"": str(_l("Nothing: it is at the top"))}
        return self


class TeamForm(BaseForm):
    name = StringField(_l("Name"), [_required(), Length(max=NAME_LIMIT)])


def differences(form: BaseForm, current: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """(label, value of now, value typed) of each field where somebody else's saved values differ from the form's."""
    found = []
    for field in form:
        name = field.short_name
        if name not in current or (field.data or None) == (current[name] or None):
            continue
        labels = {str(key): label for key, label in (getattr(field, "choices", None) or {}).items()}
        shown = [labels.get(str(value or ""), str(value or "–")) for value in (current[name], field.data)]
        found.append((str(field.label.text), shown[0], shown[1]))
    return found
