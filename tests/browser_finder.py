"""Finds a browser: $HELPDESK_CHROMIUM, Playwright's own, or a Chromium or Chrome on the machine.

As a program: exit code 0 when a browser was found and starts.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Error, Playwright, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome", "microsoft-edge")
MAC = (
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
)


def find_browser(playwright: Playwright) -> dict[str, Any] | None:
    """The arguments for `playwright.chromium.launch`, or None when there is no browser at all."""
    arguments: dict[str, Any] = {"args": ["--disable-dev-shm-usage"]}  # containers have a tiny /dev/shm
    if named := os.environ.get("HELPDESK_CHROMIUM"):
        return arguments | {"executable_path": named}
    own = Path(playwright.chromium.executable_path)
    if own.exists() or list(own.parents[2].glob("chromium_headless_shell-*/*/*headless*shell*")):
        return arguments
    found = next(filter(None, map(shutil.which, NAMES)), None) or next(filter(os.path.exists, MAC), None)
    return arguments | {"executable_path": found} if found else None


def launch_browser(playwright: Playwright) -> Browser:
    """A running browser. Raises RuntimeError that says what to do when there is none."""
    arguments = find_browser(playwright)
    if arguments is None:
        raise RuntimeError("no browser: run `make test`, which installs one, or set HELPDESK_CHROMIUM")
    return playwright.chromium.launch(**arguments)


if __name__ == "__main__":
    with sync_playwright() as tool:
        try:
            launch_browser(tool).close()
        except (Error, RuntimeError) as problem:
            sys.exit(str(problem))
