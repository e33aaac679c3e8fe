"""A review as a file: a page of its own that needs nothing else, or PDF."""

from __future__ import annotations

from pathlib import Path

from flask import Response, render_template
from flask_babel import get_locale
from markupsafe import Markup

from helpdesk.plugin_api import allow, get_viewer, limit, now
from plugins.outage_notice.reviews.views.blueprint import PLUGIN, bp
from plugins.outage_notice.reviews.views.document import document_of
from plugins.outage_notice.reviews.views.pages import review_page

STYLE = Path(PLUGIN, "static", "css", "review_file.css")


@bp.get("/announcements/<int:announcement_id>/review.<any(html, pdf):form>")
@allow("agent")
@limit("30/minute")
def export(announcement_id: int, form: str) -> Response:
    """Always sent as a file to keep, so that nothing in it runs in our pages."""
    at = now()
    document = document_of(review_page(get_viewer(), announcement_id, at))
    language = str(get_locale() or "en").replace("_", "-")
    if form == "pdf":
        from plugins.outage_notice.reviews.views.pdf import pdf_of  # two hundred modules, for those who ask for it

        body: bytes | str = pdf_of(document, language, at)
    else:
        # Our own file, not a person's text.
        style = Markup(STYLE.read_text(encoding="utf-8"))  # noqa: S704
        body = render_template("outage_notice/review_file.html", document=document, language=language, sheet=style)
    return Response(
        body,
        mimetype="application/pdf" if form == "pdf" else "text/html",
        headers={
            "Content-Disposition": f'attachment; filename="review-OUT-{announcement_id}.{form}"',
            "Cache-Control": "no-store",
        },
    )
