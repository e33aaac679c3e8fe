"""A maintenance that Finance is mailed about, and what it takes to see who got what."""

from __future__ import annotations

from plugins.outage_notice.tests.outages.conftest import settle  # noqa: F401  (fixture)
