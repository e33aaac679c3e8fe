"""Pages of accounts: sign-in, profile, administration of people, departments and teams."""

from __future__ import annotations

from helpdesk.accounts.views import sign_in

BLUEPRINTS = (sign_in.bp,)
