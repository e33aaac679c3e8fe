"""Roles, scopes and limits of accounts, and the decisions about them."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from helpdesk.core.events import Event

NAME_LIMIT = 120
EMAIL_LIMIT = 254
TOKEN_NAME_LIMIT = 80
DEPTH_LIMIT = 12  # levels of the department tree
THEMES = ("auto", "light", "dark")

SESSION_IDLE = timedelta(hours=12)
SESSION_LIFE = timedelta(days=7)
SEEN_EVERY = timedelta(minutes=5)  # how exact `seen_at` and `used_at` are: a write per request would be too much

FIRST_ADMINISTRATOR_LIFE = timedelta(minutes=15)
INVITATION_LIFE = timedelta(days=3)
RESET_LIFE = timedelta(hours=2)
TOKEN_DAYS = (7, 30, 90, 365)

PASSWORD_MINIMUM = 12
PASSWORD_LIMIT = 256
DEMO_PASSWORD = "demo"  # noqa: S105  known to everybody; refused in production


class Role(StrEnum):
    requester = "requester"
    agent = "agent"
    technician = "technician"
    administrator = "administrator"

    @property
    def rank(self) -> int:
        return list(Role).index(self)

    def includes(self, other: Role) -> bool:
        """Whether this role may do all that `other` may: each role includes the ones before it."""
        return self.rank >= other.rank


STAFF = (Role.agent, Role.technician, Role.administrator)

SCOPES = {
    "me": Role.requester,
    "tickets:read": Role.requester,
    "tickets:write": Role.requester,
    "announcements:read": Role.requester,
    "announcements:write": Role.technician,
    "intake": Role.technician,
    "directory:read": Role.requester,
    "directory:write": Role.administrator,
}


def scopes_for(role: Role) -> tuple[str, ...]:
    """The scopes that a token of a person with this role may carry."""
    return tuple(scope for scope, least in SCOPES.items() if role.includes(least))


class Purpose(StrEnum):
    """What a one-time link is for. A link made for one purpose does nothing else."""

    first_administrator = "first_administrator"
    invitation = "invitation"
    reset = "reset"


LIFE_OF = {
    Purpose.first_administrator: FIRST_ADMINISTRATOR_LIFE,
    Purpose.invitation: INVITATION_LIFE,
    Purpose.reset: RESET_LIFE,
}


@dataclass(frozen=True, slots=True)
class UserChanged(Event):
    """Role, department, name, address or being disabled changed. `what` names the changed fields."""

    user_id: int
    what: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SessionsEnded(Event):
    """Sessions of this person were ended (sign-out, new password, disabled)."""

    user_id: int


@dataclass(frozen=True, slots=True)
class DepartmentsChanged(Event):
    """The department tree changed: audiences of whole branches may be different now."""

    department_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class NewUser:
    """What a new person is made of. Without a password they sign in after following an invitation."""

    name: str
    email: str | None = None
    role: Role = Role.requester
    department_id: int | None = None
    team_id: int | None = None
    locale: str | None = None
    time_zone: str | None = None
    password: str | None = None


@dataclass(frozen=True, slots=True)
class UserChange:
    """All that an administrator may set of a person, as it shall be. `revision` is the one the change is based on."""

    revision: int
    name: str
    email: str | None
    role: Role
    department_id: int | None
    team_id: int | None
    locale: str | None
    time_zone: str | None


@dataclass(frozen=True, slots=True)
class ProfileChange:
    """What people set of themselves."""

    name: str
    locale: str | None
    time_zone: str | None
    theme: str


def fold(text: str) -> str:
    """Text for comparing and sorting: without case and accents, so that "Jose" finds "José"."""
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(c for c in decomposed if not unicodedata.combining(c)).casefold()


def normal_email(address: str | None) -> str | None:
    """The form in which addresses are stored and compared."""
    return (address or "").strip().lower() or None


def is_session_over(created_at: datetime, seen_at: datetime, now: datetime) -> bool:
    """Whether a session has reached its absolute or its idle limit."""
    return now >= created_at + SESSION_LIFE or now >= seen_at + SESSION_IDLE


FREE_FAILURES = 5
LONGEST_DELAY = timedelta(minutes=15)
FAILURES_FORGOTTEN_AFTER = timedelta(hours=24)
NETWORK_FREE_FAILURES = 100  # a whole office shares one address
NETWORK_LONGEST_DELAY = timedelta(seconds=60)
NETWORK_FAILURES_FORGOTTEN_AFTER = timedelta(minutes=30)


def delay_after(failures: int) -> timedelta:
    """How long one account must wait in one network after so many failures in a row: doubles, up to 15 minutes."""
    if failures < FREE_FAILURES:
        return timedelta()
    return min(timedelta(seconds=2 ** min(failures - FREE_FAILURES, 20)), LONGEST_DELAY)


def network_delay_after(failures: int) -> timedelta:
    """How long a whole network must wait: the looser limit, which grows ten times slower and ends at a minute."""
    if failures < NETWORK_FREE_FAILURES:
        return timedelta()
    return min(timedelta(seconds=2 ** min((failures - NETWORK_FREE_FAILURES) // 10, 20)), NETWORK_LONGEST_DELAY)


CLOCK_SKEW = timedelta(minutes=1)  # between the machines of one installation


def wait_left(last_at: datetime, delay: timedelta, now: datetime) -> timedelta:
    """How much of a delay that began with the attempt at `last_at` is left, zero or less when none.

    An attempt further ahead than clocks differ was noted before the clock was set back. It keeps nobody waiting: that
    could take hours.
    """
    return timedelta() if not delay or last_at > now + CLOCK_SKEW else last_at + delay - now


class PasswordFault(StrEnum):
    """Why a new password is refused."""

    short = "short"
    long = "long"
    common = "common"
    personal = "personal"
    repetitive = "repetitive"


def find_password_fault(password: str, personal: tuple[str, ...], common: frozenset[str]) -> PasswordFault | None:
    """Why this may not be a password, or None. `personal`: the person's name, address, the desk's name.

    Length and a list of known ones, no demands on the kinds of characters (NIST SP 800-63B, 5.1.1.2).
    """
    if len(password) < PASSWORD_MINIMUM:
        return PasswordFault.short
    if len(password) > PASSWORD_LIMIT:
        return PasswordFault.long
    folded = fold(password)
    if folded in common:
        return PasswordFault.common
    if len(set(folded)) < 4:
        return PasswordFault.repetitive
    words = {fold(word) for text in personal for word in (text, text.replace(" ", ""), text.partition("@")[0])}
    rest = folded.rstrip("0123456789!?.-_*#")
    if folded in words or rest in words:
        return PasswordFault.personal
    return None


def parse_path(path: str) -> tuple[int, ...]:
    """The ids in a department's path "/1/4/9/", from the root down."""
    return tuple(int(part) for part in path.split("/") if part)


def makes_cycle(path_of_new_parent: str, department_id: int) -> bool:
    """Whether a department would become its own ancestor under this parent."""
    return department_id in parse_path(path_of_new_parent)
