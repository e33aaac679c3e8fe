"""JSON interfaces of accounts: /api/v1/me, /api/v1/users, /api/v1/departments."""

from __future__ import annotations

from helpdesk.accounts.api import departments, me, users

BLUEPRINTS = (me.api, users.api, departments.api)
