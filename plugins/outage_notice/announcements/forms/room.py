"""What is done on the page of one announcement: an update, and its endings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, RadioField, SelectField, TextAreaField
from wtforms.validators import DataRequired, Length, Optional

from helpdesk.plugin_api import BaseForm, LocalDateTimeField
from plugins.outage_notice.announcements.forms.fields import ChecksField, revision_field
from plugins.outage_notice.announcements.forms.words import (
    AUTOMATIC,
    STATUS_NAMES,
    TICKET_ACTION_NAMES,
    WEIGHT_NAMES,
    LateSelectField,
    choices_of,
)
from plugins.outage_notice.announcements.rules import (
    TEXT_LIMIT,
    UNSET,
    NewUpdate,
    Status,
    TicketAction,
    Unset,
    Weight,
)

_REQUIRED = _l("Please write what people should know.")


class UpdateForm(BaseForm):
    """A dated entry: what changed, what now, when the next word comes."""

    revision = revision_field()
    text = TextAreaField(_l("Text of the update"), [DataRequired(_REQUIRED), Length(max=TEXT_LIMIT)])
    status = LateSelectField(_l("Status"), validators=[Optional()])
    next_update_at = LocalDateTimeField(_l("Next update by"))
    eta = LocalDateTimeField(_l("Expected fix"))
    answer_tickets = BooleanField(_l("Also answer the waiting tickets"))
    alert_again = BooleanField(_l("Show the popup again to people who closed it"))
    correct_eta = BooleanField(_l("Also tell those who were told the former time"))
    weight = SelectField(_l("How much this matters"), choices=choices_of(AUTOMATIC | WEIGHT_NAMES), default="auto")

    def __init__(self, *args: Any, statuses: tuple[Status, ...] = (), **options: Any) -> None:
        super().__init__(*args, **options)
        self.status.choices = choices_of({s: STATUS_NAMES[s] for s in statuses})

    def new_update(self, *, is_public: bool) -> NewUpdate:
        """The entry. Internal ones are only text; a time that was left as it was shown is not changed."""
        if not is_public:
            return NewUpdate(text=self.text.data, is_public=False)
        return NewUpdate(
            text=self.text.data,
            status=Status(self.status.data) if self.status.data in tuple(Status) else None,
            eta=_chosen(self.eta),
            next_update_at=_chosen(self.next_update_at),
            weight=self._weight(),
            answer_tickets=bool(self.answer_tickets.data),
            correct_eta=bool(self.correct_eta.data) and self._weight() is not Weight.silent,
        )

    def _weight(self) -> Weight | None:
        if self.alert_again.data:
            return Weight.alert_again
        return Weight(self.weight.data) if self.weight.data in tuple(Weight) else None


def _chosen(field: Any) -> datetime | Unset | None:
    shown, chosen = field.object_data, field.data
    if chosen == (shown and shown.replace(second=0, microsecond=0)):
        return UNSET
    return chosen  # type: ignore[no-any-return]


class ResolveForm(BaseForm):
    """The last message and the time it worked again."""

    revision = revision_field()
    text = TextAreaField(_l("Last message"), [DataRequired(_REQUIRED), Length(max=TEXT_LIMIT)])
    ended_at = LocalDateTimeField(_l("Worked again at"), [Optional()])
    tickets = RadioField(
        _l("Tickets that wait for it"),
        [Optional()],
        choices=choices_of(TICKET_ACTION_NAMES),
        default=TicketAction.solve.value,
    )
    checks = ChecksField(_l("Checked before"))

    def __init__(
        self, *args: Any, items: Sequence[str] = (), people: Mapping[int, str] | None = None, **options: Any
    ) -> None:
        super().__init__(*args, **options)
        self.checks.items, self.checks.people = tuple(items), dict(people or {})


class EndForm(BaseForm):
    """Cancelling or withdrawing, with a word about why."""

    revision = revision_field()
    text = TextAreaField(_l("What people should know"), [Optional(), Length(max=TEXT_LIMIT)])


class ReopenForm(BaseForm):
    """A resolved incident that is back."""

    revision = revision_field()
    text = TextAreaField(_l("What happens again"), [DataRequired(_REQUIRED), Length(max=TEXT_LIMIT)])
    next_update_at = LocalDateTimeField(_l("Next update by"), [Optional()])
    eta = LocalDateTimeField(_l("Expected fix"), [Optional()])

    def promises(self) -> dict[str, Any]:
        """The times as chosen."""
        return {"next_update_at": self.next_update_at.data, "eta": _chosen(self.eta)}
