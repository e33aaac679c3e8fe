"""Reads about audiences: who is in one, how many, and what a picker offers."""

from __future__ import annotations

from plugins.outage_notice.audiences.queries.options import (
    Option,
    department_options,
    search_targets,
)
from plugins.outage_notice.audiences.queries.people import (
    DepartmentCount,
    Forecast,
    Named,
    audience_condition,
    branch_ids,
    count_people,
    department_paths,
    departments_using,
    facts_of,
    forecast,
    missing_targets,
    reach_of,
    roles_within,
    services_by_department,
    services_used_by_path,
    target_names,
    targets_beyond_reach,
    total_people,
)

__all__ = [
    "DepartmentCount",
    "Forecast",
    "Named",
    "Option",
    "audience_condition",
    "branch_ids",
    "count_people",
    "department_options",
    "department_paths",
    "departments_using",
    "facts_of",
    "forecast",
    "missing_targets",
    "reach_of",
    "roles_within",
    "search_targets",
    "services_by_department",
    "services_used_by_path",
    "target_names",
    "targets_beyond_reach",
    "total_people",
]
