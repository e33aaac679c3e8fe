"""In which language and time zone people are written to, and with which addresses."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from helpdesk.config import Settings
from helpdesk.core.clock import FixedClock
from helpdesk.web.letters import language_for, page_address, time_zone_for


@pytest.fixture
def house(make_app: Callable[[Settings, FixedClock], Flask], settings: Settings, clock: FixedClock) -> Flask:
    of_house = {"locale": "pt-BR", "time_zone": "America/Sao_Paulo", "public_url": "https://help.example.org"}
    return make_app(settings.model_copy(update=of_house), clock)


@pytest.mark.parametrize(
    ("locale", "language"), [("es", "es"), ("es-MX", "es"), ("en_GB", "en"), ("fr", "pt"), ("", "pt"), (None, "pt")]
)
def test_the_language_is_the_persons_else_the_houses(house: Flask, locale: str | None, language: str) -> None:
    with house.app_context():
        assert language_for(locale) == language


@pytest.mark.parametrize(
    ("name", "zone"),
    [("Europe/Madrid", "Europe/Madrid"), ("Nowhere/At_all", "America/Sao_Paulo"), (None, "America/Sao_Paulo")],
)
def test_times_are_told_in_the_persons_zone_else_the_houses(house: Flask, name: str | None, zone: str) -> None:
    with house.app_context():
        assert time_zone_for(name).key == zone


def test_addresses_are_those_that_people_type(house: Flask) -> None:
    with house.app_context():
        assert page_address("/tickets/7") == "https://help.example.org/tickets/7"
