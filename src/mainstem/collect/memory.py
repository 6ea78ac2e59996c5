"""`memory_limiter`: the process's memory against its bounds, looked at again and again.

The Collector refuses above the soft bound and collects garbage above the hard one. Here requests
are refused before they are read, and what the allocator keeps for later goes back to the system.
https://github.com/open-telemetry/opentelemetry-collector/tree/main/processor/memorylimiterprocessor
"""

from __future__ import annotations

import ctypes
import os
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from mainstem.collect.watch import EVERY_S, Watch

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mainstem.config.collector.processors import MemoryLimiter

log = structlog.get_logger("memory")

PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
# A control group's limit in its second and its first version; "max" and absurd numbers mean none.
CGROUP_LIMITS = (
    Path("/sys/fs/cgroup/memory.max"),
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
)


def resident_bytes() -> int:
    """Tell the process's resident memory."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * PAGE_BYTES


def total_bytes() -> int:
    """Tell the memory there is for this process: the container's, or else the machine's."""
    total = os.sysconf("SC_PHYS_PAGES") * PAGE_BYTES
    for path in CGROUP_LIMITS:
        try:
            text = path.read_text(encoding="ascii").strip()
        except OSError:
            continue
        if text.isdigit():
            total = min(total, int(text))
    return total


def give_back() -> None:
    """Return to the system what the allocator keeps for later, where it is glibc's."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


class MemoryWatch(Watch):
    """One thread that looks at the memory and tells the data plane how it stands."""

    def __init__(
        self,
        limiters: Sequence[MemoryLimiter],
        tell: Callable[[str], None],
        resident: Callable[[], int] = resident_bytes,
    ) -> None:
        super().__init__("memory")
        self._limiters = tuple(limiters)
        self._tell = tell
        self._resident = resident
        self._level = "none"

    def use(self, limiters: Sequence[MemoryLimiter]) -> None:
        """Take other bounds, or none."""
        self._limiters = tuple(limiters)

    def look(self) -> str:
        """Compare once, tell, and give the level: "none", "soft" or "hard"."""
        bounds = [limiter.bounds(total_bytes()) for limiter in self._limiters]
        resident = self._resident()
        if bounds and resident >= min(soft for soft, _ in bounds):
            give_back()
            resident = self._resident()
        level = "none"
        if bounds and resident >= min(hard for _, hard in bounds):
            level = "hard"
        elif bounds and resident >= min(soft for soft, _ in bounds):
            level = "soft"
        if level != self._level:
            if level == "none":
                log.info("memory is below its bounds again", resident_bytes=resident)
            else:
                log.warning(
                    "memory is above a bound, requests are refused for now",
                    bound=level,
                    resident_bytes=resident,
                )
            self._level = level
        # Each time, since a plan that was reloaded may begin without.
        self._tell(level)
        return level

    def every_s(self) -> float:
        """Give the shortest interval that a limiter asks for."""
        return min((one.check_interval for one in self._limiters), default=EVERY_S)
