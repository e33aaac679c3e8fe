"""Departments, teams, people, their sessions and API tokens."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship, validates

from helpdesk.accounts.rules import Role, fold
from helpdesk.core.database import Base, Choice, UTCDateTime


class Department(Base):
    """A node of the tree. `path` holds the ids from the root to this one as "/1/4/9/": descendants share the prefix."""

    __tablename__ = "department"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("department.id"))
    path: Mapped[str] = mapped_column(String(255), default="")
    revision: Mapped[int] = mapped_column(default=1)
    __table_args__ = (Index("ix_department_path", "path"), Index("ix_department_parent_id", "parent_id"))


class Team(Base):
    """A group of staff that tickets and services belong to."""

    __tablename__ = "team"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(120), unique=True)


class User(Base):
    """A person. `email` is stored in lower case; people without a mailbox have none.

    `sort_name` is the folded name, for sorting and searching. `authz_version` is the feed number of the last change of
    role, department, or being disabled: what a person may see is never decided on an older one.
    """

    __tablename__ = "user"
    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str | None] = mapped_column(String(254), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    sort_name: Mapped[str] = mapped_column(String(240))
    role: Mapped[Role] = mapped_column(Choice(Role), default=Role.requester)
    department_id: Mapped[int | None] = mapped_column(ForeignKey("department.id"))
    team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id"))
    password_hash: Mapped[str | None] = mapped_column(String(255))
    locale: Mapped[str | None] = mapped_column(String(10))
    time_zone: Mapped[str | None] = mapped_column(String(64))
    theme: Mapped[str] = mapped_column(String(10), default="auto")
    is_demo: Mapped[bool] = mapped_column(default=False)
    disabled_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    authz_version: Mapped[int] = mapped_column(default=0)
    revision: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    department: Mapped[Department | None] = relationship(lazy="raise")
    team: Mapped[Team | None] = relationship(lazy="raise")
    __table_args__ = (
        Index("ix_user_department_id", "department_id"),
        Index("ix_user_sort_name_id", "sort_name", "id"),
        Index("ix_user_role", "role"),
    )

    @validates("name")
    def _fold_name(self, _key: str, name: str) -> str:
        self.sort_name = fold(name)[:240]
        return name


class UserSession(Base):
    """One signed-in browser. The cookie holds the token, this row only its SHA-256."""

    __tablename__ = "user_session"
    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    seen_at: Mapped[datetime] = mapped_column(UTCDateTime)
    address: Mapped[str | None] = mapped_column(String(64))
    agent: Mapped[str | None] = mapped_column(String(255))
    ended_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    __table_args__ = (Index("ix_user_session_user_id", "user_id"),)


class ApiToken(Base):
    """A token for programs: scoped, hashed, expiring, shown once."""

    __tablename__ = "api_token"
    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(80))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    scopes: Mapped[list[str]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    __table_args__ = (Index("ix_api_token_user_id", "user_id"),)


class OneTimeToken(Base):
    """A link that does one thing once: set a password, make the first administrator. Hashed, bound to its purpose."""

    __tablename__ = "one_time_token"
    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    purpose: Mapped[str] = mapped_column(String(40))
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"))
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    __table_args__ = (Index("ix_one_time_token_user_id", "user_id"),)


class SignInFailure(Base):
    """Failed sign-ins of one account from one network, for the growing delay."""

    __tablename__ = "sign_in_failure"
    id: Mapped[int] = mapped_column(primary_key=True)
    account: Mapped[str] = mapped_column(String(64))  # hash of the address that was typed
    network: Mapped[str] = mapped_column(String(64))
    failures: Mapped[int]
    last_at: Mapped[datetime] = mapped_column(UTCDateTime)
    __table_args__ = (Index("uq_sign_in_failure_account_network", "account", "network", unique=True),)
