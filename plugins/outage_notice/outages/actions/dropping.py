"""Nothing stays linked to an outage that does not concern its requester any more, and nobody else follows it."""

from __future__ import annotations

from helpdesk.plugin_api import Ticket, now, record_audit, transaction
from plugins.outage_notice.outages.actions.linking import unlink_inside
from plugins.outage_notice.outages.queries.concern import links_and_followers, unconcerned
from plugins.outage_notice.outages.queries.links import find_link


def drop_unconcerned(announcement_id: int, user_id: int | None = None) -> int:
    """Unlink the tickets of people whom the outage, after a change of its audience or of the people, no longer
    concerns, and end their following; of one person only, when given. How many tickets. Safe to repeat.
    """
    at = now()
    with transaction() as session:
        links, followers = links_and_followers(announcement_id, user_id)
        people = {requester_id for _link, _ticket, requester_id in links} | {f.user_id for f in followers}
        gone = unconcerned(announcement_id, people)
        dropped = 0
        for link_id, ticket_id, requester_id in links:
            if requester_id not in gone:
                continue
            ticket = session.get_one(Ticket, ticket_id, with_for_update=True, populate_existing=True)
            link = find_link(ticket_id, lock=True)
            if link is not None and link.id == link_id:
                unlink_inside(session, None, ticket, link, at)
                dropped += 1
        for follower in followers:
            if follower.user_id in gone:
                record_audit(
                    None, "outage.unfollowed", "announcement", announcement_id, before={"user_id": follower.user_id}
                )
                session.delete(follower)
        return dropped
