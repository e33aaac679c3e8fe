"""The help desk. This module imports nothing: the command line must be able to patch the standard library first."""

from __future__ import annotations

import typing

if typing.TYPE_CHECKING:
    from helpdesk.app import create_app as create_app

__all__ = ["create_app"]


def __getattr__(name: str) -> object:
    if name == "create_app":
        from helpdesk.app import create_app

        return create_app
    raise AttributeError(name)
