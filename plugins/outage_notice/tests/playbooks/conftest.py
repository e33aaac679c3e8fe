"""People, the VPN and signed-in browsers."""

from __future__ import annotations

from plugins.outage_notice.tests.announcements.conftest import cast  # noqa: F401  (fixture)
from plugins.outage_notice.tests.pages.conftest import signed_in, vpn  # noqa: F401  (fixtures)
