"""The demonstration organisation: a town council with its people, services and eight weeks of tickets."""

from __future__ import annotations

import random
from datetime import datetime

from flask import current_app
from flask_babel import lazy_gettext as _
from sqlalchemy import select

from helpdesk.accounts.models import Department, User
from helpdesk.accounts.passwords import hash_password
from helpdesk.accounts.rules import DEMO_PASSWORD
from helpdesk.audit import actions as audit
from helpdesk.core import feed
from helpdesk.core.database import db, transaction
from helpdesk.core.errors import Conflict, Forbidden
from helpdesk.demo.organisation import write_organisation
from helpdesk.demo.tickets import write_tickets
from helpdesk.tickets.models import TicketCounter

SEED = 20260312


def is_empty() -> bool:
    """Whether there is nobody yet, and no department: only then may the demonstration be loaded."""
    return db.session.scalar(select(User.id).limit(1)) is None and (
        db.session.scalar(select(Department.id).limit(1)) is None
    )


def load(now: datetime) -> None:
    """Write the demonstration organisation as it stands at `now`, then let each plugin add its part.

    The same `now` gives the same people and tickets. Raises Conflict when there are people already, and Forbidden in
    production, because everybody knows the password.
    """
    state = current_app.extensions["helpdesk"]
    if state.settings.is_production:
        raise Forbidden(_("Demonstration data has known passwords and is refused in production."))
    choose = random.Random(SEED)
    password_hash = hash_password(DEMO_PASSWORD)
    with transaction() as session:
        if not is_empty():
            raise Conflict(_("There are people already; demonstration data needs an empty database."))
        organisation = write_organisation(session, choose, password_hash, now)
        first_number = session.scalars(select(TicketCounter.last_number).where(TicketCounter.id == 1)).one() + 1
        tickets = write_tickets(session, choose, organisation, first_number, state.settings, now)
        feed.record("departments")
        feed.record("catalog")
        audit.record(None, "demo.loaded", "demo", "", after={"people": organisation.people_count, "tickets": tickets})
    state.plugins.call_all("demo_data", now=now)
