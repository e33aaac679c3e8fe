"""What a process keeps in memory to make boards of, as of one feed number, and how the feed brings it up to date.

Kept are the announcements that are not over, the people asked for, and their receipts. Of a change only what changed
is read anew, and whom it can concern is written down: everybody else's board stays as it was.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sqlalchemy import bindparam, select

from helpdesk.plugin_api import FeedChange, FeedHead, User, Viewer, db, feed_changes_since, feed_head, viewers
from plugins.outage_notice.announcements.queries import LiveAnnouncement, live_announcements, live_by_ids
from plugins.outage_notice.announcements.rules import LIVE_STATUSES
from plugins.outage_notice.audiences.queries import services_by_department
from plugins.outage_notice.audiences.rules import Target, TargetKind, ViewerFacts, ids_of, matches
from plugins.outage_notice.banners.queries.payload import BannerTexts
from plugins.outage_notice.banners.queries.receipts import CHUNK, ReceiptsByUser, receipts_of

PEOPLE_KEPT = 200_000
NOTES_KEPT = 200  # changes of which it is known whom they concern; who asks for older ones is told "everybody"
VERSIONS = select(User.id, User.authz_version).where(
    User.id.in_(bindparam("ids", expanding=True)), User.disabled_at.is_(None)
)


class Circle:
    """People of whom each audience that names nobody says the same, and who read the same language."""

    __slots__ = ("locale", "members", "path", "role", "services")

    def __init__(self, role: str, path: tuple[int, ...], locale: str, services: frozenset[int]) -> None:
        self.role, self.path, self.locale, self.services = role, path, locale, services
        self.members: set[int] = set()

    def facts(self, user_id: int) -> ViewerFacts:
        """What an audience must know of one of them; of any other than its own members it says the same."""
        return ViewerFacts(user_id, self.role, self.path, self.services)


class Person(NamedTuple):
    """Who a board is for, and the feed number since which they may see what they may see."""

    circle: Circle
    authz_version: int


class Note(NamedTuple):
    """Up to `seq`, announcements for these targets changed, before or after. None: whatever there is."""

    seq: int
    targets: tuple[Target, ...] | None


@dataclass(slots=True)
class Kept:
    """What this process knows as of `head`. Reads nothing unless it says so."""

    head: FeedHead
    announcements: dict[int, LiveAnnouncement]
    receipts: ReceiptsByUser  # nobody stands there without any
    people: dict[int, Person | None] = field(default_factory=dict)
    circles: dict[tuple[Any, ...], Circle] = field(default_factory=dict)
    services: dict[int, set[int]] | None = None  # that each department uses; None: not read yet
    texts: dict[tuple[int, str], BannerTexts] = field(default_factory=dict)
    # Of each announcement the banners that were made, each with the digest of all that it says.
    payloads: dict[int, dict[Any, tuple[Mapping[str, Any], str]]] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)
    noted_since: int = 0  # whom earlier changes concern is not known, or who was known then is forgotten

    @classmethod
    def read(cls, head: FeedHead) -> Kept:
        """Everything anew. The position is read before the data: something may be seen twice, but is never missed."""
        announcements = {a.id: a for a in live_announcements()}
        return cls(head, announcements, receipts_of(list(announcements)), noted_since=head.seq + 1)

    # --- keeping up with the feed --------------------------------------------------------------------------------

    def follow(self, head: FeedHead, changes: Sequence[FeedChange]) -> None:
        """Bring it to `head` by what changed since. Reads first and changes itself then, so it may be tried again."""
        changed, is_general = _changed_ids(changes), any(_is_general(c) for c in changes)
        announcements = self._read_changed(changed)
        new = announcements.keys() - self.announcements.keys()
        receipts = receipts_of(list(new)) if new else {}
        readers = {int(c.ref) for c in changes if c.topic == "receipt" and c.ref}
        fresh = receipts_of(list(announcements), readers) if readers else {}

        self._note(head, announcements, None if is_general else changed)
        self._forget_drawn(changed)
        self._drop_receipts(self.announcements.keys() - announcements.keys(), readers)
        self.announcements = announcements
        for user_id, rows in (*receipts.items(), *fresh.items()):
            self.receipts.setdefault(user_id, {}).update(rows)
        if is_general:
            self.people, self.circles, self.services = {}, {}, None
        for change in changes:
            if change.topic == "user" and change.ref:
                self._forget_person(int(change.ref))
        self.head = head

    def _read_changed(self, changed: Collection[int] | None) -> dict[int, LiveAnnouncement]:
        """The announcements that are not over: those of `changed` (None: all) read anew, the others as they were."""
        if changed is None:
            return {a.id: a for a in live_announcements()}
        if not changed:
            return self.announcements
        others = {i: a for i, a in self.announcements.items() if i not in changed}
        return others | {a.id: a for a in live_by_ids(changed) if a.status in LIVE_STATUSES}

    def _note(
        self, head: FeedHead, announcements: Mapping[int, LiveAnnouncement], changed: Collection[int] | None
    ) -> None:
        """Write down whom a change concerns: who was in an audience before, and who is in it now."""
        targets: tuple[Target, ...] | None = None
        if changed is not None:
            versions = [kept[i] for i in changed for kept in (self.announcements, announcements) if i in kept]
            targets = tuple({target for version in versions for target in version.targets})
            if not targets:
                return  # such as a draft: nobody has it on a board
        self.notes.append(Note(head.seq, targets))
        if len(self.notes) > NOTES_KEPT:
            self.noted_since = max(self.noted_since, self.notes.pop(0).seq)

    def _forget_drawn(self, changed: Collection[int] | None) -> None:
        if changed is None:
            self.texts, self.payloads = {}, {}
        elif changed:
            self.texts = {key: texts for key, texts in self.texts.items() if key[0] not in changed}
            for announcement_id in changed:
                self.payloads.pop(announcement_id, None)

    def _drop_receipts(self, over: Collection[int], readers: Collection[int]) -> None:
        """Forget what these people did, and what was done with announcements that are over: it counts no more."""
        for user_id in readers:
            self.receipts.pop(user_id, None)
        if not over:
            return
        for user_id, rows in list(self.receipts.items()):
            left = {i: facts for i, facts in rows.items() if i not in over}
            if left:
                self.receipts[user_id] = left
            else:
                del self.receipts[user_id]

    # --- people --------------------------------------------------------------------------------------------------

    def concerned_since(self, seq: int) -> set[int] | None:
        """Whose board may differ by what changed after `seq`, besides what is about one person; None for anybody's."""
        notes = [note for note in self.notes if note.seq > seq]
        if seq < self.noted_since or any(note.targets is None for note in notes):
            return None
        targets = {target for note in notes for target in note.targets or ()}
        if Target(TargetKind.everyone) in targets:
            return None
        circles = [circle for circle in self.circles.values() if matches(targets, circle.facts(0))]
        return set(ids_of(targets, TargetKind.requester)).union(*(circle.members for circle in circles))

    def read_people(self, user_ids: Iterable[int]) -> None:
        """Read those of them who are not known yet, some thousand at once."""
        missing = [user_id for user_id in user_ids if user_id not in self.people]
        if len(missing) + len(self.people) > PEOPLE_KEPT:
            self.people, self.circles, self.noted_since = {}, {}, self.head.seq + 1
            missing = list(user_ids)
        for start in range(0, len(missing), CHUNK):
            chunk = missing[start : start + CHUNK]
            versions = {row[0]: row[1] for row in db.session.execute(VERSIONS, {"ids": chunk})}
            found = viewers(chunk)
            for user_id in chunk:
                viewer, version = found.get(user_id), versions.get(user_id)
                is_known = viewer is not None and version is not None
                self.people[user_id] = self._person(viewer, version) if is_known else None  # type: ignore[arg-type]

    def _person(self, viewer: Viewer, authz_version: int) -> Person:
        key = (viewer.role, viewer.department_path, viewer.locale)
        circle = self.circles.get(key)
        if circle is None:
            if self.services is None:
                self.services = services_by_department()
            used = frozenset().union(*(self.services.get(i, ()) for i in viewer.department_path))
            circle = self.circles[key] = Circle(*key, used)
        circle.members.add(viewer.id)
        return Person(circle, authz_version)

    def _forget_person(self, user_id: int) -> None:
        person = self.people.pop(user_id, None)
        if person is not None:
            person.circle.members.discard(user_id)


def bring_up_to_date(kept: Kept | None) -> Kept:
    """What is true now, out of what was kept so far as far as that helps."""
    head = feed_head()
    if kept is not None and kept.head.epoch == head.epoch:
        if kept.head.seq >= head.seq:
            return kept
        changes = feed_changes_since(kept.head.seq)
        if changes is not None:
            kept.follow(head, changes)
            return kept
    return Kept.read(head)


def _is_general(change: FeedChange) -> bool:
    """Whether it may change anybody's place in the organisation, or what a department uses."""
    return change.topic in ("departments", "catalog") or (change.topic == "user" and not change.ref)


def _changed_ids(changes: Sequence[FeedChange]) -> set[int] | None:
    """The announcements that changed; None when any may have, such as by another name of a service."""
    refs = {c.ref for c in changes if c.topic == "announcement"}
    if any(c.topic == "catalog" for c in changes) or not all(ref.isdigit() for ref in refs):
        return None
    return {int(ref) for ref in refs}
