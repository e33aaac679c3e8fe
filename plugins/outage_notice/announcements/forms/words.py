"""What kinds, levels, states, effects and weights are called on the pages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import SelectField
from wtforms.fields.choices import SelectChoice

from plugins.outage_notice.announcements.rules import Effect, Kind, Severity, Status, TicketAction, Weight

KIND_NAMES: dict[str, Any] = {
    Kind.incident: _l("Incident"),
    Kind.maintenance: _l("Maintenance"),
    Kind.information: _l("Information"),
}
LEVEL_NAMES: dict[int, Any] = {
    Severity.critical: _l("Critical"),
    Severity.major: _l("Major"),
    Severity.minor: _l("Minor"),
    Severity.notice: _l("Notice"),
}
INCIDENT_NAMES: dict[int, Any] = {
    Severity.critical: _l("Critical incident"),
    Severity.major: _l("Major incident"),
    Severity.minor: _l("Minor incident"),
    Severity.notice: _l("Incident of low impact"),
}
LEVEL_EFFECTS: dict[int, Any] = {
    Severity.critical: _l("Stays on screen until read, then in the top bar until fixed"),
    Severity.major: _l("Popup; people can hide it for an hour"),
    Severity.minor: _l("One line; opens on request"),
    Severity.notice: _l("Only in the notice list"),
}
STATUS_NAMES: dict[str, Any] = {
    Status.draft: _l("Draft"),
    Status.investigating: _l("Investigating"),
    Status.identified: _l("Identified"),
    Status.monitoring: _l("Watching the fix"),
    Status.resolved: _l("Resolved"),
    Status.scheduled: _l("Planned"),
    Status.in_progress: _l("Running"),
    Status.verifying: _l("Checking"),
    Status.completed: _l("Done"),
    Status.active: _l("Active"),
    Status.ended: _l("Ended"),
    Status.cancelled: _l("Cancelled"),
    Status.withdrawn: _l("Withdrawn"),
}
EFFECT_NAMES: dict[str, Any] = {
    Effect.major_outage: _l("Does not work"),
    Effect.partial_outage: _l("Works in part"),
    Effect.degraded_performance: _l("Slow or unreliable"),
    Effect.under_maintenance: _l("Under maintenance"),
}
WEIGHT_NAMES: dict[str, Any] = {
    Weight.silent: _l("Silent: a correction, nobody is disturbed"),
    Weight.update: _l("Update: the text changes in place and is marked as new"),
    Weight.alert_again: _l("Alert again: also returns to people who read or hid it"),
}
TICKET_ACTION_NAMES: dict[str, Any] = {
    TicketAction.solve: _l("Set them to solved, except where the requester wrote since"),
    TicketAction.leave: _l("Leave them open"),
}
AUTOMATIC: dict[str, Any] = {"auto": _l("By what changed: alert again when it gets worse or later, else update")}
ROLE_LABELS: dict[str, Any] = {
    "requester": _l("All requesters"),
    "agent": _l("All agents"),
    "technician": _l("All technicians"),
    "administrator": _l("All administrators"),
}
LANGUAGE_NAMES = {"en": "English", "es": "Español", "pt": "Português"}


def choices_of(names: Mapping[Any, Any]) -> list[SelectChoice]:
    """The choices of a field, in the order of the names."""
    return [SelectChoice(str(getattr(value, "value", value)), label) for value, label in names.items()]


class LateSelectField(SelectField):
    """A list whose choices are set for each request."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, choices=[], **options)
        self.type = "SelectField"  # to the macros it is one
