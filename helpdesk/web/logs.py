"""Logging of a running process: one JSON object a line in production, readable text in development, no secrets."""

from __future__ import annotations

import io
import logging
import re
import sys
import threading
from collections.abc import MutableMapping
from typing import Any

import structlog

from helpdesk.core.database import is_away

log = structlog.get_logger(__name__)

_SECRET_NAME = re.compile(r"pass(word|wd|phrase)?|secret|token|authorization|cookie|api_?key|csrf", re.IGNORECASE)
# Bounded repetitions: what is logged may come from anybody, and must not cost more than its length.
_SECRET_IN_TEXT = re.compile(
    r"(?i)(\bbearer\s{1,8}|[?&;\s][\w.-]{0,40}(?:token|key|password|secret|signature|code)[\w-]{0,40}="
    r"|://[^\s/:@]{0,200}:|/reset/)[^\s&@;/?#\"']+(@?)"
)
# A token by its look, wherever it stands in an address: what we make has 43 characters, ids have at most 36.
_TOKEN_IN_PATH = re.compile(r"(?<=/)[A-Za-z0-9_~-]{40,}(?![A-Za-z0-9_~.-])")
HIDDEN = "[hidden]"
# Without local variables, which would hold passwords and people's texts.
_TRACEBACKS = structlog.processors.ExceptionRenderer(structlog.tracebacks.ExceptionDictTransformer(show_locals=False))
# What these say about every step is of no use to who runs the help desk.
CHATTY = ("alembic", "apscheduler", "engineio", "geventwebsocket", "socketio")


def hide_secrets(_logger: Any, _method: str, entry: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Replace values under telling names, and passwords and tokens inside of texts."""
    for name, value in entry.items():
        entry[name] = HIDDEN if _SECRET_NAME.search(name) and value is not None else _without_secrets(value)
    return entry


def _without_secrets(value: Any) -> Any:
    if isinstance(value, str):
        return _TOKEN_IN_PATH.sub(HIDDEN, _SECRET_IN_TEXT.sub(rf"\1{HIDDEN}\2", value))
    if isinstance(value, dict):
        return hide_secrets(None, "", dict(value))
    if isinstance(value, list | tuple):
        return [_without_secrets(part) for part in value]
    return value


def shorten_absence(_logger: Any, _method: str, entry: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """One line instead of a traceback where the database is away: hundreds of them would take everybody's time."""
    info = entry.get("exc_info")
    error = sys.exc_info()[1] if info is True else info[1] if isinstance(info, tuple) else info
    if isinstance(error, Exception) and is_away(error):
        del entry["exc_info"]
        words = str(getattr(error, "orig", error)).strip().partition("\n")[0]
        entry.setdefault("error", f"{type(error).__name__}: {words}")
    return entry


def configure_logging(*, production: bool, level: int = logging.INFO) -> None:
    """Send this process's logs, ours and those of libraries, to standard error. Called by the commands, once."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    last: list[Any] = (
        [_TRACEBACKS, hide_secrets, structlog.processors.JSONRenderer()]
        if production
        else [
            hide_secrets,
            structlog.dev.ConsoleRenderer(
                colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
            ),
        ]
    )
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.stdlib.PositionalArgumentsFormatter(),
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                shorten_absence,
                *last,
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in CHATTY:
        logging.getLogger(name).setLevel(max(level, logging.WARNING))


def catch_the_rest() -> None:
    """Make log entries of what would be written past the log: warnings, what nobody caught, and what libraries print.

    For processes that log for machines: from now on standard error holds nothing but entries.
    """
    logging.captureWarnings(True)
    sys.excepthook = lambda kind, error, trace: _note("uncaught", (kind, error, trace))
    sys.unraisablehook = lambda it: _note("uncaught", (it.exc_type, it.exc_value, it.exc_traceback))
    threading.excepthook = lambda it: _note("uncaught", (it.exc_type, it.exc_value, it.exc_traceback))
    if "gevent" in sys.modules:
        hub: Any = sys.modules["gevent"].get_hub()
        hub.print_exception = lambda _context, kind, error, trace: _note("uncaught", (kind, error, trace))
    for handler in logging.getLogger().handlers:
        if isinstance(handler, logging.StreamHandler) and handler.stream is sys.stderr:
            sys.stderr = Printed(sys.stderr)


def _note(event: str, info: Any) -> None:
    if not issubclass(info[0], KeyboardInterrupt):
        log.error(event, exc_info=info)


class Printed(io.TextIOBase):
    """Standard error for those who print: each line becomes a log entry. What the log itself prints goes through."""

    def __init__(self, stream: Any) -> None:
        self._stream, self._line, self._busy = stream, "", threading.local()

    def write(self, text: str) -> int:
        if getattr(self._busy, "is_logging", False):
            return int(self._stream.write(text))
        *lines, self._line = (self._line + text).split("\n")
        self._busy.is_logging = True
        try:
            for line in lines:
                if line.strip():
                    log.warning("printed", text=line)
        finally:
            self._busy.is_logging = False
        return len(text)

    def flush(self) -> None:
        self._stream.flush()

    def fileno(self) -> int:
        return int(self._stream.fileno())

    def isatty(self) -> bool:
        return False
