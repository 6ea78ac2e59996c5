"""The command line: parses, calls one function of a room below, and prints. No logic lives here.

Exit codes: 0 done; 1 done, and something is wrong (books that do not balance, a check that failed);
2 a configuration, a call or stored data that a retry does not mend; 3 something was not to be had
just now, and a retry may help.
"""

from __future__ import annotations

import errno
import sys
from importlib import import_module
from typing import NoReturn

from mainstem.cli.app import app
from mainstem.cli.output import print_error
from mainstem.errors import DiskFull, MainstemError

VERBS = (
    "init",
    "collect",
    "config",
    "policy",
    "probe",
    "spool",
    "key",
    "traces",
    "logs",
    "metrics",
    "replicate",
    "load",
    "compact",
    "quarantine",
    "build",
    "export",
    "answers",
    "alerts",
    "dashboard",
    "books",
    "scan",
    "witness",
    "retain",
    "decay",
    "backup",
    "restore",
    "run",
    "status",
    "doctor",
)
"""A module of this room each, in the order of the data's way."""


def main() -> None:
    """Run the command line; errors that a person is meant to read become text and an exit code."""
    add_verbs(sys.argv[1:2])
    try:
        app()
    except MainstemError as error:
        _end(error)
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        _end(DiskFull(str(error.filename or "a file"), hint="What was finished counts; run again."))


def _end(error: MainstemError) -> NoReturn:
    print_error(error)
    sys.exit(error.exit_code)


def add_verbs(arguments: list[str]) -> None:
    """Import the module of the verb that is called, or all of them where none is.

    A collector runs for months beside a product and has no use for the warehouse's libraries: its
    image has none, and tells its version all the same.
    """
    if arguments == ["--version"]:
        return
    called = [verb for verb in VERBS if verb in arguments]
    for verb in called or VERBS:
        import_module(f"mainstem.cli.{verb}")
