"""The front door: every hook of the plugin, each a few lines."""

from __future__ import annotations

from pathlib import Path

from helpdesk.plugin_api import hookimpl

HERE = Path(__file__).resolve().parent


@hookimpl
def migrations_path() -> Path:
    # The models must be known to the metadata before migrations are compared with it.
    import plugins.outage_notice.announcements.models
    import plugins.outage_notice.banners.models  # noqa: F401

    return HERE / "migrations"
