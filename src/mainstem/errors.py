"""What can go wrong, as one small tree.

::

    MainstemError
    ├── Terminal            a retry gives the same answer
    │   ├── ConfigError     a file that a person wrote is wrong: file, line, key
    │   ├── UsageError      a command was called in a way that cannot work
    │   └── DataError       stored data is not what its name or ledger entry says
    └── Transient           a retry may help: a store, a warehouse or a lock was not to be had
        └── DiskFull        there is no room for what had to be written

A message names what is wrong, where, what is allowed and what to do. It never quotes a payload, a
secret or a store's address with its query string.
"""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass


class MainstemError(Exception):
    """The base of every error that a person is meant to read."""

    exit_code = 1

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return self.message if self.hint is None else f"{self.message}\n  {self.hint}"


class Terminal(MainstemError):
    """A retry gives the same answer; `exit_code` 2."""

    exit_code = 2


class Transient(MainstemError):
    """A retry may help; `exit_code` 3."""

    exit_code = 3


class DiskFull(Transient):
    """There is no room for what had to be written."""

    def __init__(self, what: str, *, hint: str) -> None:
        super().__init__(f"{what}: the disk is full, make room", hint=hint)


def tells_full_disk(text: str) -> bool:
    """Tell whether a library's text is of a full disk; they say so under many classes."""
    return os.strerror(errno.ENOSPC) in text


class UsageError(Terminal):
    """A command was called in a way that cannot work."""


class DataError(Terminal):
    """Stored data is not what its name or its ledger entry says."""


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong in a file that a person wrote.

    `line` and `column` count from 1; `key` is the path to the value (`exporters.azureblob.auth`).
    """

    file: str
    line: int
    column: int
    key: str
    reason: str
    hint: str | None = None

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}: {self.key}: {self.reason}"
        return place if self.hint is None else f"{place} ({self.hint})"


class ConfigError(Terminal):
    """All that is wrong with a configuration, at once."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems
