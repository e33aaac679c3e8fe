"""How many people one announcement may be for."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from helpdesk.audit import queries as audit
from helpdesk.core.clock import FixedClock
from helpdesk.core.errors import Invalid
from plugins.outage_notice.announcements import actions
from plugins.outage_notice.announcements.models import Announcement
from plugins.outage_notice.announcements.rules import Draft, Status
from plugins.outage_notice.tests.announcements.conftest import EVERYONE, Cast


def test_more_people_than_the_settings_allow_are_not_reached(
    app: Flask, cast: Cast, draft: Callable[..., Draft]
) -> None:
    state = app.extensions["helpdesk"]
    state.settings = state.settings.model_copy(update={"audience_limit": 3})
    wide = actions.create_draft(cast.teresa, draft(audience=(EVERYONE,)))
    with pytest.raises(Invalid, match="at most 3 are allowed") as refused:
        actions.publish(cast.teresa, wide.id)
    assert list(refused.value.fields) == ["audience"]
    narrow: Announcement = actions.create_draft(cast.teresa, draft())
    assert actions.publish(cast.teresa, narrow.id).status is not Status.draft
    with pytest.raises(Invalid, match="at most 3 are allowed"):
        actions.edit_published(cast.teresa, narrow.id, {"audience": (EVERYONE,)})


def test_the_alarm_is_written_when_the_request_ends(
    app: Flask, cast: Cast, draft: Callable[..., Draft], clock: FixedClock
) -> None:
    state = app.extensions["helpdesk"]
    state.settings = state.settings.model_copy(update={"audience_limit": 3})
    wide = actions.create_draft(cast.teresa, draft(audience=(EVERYONE,)))
    with app.app_context(), pytest.raises(Invalid):
        actions.publish(cast.teresa, wide.id)
    (alarm,) = audit.list_alarms(clock.now())
    assert (alarm.object_id, alarm.after["limit"]) == ("audience", 3)
