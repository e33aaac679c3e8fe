"""/api/v1/tickets."""

from __future__ import annotations

from helpdesk.tickets.api import routes

BLUEPRINTS = (routes.api,)
