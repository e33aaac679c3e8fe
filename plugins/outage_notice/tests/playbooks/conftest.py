"""People, the VPN and signed-in browsers."""

from __future__ import annotations

from plugins.outage_notice.tests.announcements.conftest import cast, draft, published  # noqa: F401  (fixtures)
from plugins.outage_notice.tests.pages.conftest import signed_in  # noqa: F401  (fixture)
