"""Pages of automated replies and of canned replies."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from helpdesk.hooks.specs import MenuLink
from helpdesk.replies.views import automated, canned

BLUEPRINTS = (automated.bp, canned.bp)
ADMIN_LINKS = (
    MenuLink("replies", _l("Automated replies"), "/admin/replies", "reply"),
    MenuLink("canned", _l("Canned replies"), "/admin/canned-replies", "book"),
)
