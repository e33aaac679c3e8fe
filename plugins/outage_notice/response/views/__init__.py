"""Pages and parts of the response: calls, duties, briefing, promises."""

from __future__ import annotations

from plugins.outage_notice.response.views import administration, briefing, calls  # they add routes
from plugins.outage_notice.response.views.blueprint import bp
from plugins.outage_notice.response.views.parts import aside_part, top_part
from plugins.outage_notice.response.views.slots import page_slot

__all__ = ["administration", "aside_part", "bp", "briefing", "calls", "page_slot", "top_part"]
