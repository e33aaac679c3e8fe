"""Pages of tickets: home, lists, the form, the thread, files."""

from __future__ import annotations

from helpdesk.tickets.views import home, new, queue, thread

BLUEPRINTS = (home.bp, queue.bp, new.bp, thread.bp)
