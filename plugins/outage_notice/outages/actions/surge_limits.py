"""From when on many tickets are a surge."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from helpdesk.plugin_api import Invalid, Viewer, record_audit, transaction
from plugins.outage_notice.announcements.queries.records import require_announcer
from plugins.outage_notice.outages.models import SurgeLimits
from plugins.outage_notice.outages.queries import surges as queries
from plugins.outage_notice.outages.rules import surges as rules
from plugins.outage_notice.outages.rules.surges import Limits

_RANGES = {
    "tickets": rules.TICKETS_RANGE,
    "people": rules.PEOPLE_RANGE,
    "factor": rules.FACTOR_RANGE,
    "minutes": rules.MINUTES_RANGE,
    "silence_minutes": rules.SILENCE_RANGE,
}


def change_limits(actor: Viewer, limits: Limits) -> Limits:
    """Set from when on tickets are a surge. Raises Invalid by field, Forbidden for agents, NotFound for requesters."""
    require_announcer(actor)
    problems = {
        name: _l("Choose a number from %(least)s to %(most)s.", least=least, most=most)
        for name, (least, most) in _RANGES.items()
        if not least <= getattr(limits, name) <= most
    }
    if not problems and limits.people > limits.tickets:
        problems["people"] = _l("Not more than there are tickets.")
    if problems:
        raise Invalid(problems)
    with transaction() as session:
        before = queries.read_limits()
        values = {name: getattr(limits, name) for name in _RANGES}
        session.merge(SurgeLimits(id=1, **values))
        old = {name: getattr(before, name) for name in _RANGES}
        record_audit(actor, "surge.limits_changed", "surge_limits", 1, before=old, after=values)
    return limits
