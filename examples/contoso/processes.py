"""The demo's long-running processes: started with a log file each, ended by their process id."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, NamedTuple, Self

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

READY_WITHIN = 60.0
ENDED_WITHIN = 60.0


class ProcessError(Exception):
    """A process did not come up, or did not end as it should."""


@dataclass(frozen=True)
class Command:
    """How a process is started, so that it can be started again."""

    name: str
    arguments: Sequence[str]
    environment: Mapping[str, str]
    ready: str
    """An address that answers 200 once the process is ready."""


class _Running(NamedTuple):
    command: Command
    process: subprocess.Popen[bytes]
    log: IO[bytes]


@dataclass
class Processes:
    """Processes by name; as a context manager it ends what still runs, on errors too."""

    logs: Path
    _running: dict[str, _Running] = field(default_factory=dict)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for running in self._running.values():
            if running.process.poll() is None:
                running.process.terminate()
        for running in self._running.values():
            try:
                running.process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                running.process.kill()
                running.process.wait()
            running.log.close()
        self._running.clear()

    def start(self, command: Command) -> None:
        """Start a process; its output is added to `<name>.log`."""
        with _uninterrupted():
            log = (self.logs / f"{command.name}.log").open("ab")
            process = subprocess.Popen(
                command.arguments,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, **command.environment},
                start_new_session=True,  # Ctrl-C reaches the demo, which ends them in order
            )
            self._running[command.name] = _Running(command, process, log)

    def wait_until_ready(self, name: str) -> None:
        """Wait for a process's answer; ProcessError where it ended or stays silent."""
        running = self._running[name]
        until = time.monotonic() + READY_WITHIN
        while not _answers(running.command.ready):
            code = running.process.poll()
            if code is not None:
                raise ProcessError(f"{name} ended with {code}, see {self._log(name)}")
            if time.monotonic() > until:
                raise ProcessError(f"{name} did not become ready, see {self._log(name)}")
            time.sleep(0.05)

    def process_id(self, name: str) -> int:
        """Give a process's id."""
        return self._running[name].process.pid

    def kill(self, name: str) -> Command:
        """Kill a process with SIGKILL, as a crash would, and give the way to start it again."""
        running = self._running.pop(name)
        running.process.kill()
        running.process.wait()
        running.log.close()
        return running.command

    def end(self, names: Sequence[str]) -> None:
        """Ask processes to end and wait until they did; ProcessError where one ended badly."""
        for name in names:
            self._running[name].process.terminate()
        for name in names:
            running = self._running[name]
            try:
                code = running.process.wait(timeout=ENDED_WITHIN)
            except subprocess.TimeoutExpired:
                raise ProcessError(f"{name} did not end, see {self._log(name)}") from None
            running.log.close()
            del self._running[name]
            if code not in (0, -signal.SIGTERM):
                raise ProcessError(f"{name} ended with {code}, see {self._log(name)}")

    def _log(self, name: str) -> Path:
        return self.logs / f"{name}.log"


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Hold Ctrl-C and SIGTERM back: a process that was started and not yet noted would stay.

    Python hands signals to the main thread alone, so nothing is to do in another one.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []
    before = {
        number: signal.signal(number, lambda number, _: came.append(number))
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        for held in came:
            signal.raise_signal(held)


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=2) as response:  # noqa: S310 our own address
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False
