"""Reads of the response to an outage: promises, calls, duties, briefings, policies."""

from __future__ import annotations

from plugins.outage_notice.response.queries.briefings import (
    briefings_shown,
    find_briefing,
    find_shown_briefing,
)
from plugins.outage_notice.response.queries.calls import (
    agents,
    calls_of,
    colleagues_of,
    find_preparation,
    members_of_teams,
    open_calls_of,
    people_of_services,
    technicians_for,
)
from plugins.outage_notice.response.queries.duties import duties_of, keepers_of
from plugins.outage_notice.response.queries.policies import (
    administrators,
    department_policies,
    general_targets,
    level_targets_for,
    managers,
    targets_for,
)
from plugins.outage_notice.response.queries.promises import (
    live_promises,
    promises_kept,
    promises_of,
    told_promises_of,
)

__all__ = [
    "administrators",
    "agents",
    "briefings_shown",
    "calls_of",
    "colleagues_of",
    "department_policies",
    "duties_of",
    "find_briefing",
    "find_preparation",
    "find_shown_briefing",
    "general_targets",
    "keepers_of",
    "level_targets_for",
    "live_promises",
    "managers",
    "members_of_teams",
    "open_calls_of",
    "people_of_services",
    "promises_kept",
    "promises_of",
    "targets_for",
    "technicians_for",
    "told_promises_of",
]
