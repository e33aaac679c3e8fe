"""Addresses of static files carry a version, so that browsers may keep them for ever.

Scripts are the exception: ES modules import each other by plain addresses, and a module that is loaded under two
addresses runs twice. They are asked for again each time, which a 304 answers.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import Any

from flask import current_app, request

FOR_EVER = "public, max-age=31536000, immutable"
ASK_AGAIN = "public, no-cache"


def is_static() -> bool:
    return (request.endpoint or "").rpartition(".")[2] == "static"


def add_version(endpoint: str, values: dict[str, Any]) -> None:
    """Give `url_for` of a static file its version."""
    if endpoint.rpartition(".")[2] == "static" and "v" not in values:
        version = _version_of(endpoint, str(values.get("filename", "")))
        if version:
            values["v"] = version


def cache_control_of_static() -> str:
    version = request.args.get("v")
    filename = (request.view_args or {}).get("filename", "")
    current = version is not None and version == _version_of(request.endpoint or "", filename)
    return FOR_EVER if current else ASK_AGAIN


def _version_of(endpoint: str, filename: str) -> str | None:
    owner = current_app.blueprints.get(endpoint.rpartition(".")[0]) or current_app
    if filename.endswith(".js") or not owner.static_folder:
        return None
    path = Path(owner.static_folder, filename)
    try:
        stamp = path.stat()
    except (OSError, ValueError):
        return None
    return _digest(path, stamp.st_mtime_ns, stamp.st_size)


@lru_cache(maxsize=1000)
def _digest(path: Path, _changed_at: int, _size: int) -> str | None:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12] if path.is_file() else None
