"""The public summary of a review, at an address that needs no sign-in and that proxies may keep."""

from __future__ import annotations

from flask import Response, make_response, render_template, request
from flask_babel import get_locale

from helpdesk.plugin_api import allow, find_viewer, now
from plugins.outage_notice.reviews.queries.public import get_public_summary
from plugins.outage_notice.reviews.views.blueprint import bp

KEPT_SECONDS = 60


@bp.get("/status/reviews/<int:announcement_id>")
@allow("public")
def public_summary(announcement_id: int) -> Response:
    """In the language of the reader. Who is signed in gets the same in a page of their own, which nobody keeps."""
    found = get_public_summary(announcement_id, now())
    lang, texts = found.announcement.texts_in(str(get_locale() or "en"))
    is_shared = find_viewer() is None
    page = render_template(
        "outage_notice/review_public.html", found=found, lang=lang, title=texts.title, shared=is_shared
    )
    response = make_response(page)
    if is_shared:
        response.headers["Cache-Control"] = f"public, max-age={KEPT_SECONDS}"
        response.vary.add("Accept-Language")
        response.add_etag()
        response.make_conditional(request)
    return response
