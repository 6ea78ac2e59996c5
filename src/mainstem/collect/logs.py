"""The collector's own log: events with fixed names on standard error, and never a payload."""

from __future__ import annotations

import logging
import sys
import threading
import traceback

import structlog


def set_up_logs(level: str, encoding: str) -> None:
    """Write events of a level and above; `encoding` is `console` or `json`."""
    renderer: structlog.typing.Processor
    if encoding == "json":
        renderer = structlog.processors.JSONRenderer()
    else:
        renderer = structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(_level(level)),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )


def log_dead_threads() -> None:
    """Log a thread's death of an unexpected error: what and where, for its text may quote input."""
    threading.excepthook = _log_death


def _log_death(death: threading.ExceptHookArgs) -> None:
    last = traceback.extract_tb(death.exc_traceback)[-1:]
    structlog.get_logger("collect").critical(
        "a thread died of an unexpected error",
        thread=death.thread.name if death.thread is not None else None,
        error=death.exc_type.__name__,
        at=", ".join(f"{frame.filename}:{frame.lineno}" for frame in last),
    )


def _level(name: str) -> int:
    return logging.getLevelNamesMapping()[{"warn": "WARNING"}.get(name, name.upper())]
