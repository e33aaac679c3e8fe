"""Pages of an outage's tickets, and what stands on the pages of tickets."""

from __future__ import annotations

from plugins.outage_notice.outages.views import acting, replying, surges, tickets  # noqa: F401  (they add routes)
from plugins.outage_notice.outages.views.blueprint import bp
from plugins.outage_notice.outages.views.form_notices import form_notices
from plugins.outage_notice.outages.views.slots import page_slot, room_part, ticket_badges

__all__ = ["bp", "form_notices", "page_slot", "room_part", "ticket_badges"]
