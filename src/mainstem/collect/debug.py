"""What the `debug` exporter shows: how many records were taken, and never one of them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import structlog

from mainstem.collect.watch import Watch

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from mainstem.records import Signal

log = structlog.get_logger("debug")

SHOWN = ("requests", "accepted", "rejected", "refused", "duplicate")


class Counting(Watch):
    """Logs once a second what was taken since, for the signals whose pipelines ask for it."""

    def __init__(self, stats: Callable[[], str], signals: Collection[Signal]) -> None:
        super().__init__("debug")
        self._stats = stats
        self._signals = frozenset(signals)
        self._before: dict[str, dict[str, int]] = {}

    def close(self) -> None:
        """Log what is left, and end."""
        super().close()
        self.look()

    def look(self) -> None:
        """Log what came since the last time, if anything did."""
        for report in json.loads(self._stats())["signals"]:
            signal = report["signal"]
            if signal not in self._signals:
                continue
            now = {key: report["grpc"][key] + report["http"][key] for key in SHOWN}
            before = self._before.get(signal, dict.fromkeys(SHOWN, 0))
            came = {key: now[key] - before[key] for key in SHOWN if now[key] != before[key]}
            self._before[signal] = now
            if came:
                log.info("records", signal=signal, **came)
