"""The verbs of `mainstem` as processes that start fast: forked from one that has imported all."""

from __future__ import annotations

import multiprocessing
import os
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mainstem.cli import main

if TYPE_CHECKING:
    from pathlib import Path
    from random import Random

_PROCESSES = multiprocessing.get_context("forkserver")
_PROCESSES.set_forkserver_preload(
    ["mainstem.cli.replicate", "mainstem.cli.load", "mainstem.cli.retain"]
)


def _call(arguments: list[str]) -> None:
    for descriptor in (1, 2):
        os.dup2(os.open(os.devnull, os.O_WRONLY), descriptor)
    sys.argv = ["mainstem", *arguments]
    main()


@dataclass
class Verb:
    """A command with its arguments; `seconds` is how long it last took to its end."""

    arguments: tuple[str, ...]
    platform: Path
    seconds: float = 0.3

    def run(self) -> int | None:
        """Run it to its end; gives the exit code."""
        begun = time.monotonic()
        process = self._start()
        process.join()
        self.seconds = time.monotonic() - begun
        return process.exitcode

    def kill(self, chance: Random) -> bool:
        """Start it and kill it at some time of its life; True if it was still running."""
        process = self._start()
        process.join(chance.uniform(0, self.seconds))
        process.kill()
        process.join()
        return process.exitcode == -9

    def _start(self) -> multiprocessing.process.BaseProcess:
        arguments = [*self.arguments, "--platform", str(self.platform)]
        process = _PROCESSES.Process(target=_call, args=(arguments,))
        process.start()
        return process
