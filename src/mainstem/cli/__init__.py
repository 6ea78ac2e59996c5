"""The command line: parses, calls one function of a room below, and prints. No logic lives here.

Exit codes: 0 done; 1 done, and something is wrong (books that do not balance, a check that failed);
2 a configuration, a call or stored data that a retry does not mend; 3 something was not to be had
just now, and a retry may help.
"""

from __future__ import annotations

import sys

from mainstem.cli.app import app
from mainstem.cli.output import print_error
from mainstem.errors import MainstemError


def main() -> None:
    """Run the command line; errors that a person is meant to read become text and an exit code."""
    try:
        app()
    except MainstemError as error:
        print_error(error)
        sys.exit(error.exit_code)
