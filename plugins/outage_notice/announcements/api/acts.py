"""What happens to an announcement: published, updated, ended, reopened. `If-Match` is honoured everywhere."""

from __future__ import annotations

from typing import Any

from helpdesk.plugin_api import allow, get_viewer, idempotent, if_match
from plugins.outage_notice.announcements import actions
from plugins.outage_notice.announcements.api.blueprint import WRITE, api, keep_answer_choice
from plugins.outage_notice.announcements.api.bodies import (
    EndIn,
    PublishIn,
    ReopenIn,
    ResolveIn,
    UpdateIn,
    checked_of,
)
from plugins.outage_notice.announcements.api.records import shown
from plugins.outage_notice.announcements.api.shapes import AnnouncementOut, UpdateOut
from plugins.outage_notice.announcements.rules import UNSET, NewUpdate


class PublishDraftIn(PublishIn):
    """`answer_tickets`: whether the tickets of the surge that the draft was made from get its automated reply; left
    out, as it was chosen in the draft, where they do unless somebody chose otherwise. Without a surge it says nothing.
    """

    answer_tickets: bool | None = None


@api.post("/<int:announcement_id>/publish")
@allow("technician", scope=WRITE)
@idempotent
@api.input(PublishDraftIn, arg_name="body")
@api.output(AnnouncementOut)
def publish(announcement_id: int, body: PublishDraftIn) -> Any:
    """Publish a draft, now or from its `show_from` on. 422 lists what the check stops; warnings do not block."""
    viewer = get_viewer()
    if body.answer_tickets is not None:  # before: the tickets are answered as soon as it is published
        keep_answer_choice(viewer, announcement_id, body.answer_tickets)
    actions.publish(viewer, announcement_id, expected_revision=if_match(), confirmed_people=body.confirmed_people)
    return shown(announcement_id)


@api.post("/<int:announcement_id>/update")
@allow("technician", scope=WRITE)
@idempotent
@api.input(UpdateIn, arg_name="body")
@api.output(UpdateOut, 201)
def update(announcement_id: int, body: UpdateIn) -> Any:
    """Say what changed: text, and if they change, status, ETA and the time of the next update."""
    new = NewUpdate(
        text=body.text,
        status=body.status,
        eta=body.eta if "eta" in body.model_fields_set else UNSET,
        next_update_at=body.next_update_at if "next_update_at" in body.model_fields_set else UNSET,
        is_public=body.public,
        weight=body.weight,
        translations=body.translations,
        answer_tickets=body.answer_tickets,
        correct_eta=body.correct_eta,
    )
    row = actions.post_update(get_viewer(), announcement_id, new, if_match())
    answer = {name: getattr(row, name) for name in UpdateOut.model_fields if name != "public"}
    return answer | {"public": row.is_public}


@api.post("/<int:announcement_id>/resolve")
@allow("technician", scope=WRITE)
@idempotent
@api.input(ResolveIn, arg_name="body")
@api.output(AnnouncementOut)
def resolve(announcement_id: int, body: ResolveIn) -> Any:
    """It works again. `ended_at`: when it really did, at most now. Mails and tickets follow after two minutes."""
    actions.resolve(
        get_viewer(),
        announcement_id,
        body.text,
        ended_at=body.ended_at,
        ticket_action=body.tickets,
        checked=checked_of(body),
        expected_revision=if_match(),
    )
    return shown(announcement_id)


@api.post("/<int:announcement_id>/undo")
@allow("technician", scope=WRITE)
@idempotent
@api.input(PublishIn, arg_name="body")
@api.output(AnnouncementOut)
def undo(announcement_id: int, body: PublishIn) -> Any:  # noqa: ARG001  (an empty object)
    """Take a resolution back within two minutes: all is as before, and nobody was told. 409 when it is too late."""
    actions.undo_resolve(get_viewer(), announcement_id, expected_revision=if_match())
    return shown(announcement_id)


@api.post("/<int:announcement_id>/cancel")
@allow("technician", scope=WRITE)
@idempotent
@api.input(EndIn, arg_name="body")
@api.output(AnnouncementOut)
def cancel(announcement_id: int, body: EndIn) -> Any:
    """It does not take place."""
    actions.cancel(get_viewer(), announcement_id, body.text, expected_revision=if_match())
    return shown(announcement_id)


@api.post("/<int:announcement_id>/withdraw")
@allow("technician", scope=WRITE)
@idempotent
@api.input(EndIn, arg_name="body")
@api.output(AnnouncementOut)
def withdraw(announcement_id: int, body: EndIn) -> Any:
    """It was published by mistake."""
    actions.withdraw(get_viewer(), announcement_id, body.text, expected_revision=if_match())
    return shown(announcement_id)


@api.post("/<int:announcement_id>/reopen")
@allow("technician", scope=WRITE)
@idempotent
@api.input(ReopenIn, arg_name="body")
@api.output(AnnouncementOut)
def reopen(announcement_id: int, body: ReopenIn) -> Any:
    """A resolved incident is back."""
    eta = body.eta if "eta" in body.model_fields_set else UNSET
    actions.reopen(
        get_viewer(),
        announcement_id,
        body.text,
        eta=eta,
        next_update_at=body.next_update_at,
        expected_revision=if_match(),
    )
    return shown(announcement_id)


@api.post("/<int:announcement_id>/approve")
@allow("technician", scope=WRITE)
@idempotent
@api.input(PublishIn, arg_name="body")
@api.output(AnnouncementOut)
def approve(announcement_id: int, body: PublishIn) -> Any:  # noqa: ARG001  (an empty object)
    """A second technician approves that everybody must confirm."""
    actions.approve_must_confirm(get_viewer(), announcement_id, if_match())
    return shown(announcement_id)
