"""A collector whose store only confirms: `python -m bench.sink PLAN` for `bench.collector`.

Prints the bound ports as one line of JSON, then uploads nothing: each blob is read and verified, as
an upload would, and confirmed. Ends with its standard input.
"""

from __future__ import annotations

import json
import sys
import threading
from pathlib import Path

from mainstem import _core


def confirm_all(plane: _core.DataPlane, ending: threading.Event) -> None:
    """Take from the outbox until told to end."""
    while not ending.is_set():
        item = plane.next_outbox(0.5)
        if item is not None:
            if item.blob_name is not None:
                item.payload()
            plane.confirm(item.seq)


def main() -> None:
    """Run until standard input ends; then print what was counted."""
    plane = _core.DataPlane(Path(sys.argv[1]).read_text())
    ending = threading.Event()
    uploader = threading.Thread(target=confirm_all, args=(plane, ending))
    uploader.start()
    print(json.dumps(plane.start()), flush=True)
    sys.stdin.read()
    ending.set()
    uploader.join()
    print(plane.stats(), flush=True)
    plane.close()


if __name__ == "__main__":
    main()
