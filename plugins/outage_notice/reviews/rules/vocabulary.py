"""Readers, causes, answers, limits and the levels' targets."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

TEXT_LIMIT = 8000
ACTION_LIMIT = 200
ACTIONS_LIMIT = 50
COMMENT_LIMIT = 1000
TEXT_FIELDS = ("summary", "root_cause", "contributing", "went_well", "to_improve", "luck", "public_summary")
WRITTEN_WITHIN = timedelta(days=7)


class Readers(StrEnum):
    """Who may read a published review. `public` is the public summary alone, for what was announced to the public."""

    staff = "staff"
    affected = "affected"
    public = "public"


class Cause(StrEnum):
    """The kind of thing that broke. About systems and steps, never about a person."""

    change = "change"
    capacity = "capacity"
    certificate = "certificate"
    configuration = "configuration"
    hardware = "hardware"
    network = "network"
    power = "power"
    security = "security"
    software = "software"
    supplier = "supplier"
    other = "other"
    unknown = "unknown"


class Answer(StrEnum):
    yes = "yes"
    partly = "partly"
    no = "no"


class Side(StrEnum):
    """From which side somebody answers: as one of those affected, or as one of the team."""

    requester = "requester"
    team = "team"


def review_due_at(ended_at: datetime) -> datetime:
    """By when a review should be written."""
    return ended_at + WRITTEN_WITHIN
