"""What the parts that stand beside mainstem need: ports, npm packages, and the places of both."""

from __future__ import annotations

import fcntl
import shutil
import socket
import subprocess
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
NODE_SENDER_PACKAGE = Path(__file__).parent / "receive" / "node_sender"


def free_port() -> int:
    """Find a port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_for_port(port: int, process: subprocess.Popen[bytes], seconds: float = 60) -> None:
    """Return once the process listens; fails when it ends first or takes too long."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            assert process.poll() is None, "the process ended before it listened"
            assert time.monotonic() < deadline, f"nothing listens on {port} after {seconds} s"
            time.sleep(0.05)
        else:
            return


def npm_install(package: Path) -> Path:
    """Install a locked npm package once per checkout, whatever number of test processes ask.

    Gives the folder that its `node_modules` lies in.
    """
    home = ROOT / ".tools" / package.name
    home.mkdir(parents=True, exist_ok=True)
    lock = (package / "package-lock.json").read_bytes()
    with (home / "installing").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        done = home / "installed-lock.json"
        if not done.exists() or done.read_bytes() != lock:
            for name in ("package.json", "package-lock.json"):
                shutil.copy(package / name, home / name)
            subprocess.run(
                ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"],
                cwd=home,
                check=True,
            )
            done.write_bytes(lock)
    return home
