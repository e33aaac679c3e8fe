"""What a mail server got, by subject and recipient."""

from __future__ import annotations

import email
import email.policy
from collections import Counter
from email.message import EmailMessage

from tests.faults.mail_sink import Sink
from tests.waiting import wait_until


class Mailbox:
    """What the mail server took, by words of the subject."""

    def __init__(self, sink: Sink) -> None:
        self.sink = sink

    def found(self, words: str) -> dict[str, list[EmailMessage]]:
        """The mails with these words in their subject, by recipient."""
        mails: dict[str, list[EmailMessage]] = {}
        for mail in list(self.sink.accepted):
            message = email.message_from_bytes(mail.source, policy=email.policy.default)
            if words in message["Subject"]:
                mails.setdefault(mail.recipient, []).append(message)
        return mails

    def once_each(self, words: str, *addresses: str) -> dict[str, EmailMessage]:
        """Waits until these people, and nobody else, have one mail each with these words in its subject."""
        try:
            wait_until(lambda: self.found(words).keys() >= set(addresses), f"mails about {words}", 30)
        finally:
            counts = Counter({address: len(mails) for address, mails in self.found(words).items()})
            assert counts == dict.fromkeys(addresses, 1), [m["Subject"] for m in self.everything()]
        return {address: mails[0] for address, mails in self.found(words).items()}

    def everything(self) -> list[EmailMessage]:
        return [mail for mails in self.found("").values() for mail in mails]


def text_of(message: EmailMessage) -> str:
    body = message.get_body(("plain",))
    assert body is not None
    return " ".join(str(body.get_content()).split())
