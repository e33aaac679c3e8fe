"""The service page for everybody, the picker's search, and the administration of services."""

from __future__ import annotations

from flask import Blueprint, flash, jsonify, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from helpdesk.accounts import queries as accounts
from helpdesk.accounts.forms import differences
from helpdesk.accounts.views.lookups import typed_text
from helpdesk.catalog import actions, queries
from helpdesk.catalog.forms import ServiceForm
from helpdesk.catalog.models import Service
from helpdesk.core.errors import Invalid, Stale
from helpdesk.hooks.specs import MenuLink
from helpdesk.web.access import allow, get_viewer

bp = Blueprint("catalog", __name__)
admin = Blueprint("catalog_admin", __name__, url_prefix="/admin/services")
BLUEPRINTS = (bp, admin)
ADMIN_LINKS = (MenuLink("services", _l("Services"), "/admin/services", "layers"),)


@bp.get("/services")
@allow("requester")
def list_services() -> ResponseReturnValue:
    """The services of one's own department first, then the others."""
    mine = queries.services_of_department_path(get_viewer().department_path)
    own_ids = {service.id for service in mine}
    others = [service for service in queries.list_services() if service.id not in own_ids]
    return render_template("catalog/services.html", mine=mine, others=others)


@bp.get("/services/search")
@allow("requester")
def search_services() -> ResponseReturnValue:
    found = queries.search_services(typed_text())
    items = [{"id": s.id, "label": s.name, "detail": s.description[:100], "kind": "service"} for s in found]
    return jsonify(items=items)


def _offered(form: ServiceForm, own_id: int = 0) -> ServiceForm:
    return form.offer(queries.list_services(), accounts.list_teams(), own_id)


def _chosen_departments(form: ServiceForm) -> list[dict[str, object]]:
    """What the picker shows as chosen."""
    chosen = set(form.department_ids.data or ())
    return [{"id": d.id, "label": d.name} for d in accounts.departments() if d.id in chosen]


@admin.get("")
@allow("administrator")
def list_for_administrators() -> ResponseReturnValue:
    services = queries.list_services(include_retired=True)
    return render_template(
        "admin/services.html",
        services=services,
        teams={team.id: team.name for team in accounts.list_teams()},
        used_by=queries.departments_of_services(s.id for s in services),
    )


def _page(
    form: ServiceForm, status: int = 200, service: Service | None = None, stale: Stale | None = None
) -> ResponseReturnValue:
    page = render_template(
        "admin/service.html",
        service=service,
        form=form,
        chosen=_chosen_departments(form),
        theirs=_theirs(form, stale) if stale else [],
    )
    return page, status


def _theirs(form: ServiceForm, stale: Stale) -> list[tuple[str, str, str]]:
    names = {d.id: d.name for d in accounts.departments()}

    def named(ids: object) -> str:
        return ", ".join(names.get(i, "?") for i in sorted(ids)) if isinstance(ids, (list, tuple)) else ""

    saved, typed = named(stale.current["department_ids"]), named(form.department_ids.data)
    others = {name: value for name, value in stale.current.items() if name != "department_ids"}
    rows = differences(form, others)
    return rows if saved == typed else [*rows, (str(form.department_ids.label.text), saved or "–", typed or "–")]


@admin.get("/new")
@allow("administrator")
def new() -> ResponseReturnValue:
    return _page(_offered(ServiceForm(formdata=None)))


@admin.post("/new")
@allow("administrator")
def create() -> ResponseReturnValue:
    form = _offered(ServiceForm())
    if form.validate_on_submit():
        try:
            service = actions.create_service(get_viewer(), form.as_new())
            flash(_("%(name)s is added.", name=service.name))
            return redirect(url_for(".list_for_administrators"))
        except Invalid as error:
            form.pin(error)
    return _page(form, 422)


@admin.get("/<int:service_id>")
@allow("administrator")
def show(service_id: int) -> ResponseReturnValue:
    service = queries.get_service(service_id)
    return _page(_offered(ServiceForm(formdata=None, obj=queries.change_of(service)), service_id), service=service)


@admin.post("/<int:service_id>")
@allow("administrator")
def change(service_id: int) -> ResponseReturnValue:
    queries.get_service(service_id)
    form, status, stale = _offered(ServiceForm(), service_id), 422, None
    if form.validate_on_submit():
        try:
            actions.change_service(get_viewer(), service_id, form.as_change())
            flash(_("Saved."))
            return redirect(url_for(".list_for_administrators"))
        except (Invalid, Stale) as error:
            status, stale = form.show_failure(error), error if isinstance(error, Stale) else None
    return _page(form, status, queries.get_service(service_id), stale)
