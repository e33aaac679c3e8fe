"""Pages of accounts: sign-in, profile, administration of people, departments and teams."""

from __future__ import annotations

from helpdesk.accounts.views import departments, lookups, people, profile, sign_in

BLUEPRINTS = (sign_in.bp, profile.bp, lookups.bp, people.bp, departments.bp, departments.teams)
ADMIN_LINKS = (*people.ADMIN_LINKS, *departments.ADMIN_LINKS)
