"""What becomes of a mail whose turn has come: it may have waited for days."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, update

from helpdesk.plugin_api import MailReference, transaction
from plugins.outage_notice.announcements.rules.telling import read_mailing
from plugins.outage_notice.mailings import queries
from plugins.outage_notice.mailings.models import MailedPerson, Mailing


def mail_is_wanted(reference: MailReference, at: datetime) -> bool | datetime | None:
    """Whether a mail that is about to go out still says what is true, or when that is known; None: it is none of a
    mailing.

    Who does not get it was not told: nothing that follows from it goes to them either.
    """
    is_wanted = queries.is_wanted(reference, at)
    ids = read_mailing(reference)
    if is_wanted is False and ids is not None:
        mailing_id, user_id = ids
        with transaction() as session:
            person = (MailedPerson.mailing_id == mailing_id, MailedPerson.user_id == user_id)
            gone = session.scalar(delete(MailedPerson).where(*person).returning(MailedPerson.user_id))
            if gone is not None:
                fewer = update(Mailing).where(Mailing.id == mailing_id).values(people=Mailing.people - 1)
                session.execute(fewer.execution_options(synchronize_session=False))
    return is_wanted
