"""The people and announcements of the tests of announcements serve here too."""

from __future__ import annotations

from plugins.outage_notice.tests.announcements.conftest import (  # noqa: F401  (fixtures)
    cast,
    draft,
    maintenance,
    published,
)
from plugins.outage_notice.tests.pages.conftest import signed_in  # noqa: F401  (fixture)
