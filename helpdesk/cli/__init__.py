"""The `helpdesk` command. Nothing of the program is imported before gevent has patched the standard library."""

from __future__ import annotations

import gc
import os
import sys

LONG_RUNNING = ("serve", "worker")


def main() -> None:
    """The console script: patch first, import after."""
    os.umask(0o027)  # databases and people's files are not for every account of the machine
    try:
        _run()
    except KeyboardInterrupt:  # while it is still being imported; later the commands see to it
        sys.exit(130)


def _run() -> None:
    words = [word for word in sys.argv[1:] if not word.startswith("-")]
    if words[:1] and words[0] in LONG_RUNNING and os.environ.get("HELPDESK_ASYNC", "gevent") == "gevent":
        from helpdesk.cli.lean import patch_by_gevent

        patch_by_gevent()
        gc.disable()  # what is imported is no garbage; `server` turns it on again
    from helpdesk.cli.lean import import_lean

    import_lean()
    from helpdesk.cli.commands import cli

    cli(prog_name="helpdesk")
