"""Pages of reviews, of what is to be done because of them, and of reports."""

from __future__ import annotations

from plugins.outage_notice.reviews.views import (
    acting,
    answering,
    exporting,
    listing,
    pages,
    public,
    reporting,
)  # add routes
from plugins.outage_notice.reviews.views.blueprint import bp

__all__ = ["acting", "answering", "bp", "exporting", "listing", "pages", "public", "reporting"]
