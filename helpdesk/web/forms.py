"""The base of every form: stripped text, no control characters, and times in the person's own zone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from flask_wtf import FlaskForm
from wtforms import DateTimeLocalField, PasswordField, StringField, TextAreaField

from helpdesk.core.errors import Conflict, Invalid, Stale
from helpdesk.web.locale import current_time_zone
from helpdesk.web.text import has_control_characters, unix_lines


def _clean_line(text: Any) -> Any:
    if not isinstance(text, str):
        return text
    text = text.strip()
    if has_control_characters(text, one_line=True):
        raise ValueError(_("Please remove the invisible control characters."))
    return text


def _clean_text(text: Any) -> Any:
    if not isinstance(text, str):
        return text
    text = unix_lines(text).strip()
    if has_control_characters(text):
        raise ValueError(_("Please remove the invisible control characters."))
    return text


def id_or_none(text: Any) -> int | None:
    """What a choice among records sent: the id, or None for "none of them"."""
    return int(text) if text not in (None, "", "None") else None


class BaseForm(FlaskForm):
    """Text arrives stripped and with LF line ends; control characters are an error at the field.

    Passwords are left as typed. The CSRF token was checked before any view runs.
    """

    class Meta(FlaskForm.Meta):
        def bind_field(self, form: Any, unbound_field: Any, options: dict[str, Any]) -> Any:
            kind = unbound_field.field_class
            if issubclass(kind, StringField) and not issubclass(kind, PasswordField):
                clean = _clean_text if issubclass(kind, TextAreaField) else _clean_line
                options = options | {"filters": [clean, *unbound_field.kwargs.get("filters", ())]}
            return unbound_field.bind(form=form, **options)

    def pin(self, error: Invalid) -> None:
        """Show an action's errors at the fields they name, the others above the form. Answer with status 422."""
        for name, messages in error.fields.items():
            field = self._fields.get(name)
            if field is None:
                self.form_errors += messages
            else:
                field.errors = [*field.errors, *messages]

    def show_failure(self, error: Invalid | Conflict | Stale) -> int:
        """Show why an action refused what was sent; the status to answer with.

        After Stale the form has the present revision: sending it again is then a decision.
        """
        if isinstance(error, Invalid):
            self.pin(error)
        elif isinstance(error, Stale):
            self["revision"].data = error.current["revision"]
        else:
            self.form_errors = [error.message]
        return error.status


class LocalDateTimeField(DateTimeLocalField):
    """A date and time in a zone, as aware UTC in `data`. The zone is the person's own unless given.

    `zone` is a name such as "Europe/Madrid", or a function of the form that gives one (from a field above this one).
    A time that the clocks skip moves forward by the gap; of a time that they show twice, the first is meant.
    """

    def __init__(
        self,
        label: Any = None,
        validators: Any = None,
        *,
        zone: str | Callable[[Any], str] | None = None,
        **options: Any,
    ) -> None:
        super().__init__(label, validators, format=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"], **options)
        self._zone = zone

    @property
    def zone(self) -> ZoneInfo:
        name = self._zone(self._form) if callable(self._zone) else self._zone
        try:
            return ZoneInfo(name) if name else current_time_zone()
        except (KeyError, ValueError, OSError):  # the field that holds the zone says so itself
            return current_time_zone()

    def _value(self) -> str:
        if self.raw_data:
            return " ".join(self.raw_data)
        if self.data is None:
            return ""
        return str(self.data.astimezone(self.zone).strftime("%Y-%m-%dT%H:%M"))

    def process_formdata(self, valuelist: list[str]) -> None:
        text = " ".join(valuelist).strip()
        self.data = None
        if not text:
            return
        for pattern in self.strptime_format:
            try:
                self.data = datetime.strptime(text, pattern).replace(tzinfo=self.zone).astimezone(UTC)
                return
            except (ValueError, OverflowError):
                continue
        raise ValueError(_("Please enter a date and a time, such as 2026-03-12 09:30."))
