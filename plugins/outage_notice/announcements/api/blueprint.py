"""The blueprint that the routes are added to."""

from __future__ import annotations

from apiflask import APIBlueprint

api = APIBlueprint("outage_notice_announcements_api", __name__, url_prefix="/api/v1/announcements", tag="Announcements")
READ = "announcements:read"
WRITE = "announcements:write"
