"""Who may use which route of reviews and reports."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from helpdesk.core.database import db
from helpdesk.plugin_api import now
from plugins.outage_notice.announcements import actions as announcing
from plugins.outage_notice.announcements.models import TimelineEntry
from plugins.outage_notice.reviews import actions
from plugins.outage_notice.reviews.actions import NewAction
from plugins.outage_notice.reviews.rules import Readers
from plugins.outage_notice.tests.announcing import department, publish
from tests import factories
from tests.contract.routes import OWNER, Arguments, Route, Table, World

REVIEW = "/announcements/<int:announcement_id>/review"
ACTION = f"{REVIEW}/actions/<int:action_id>"
ANSWER = {"answer": "yes"}
CORRECT = "/announcements/<int:announcement_id>/timeline/<int:entry_id>/correct"


def _action_form(world: World, _arguments: Arguments) -> dict[str, Any]:
    return {"what": "Watch", "owner_id": str(world.people.carla.id), "due_on": "2026-04-01"}


def _file(form: str) -> Route:
    return Route("agent", object="over", arguments={"form": form})


TABLE: Table = {
    "GET /reviews": Route("agent"),
    "GET /reports": Route("agent"),
    "GET /reports/<any(availability, outages, figures):table>.csv": tuple(
        Route("agent", arguments={"table": table}) for table in ("availability", "outages", "figures")
    ),
    f"GET {REVIEW}": Route("agent", object="over"),
    f"GET {REVIEW}.<any(html, pdf):form>": (_file("html"), _file("pdf")),
    f"GET {REVIEW}/edit": Route("technician", object="over"),
    f"POST {REVIEW}/edit": Route("technician", object="over", form={"summary": "It broke."}),
    f"POST {REVIEW}/publish": Route("technician", object="over", form={"readers": "staff"}),
    f"POST {REVIEW}/take-back": Route("technician", object="over"),
    f"POST {REVIEW}/feedback": Route("agent", object="over", form=ANSWER),
    f"POST {REVIEW}/actions": Route("technician", object="over", form=_action_form),
    f"GET {ACTION}": Route("technician", object="review action"),
    f"POST {ACTION}": Route("technician", object="review action", form=_action_form),
    f"POST {ACTION}/done": Route("agent", object="review action", form={"is_done": "1"}),
    f"POST {ACTION}/ticket": Route("technician", object="review action", form={"do": "link"}),
    f"GET {CORRECT}": Route("technician", object="timeline entry"),
    f"POST {CORRECT}": Route("technician", object="timeline entry", form={"text": "It was later."}),
    "GET /notices/<int:announcement_id>/feedback": Route("requester", object="over", may=OWNER),
    "POST /notices/<int:announcement_id>/feedback": Route("requester", object="over", may=OWNER, form=ANSWER),
    "GET /status/reviews/<int:announcement_id>": Route("public", arguments={"announcement_id": 1}),
    "GET /notices/<int:announcement_id>/review": Route("requester", object="over", may=OWNER),
    "GET /api/v1/announcements/<int:announcement_id>/review": Route("agent", "announcements:read", "over"),
    "PATCH /api/v1/announcements/<int:announcement_id>/review": Route(
        "technician", "announcements:write", "over", json={"summary": "It broke."}
    ),
}


def _over(world: World) -> Arguments:
    """An outage of Finance that is over, with a review that those affected may read."""
    teresa = factories.viewer(world.people.teresa)
    record = publish(world.people.teresa, department(world.people.finance))
    announcing.resolve(teresa, record.id, "It works again.")
    actions.save_review(teresa, record.id, {"summary": "It broke.", "public_summary": "It broke."})
    actions.publish_review(teresa, record.id, Readers.affected)
    return {"announcement_id": record.id}


def _action(world: World) -> Arguments:
    found = _over(world)
    new = NewAction("Watch", world.people.carla.id, (now() + timedelta(days=9)).date())
    row = actions.add_action(factories.viewer(world.people.teresa), found["announcement_id"], new)
    return found | {"action_id": row.id}


def _entry(world: World) -> Arguments:
    found = _over(world)
    entry = db.session.query(TimelineEntry).filter_by(announcement_id=found["announcement_id"]).first()
    assert entry is not None
    return found | {"entry_id": entry.id}


OBJECTS = {"over": _over, "review action": _action, "timeline entry": _entry}
