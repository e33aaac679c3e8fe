"""`/api/v1/announcements`: announcements as programs read and write them."""

from __future__ import annotations

from plugins.outage_notice.announcements.api import acts, records  # noqa: F401  (they add routes)
from plugins.outage_notice.announcements.api.blueprint import api

BLUEPRINTS = (api,)
__all__ = ["BLUEPRINTS", "api"]
