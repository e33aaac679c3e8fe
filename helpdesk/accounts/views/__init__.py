"""Pages of accounts: sign-in, profile, administration of people, departments and teams."""

from __future__ import annotations

from helpdesk.accounts.views import profile, sign_in

BLUEPRINTS = (sign_in.bp, profile.bp)
