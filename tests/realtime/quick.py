"""The `helpdesk` command with limits that a test can wait for: `python quick.py serve`."""

import os
import runpy
import sys

if __name__ == "__main__":
    if os.environ.get("HELPDESK_ASYNC", "gevent") == "gevent":
        from gevent import monkey

        monkey.patch_all()
    from helpdesk.realtime import setup
    from helpdesk.realtime.rules import Limits

    class QuickLimits(Limits):
        def __init__(self) -> None:
            super().__init__(join_seconds=0.5, waiting_per_address=30)

    setup.Limits = QuickLimits  # type: ignore[misc]
    sys.argv[0] = "helpdesk"
    runpy.run_module("helpdesk.cli", run_name="__main__")
