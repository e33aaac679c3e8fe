"""What the check says of times and translations before anybody sees them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

from helpdesk.core import clock
from plugins.outage_notice.announcements.queries.live import live_announcements
from plugins.outage_notice.announcements.rules import Draft, Texts
from plugins.outage_notice.announcements.rules.checking import CheckFacts, Level, checks
from plugins.outage_notice.tests.announcing import EVERYONE, publish
from tests.fixtures import People

NOW = datetime(2026, 3, 12, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def found(draft: Draft, *, is_published: bool = False) -> dict[str, Level]:
    facts = CheckFacts(people=1, locales=("en", "es"), is_published=is_published)
    return {finding.code: finding.level for finding in checks(draft, facts, NOW)}


@pytest.mark.parametrize(
    ("starts_at", "eta", "is_published", "code", "level"),
    [
        (None, NOW - HOUR, False, "end_before_start", Level.error),
        (NOW - 3 * HOUR, NOW - HOUR, False, "past_eta", Level.warning),
        (NOW, NOW - HOUR, True, "end_before_start", Level.error),
        (None, NOW - HOUR, True, "past_eta", Level.warning),
    ],
)
def test_an_expected_end_that_has_passed(
    starts_at: datetime | None, eta: datetime, is_published: bool, code: str, level: Level
) -> None:
    draft = Draft(title="Mail is down", starts_at=starts_at, eta=eta)
    codes = found(draft, is_published=is_published)
    assert codes[code] is level
    assert len({"end_before_start", "past_eta"} & set(codes)) == 1


def test_a_translation_that_leaves_something_out_is_named() -> None:
    whole = {"title": "Mail is down", "description": "Since nine.", "workaround": "Use the telephone."}
    assert "partial_translation" in found(Draft(**whole, translations={"es": Texts("Sin correo")}))
    complete = {"es": Texts("Sin correo", "Desde las nueve.", "Use el teléfono.")}
    assert "partial_translation" not in found(Draft(**whole, translations=complete))


def test_what_a_translation_leaves_out_is_said_in_the_words_of_the_author(app: Flask, people: People) -> None:
    publish(people.teresa, EVERYONE, workaround="Use the telephone.", translations={"es": Texts(title="Sin correo")})
    with app.app_context():
        [notice] = live_announcements(clock.now())
        locale, texts = notice.texts_in("es")
    assert (locale, texts.title, texts.workaround) == ("es", "Sin correo", "Use the telephone.")
