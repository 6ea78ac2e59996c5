"""`memory_limiter`'s watch: the level that it tells, by the lowest bounds of all limiters."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest
import structlog

from mainstem.collect import memory
from mainstem.collect.memory import MemoryWatch, resident_bytes, total_bytes
from mainstem.config.collector.processors import MemoryLimiter

if TYPE_CHECKING:
    from pathlib import Path

MIB = 1 << 20


class Process:
    """A process's memory, and what the watch tells of it."""

    def __init__(self, *limiters: MemoryLimiter) -> None:
        self.resident = 0
        self.told: list[str] = []
        self.watch = MemoryWatch(limiters, self.told.append, lambda: self.resident)

    def at(self, mib: float) -> str:
        self.resident = int(mib * MIB)
        level = self.watch.look()
        assert self.told[-1] == level
        return level


@pytest.fixture(autouse=True)
def nothing_given_back(monkeypatch: pytest.MonkeyPatch) -> list[None]:
    """Count what is asked of the allocator, and leave it alone."""
    asked: list[None] = []
    monkeypatch.setattr(memory, "give_back", lambda: asked.append(None))
    return asked


def test_bounds_are_reached_and_left(nothing_given_back: list[None]) -> None:
    process = Process(MemoryLimiter(limit_mib=100, spike_limit_mib=30))
    assert [process.at(mib) for mib in (69, 70, 99, 100, 99, 69)] == [
        *("none", "soft", "soft", "hard", "soft", "none"),
    ]
    assert len(nothing_given_back) == 4, "above the soft bound alone"


def test_what_the_allocator_gives_back_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    process = Process(MemoryLimiter(limit_mib=100))

    def give_back() -> None:
        process.resident = 10 * MIB

    monkeypatch.setattr(memory, "give_back", give_back)
    assert process.at(120) == "none"


def test_the_lowest_bounds_of_several_hold() -> None:
    process = Process(
        MemoryLimiter(limit_mib=100, spike_limit_mib=10),
        MemoryLimiter(limit_mib=95, spike_limit_mib=1),
    )
    assert [process.at(mib) for mib in (89, 90, 94, 95)] == ["none", "soft", "soft", "hard"]


def test_a_share_is_of_the_memory_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "total_bytes", lambda: 200 * MIB)
    process = Process(MemoryLimiter(limit_percentage=50, spike_limit_percentage=10))
    assert [process.at(mib) for mib in (79, 80, 100)] == ["none", "soft", "hard"]


def test_without_limiters_nothing_is_refused_and_others_are_taken_over() -> None:
    process = Process()
    assert process.at(1 << 20) == "none"
    process.watch.use([MemoryLimiter(limit_mib=100)])
    assert process.at(1 << 20) == "hard"
    process.watch.use([])
    assert process.at(1 << 20) == "none"
    assert process.told == ["none", "hard", "none"], "each time, for a plan that was reloaded"


def test_a_change_is_logged_once() -> None:
    process = Process(MemoryLimiter(limit_mib=100))
    with structlog.testing.capture_logs() as events:
        for mib in (50, 90, 91, 120, 50, 50):
            process.at(mib)
    assert [(event["log_level"], event.get("bound")) for event in events] == [
        ("warning", "soft"),
        ("warning", "hard"),
        ("info", None),
    ]
    assert events[0]["resident_bytes"] == 90 * MIB


def test_it_looks_as_often_as_the_most_impatient_asks() -> None:
    process = Process(
        MemoryLimiter(limit_mib=100, check_interval="5s"),
        MemoryLimiter(limit_mib=100, check_interval="10ms"),
    )
    assert process.watch.every_s() == pytest.approx(0.01)


def test_its_thread_looks_until_it_is_closed() -> None:
    looked = threading.Event()
    watch = MemoryWatch(
        [MemoryLimiter(limit_mib=1, check_interval="1ms")],
        lambda level: looked.set() if level == "hard" else None,
    )
    watch.start()
    assert looked.wait(30), "this process has more than a MiB"
    watch.close()


def test_a_control_group_bounds_the_memory_there_is(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    machine = total_bytes()
    limit = tmp_path / "memory.max"
    monkeypatch.setattr(memory, "CGROUP_LIMITS", (tmp_path / "none", limit))
    limit.write_text("104857600\n")
    assert total_bytes() == 100 * MIB
    for unbounded in ("max\n", "9223372036854771712\n"):
        limit.write_text(unbounded)
        assert total_bytes() >= machine
    assert 0 < resident_bytes() < total_bytes()
