"""`/api/v1/intake`: where monitoring systems send their alerts. The same delivery may come again: it does nothing."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from itertools import islice
from typing import Annotated, Any, Literal

from apiflask import APIBlueprint
from pydantic import AfterValidator, AwareDatetime, BeforeValidator, ConfigDict, Field

from helpdesk.plugin_api import Answer, Body, Sent, allow, get_viewer, idempotent
from plugins.outage_notice.intake import actions
from plugins.outage_notice.intake.rules import (
    ALERTS_LIMIT,
    DESCRIPTION_LIMIT,
    GROUP_LIMIT,
    ID_LIMIT,
    LABEL_NAME_LIMIT,
    LABEL_VALUE_LIMIT,
    LABELS_LIMIT,
    SOURCE_LIMIT,
    TITLE_LIMIT,
    AlertStatus,
    Outcome,
    Signal,
    plain_time,
)

SCOPE = "intake"
ANNOTATION_LIMIT = 10_000
ALERTMANAGER = "alertmanager"
api = APIBlueprint("outage_notice_intake_api", __name__, url_prefix="/api/v1/intake", tag="Monitoring")


_NUMBER = re.compile(r"[+-]?[\d.]+")


def _only_text(value: Any) -> Any:
    """A number, also as text, would be read as seconds since 1970: always a mistake here."""
    is_time = isinstance(value, datetime) or (isinstance(value, str) and not _NUMBER.fullmatch(value.strip()))
    if value is not None and not is_time:
        raise ValueError("Give a date and time, such as 2026-03-12T09:30:00Z.")
    return value


def _plain_labels(labels: dict[str, str]) -> dict[str, str]:
    """Without invisible characters, which the values of labels may hold."""
    return {name: "".join(c if c.isprintable() else " " for c in value) for name, value in labels.items()}


def _cut(most: int, of_name: int, of_value: int) -> BeforeValidator:
    """Keep the first of what a program sends too much of: one long label must not cost a delivery its alerts."""

    def cut(value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        rows = islice(value.items(), most)
        return {str(name)[:of_name]: text[:of_value] if isinstance(text, str) else text for name, text in rows}

    return BeforeValidator(cut)


Moment = Annotated[AwareDatetime, BeforeValidator(_only_text)]
LabelName = Annotated[str, Field(min_length=1, max_length=LABEL_NAME_LIMIT)]
LabelValue = Annotated[str, Field(max_length=LABEL_VALUE_LIMIT)]
Labels = Annotated[
    dict[LabelName, LabelValue],
    Field(max_length=LABELS_LIMIT),
    AfterValidator(_plain_labels),
    _cut(LABELS_LIMIT, LABEL_NAME_LIMIT, LABEL_VALUE_LIMIT),
]
Annotations = Annotated[dict[LabelName, str], _cut(LABELS_LIMIT, LABEL_NAME_LIMIT, ANNOTATION_LIMIT)]
Address = Annotated[str, Field(max_length=4000)]


class Foreign(Sent):
    """What a program sends that we did not write: fields that we do not know are passed over."""

    model_config = ConfigDict(extra="ignore", str_strip_whitespace=True)


class AlertIn(Foreign):
    """One alert of the webhook."""

    status: AlertStatus
    labels: Labels
    annotations: Annotations = Field(default_factory=dict)
    startsAt: Moment
    endsAt: Moment | None = None
    generatorURL: Address = ""
    fingerprint: Annotated[str, Field(min_length=1, max_length=ID_LIMIT)]


class AlertmanagerIn(Foreign):
    """The webhook of Prometheus Alertmanager, version 4."""

    version: Literal["4"]
    groupKey: Annotated[str, Field(max_length=4000)] = ""
    truncatedAlerts: Annotated[int, Field(ge=0, le=10**9)] = 0
    status: AlertStatus
    receiver: Annotated[str, Field(max_length=200)] = ""
    groupLabels: Labels = Field(default_factory=dict)
    commonLabels: Labels = Field(default_factory=dict)
    commonAnnotations: Annotations = Field(default_factory=dict)
    externalURL: Address = ""
    alerts: list[AlertIn] = Field(max_length=ALERTS_LIMIT)


class GenericIn(Body):
    """One alert of any monitoring system. `id` names what is watched: it stays the same when it fires again."""

    source: Annotated[str, Field(min_length=1, max_length=SOURCE_LIMIT)]
    id: Annotated[str, Field(min_length=1, max_length=ID_LIMIT)]
    status: AlertStatus
    title: Annotated[str, Field(min_length=1, max_length=TITLE_LIMIT)]
    description: Annotated[str, Field(max_length=DESCRIPTION_LIMIT)] = ""
    service: Annotated[str, Field(max_length=120)] = ""
    severity: Annotated[str, Field(max_length=40)] = ""
    started_at: AwareDatetime | None = None
    ended_at: AwareDatetime | None = None
    labels: Labels = Field(default_factory=dict)


class ReceivedOut(Answer):
    """`outcome` null: it was known already, and nothing happened."""

    id: str
    outcome: Outcome | None
    announcement_id: int | None


class ReceivedListOut(Answer):
    items: list[ReceivedOut]


@api.post("/alertmanager")
@allow("technician", scope=SCOPE)
@idempotent
@api.input(AlertmanagerIn, arg_name="body")
@api.output(ReceivedListOut)
def receive_alertmanager(body: AlertmanagerIn) -> Any:
    """Alerts of a Prometheus Alertmanager (webhook, payload version 4)."""
    return _receive([_from_alertmanager(body, alert) for alert in body.alerts])


@api.post("/generic")
@allow("technician", scope=SCOPE)
@idempotent
@api.input(GenericIn, arg_name="body")
@api.output(ReceivedListOut)
def receive_generic(body: GenericIn) -> Any:
    """One alert of any other monitoring system."""
    signal = Signal(
        source=body.source,
        fingerprint=body.id,
        status=body.status,
        title=_line(body.title),
        description=body.description,
        labels=body.labels,
        service=body.service or body.labels.get("service", ""),
        severity=body.severity or body.labels.get("severity", ""),
        starts_at=_utc(body.started_at),
        ends_at=_utc(body.ended_at),
    )
    return _receive([signal])


def _receive(signals: list[Signal]) -> dict[str, Any]:
    done = [(signal, actions.receive(get_viewer(), signal)) for signal in signals]
    return {
        "items": [{"id": s.fingerprint, "outcome": r.outcome, "announcement_id": r.announcement_id} for s, r in done]
    }


def _from_alertmanager(body: AlertmanagerIn, alert: AlertIn) -> Signal:
    words = body.commonAnnotations | alert.annotations
    title = words.get("summary") or words.get("title") or alert.labels.get("alertname") or alert.fingerprint
    return Signal(
        source=ALERTMANAGER,
        fingerprint=alert.fingerprint,
        status=alert.status,
        title=_line(title)[:TITLE_LIMIT],
        description=(words.get("description") or words.get("message") or "")[:DESCRIPTION_LIMIT],
        labels=alert.labels,
        group_key=body.groupKey[:GROUP_LIMIT],
        service=alert.labels.get("service", ""),
        severity=alert.labels.get("severity", ""),
        starts_at=_utc(alert.startsAt),
        ends_at=_utc(alert.endsAt),
    )


def _line(text: str) -> str:
    return " ".join(text.split())


def _utc(moment: datetime | None) -> datetime | None:
    found = plain_time(moment)
    return None if found is None else found.astimezone(UTC)
