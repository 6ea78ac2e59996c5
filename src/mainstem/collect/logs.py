"""The collector's own log: events with fixed names on standard error, and never a payload."""

from __future__ import annotations

import logging
import sys

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


def _level(name: str) -> int:
    return logging.getLevelNamesMapping()[{"warn": "WARNING"}.get(name, name.upper())]
