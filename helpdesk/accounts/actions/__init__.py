"""Writes of accounts. Actors are viewers; None is the system itself (commands, imports)."""

from __future__ import annotations

from helpdesk.accounts.actions.credentials import (
    PASSWORD_PURPOSES,
    change_own_email,
    change_own_password,
    change_profile,
    follow_link,
    make_first_administrator,
    make_link,
    send_link,
    set_password,
)
from helpdesk.accounts.actions.departments import (
    change_department,
    create_department,
    create_team,
    delete_department,
    delete_team,
    move_department,
    rename_team,
)
from helpdesk.accounts.actions.people import change_user, create_demo_user, create_user, disable_user, enable_user
from helpdesk.accounts.actions.sessions import (
    NewSession,
    end_session,
    end_sessions,
    note_session_seen,
    note_token_used,
    sign_in,
    sign_out,
)
from helpdesk.accounts.actions.tokens import make_token, revoke_token

__all__ = [
    "PASSWORD_PURPOSES",
    "NewSession",
    "change_department",
    "change_own_email",
    "change_own_password",
    "change_profile",
    "change_user",
    "create_demo_user",
    "create_department",
    "create_team",
    "create_user",
    "delete_department",
    "delete_team",
    "disable_user",
    "enable_user",
    "end_session",
    "end_sessions",
    "follow_link",
    "make_first_administrator",
    "make_link",
    "make_token",
    "move_department",
    "note_session_seen",
    "note_token_used",
    "rename_team",
    "revoke_token",
    "send_link",
    "set_password",
    "sign_in",
    "sign_out",
]
