"""What tests in every room may ask for: the real parts that stand beside mainstem."""

from __future__ import annotations

import fcntl
import os
import shutil
import socket
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent
AZURITE_PACKAGE = Path(__file__).parent / "azurite"
AZURITE_MAIN = "node_modules/azurite/dist/src/blob/main.js"
NODE_SENDER_PACKAGE = Path(__file__).parent / "receive" / "node_sender"
AZURITE_ACCOUNTS = 200
AZURITE_KEY = "bWFpbnN0ZW0gdGVzdHM="  # not a secret: every test account's


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


@pytest.fixture(scope="session")
def node_sender() -> Path:
    """Install the OpenTelemetry SDK for Node; gives its `node_modules`."""
    return npm_install(NODE_SENDER_PACKAGE) / "node_modules"


@pytest.fixture(scope="session")
def azurite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Iterator[str]]:
    """Start Azure's blob emulator; gives connection strings of accounts, each empty and new."""
    port = free_port()
    names = [f"account{number:03}" for number in range(AZURITE_ACCOUNTS)]
    process = subprocess.Popen(
        [
            "node",
            str(npm_install(AZURITE_PACKAGE) / AZURITE_MAIN),
            *("--blobPort", str(port), "--location", str(tmp_path_factory.mktemp("azurite"))),
            *("--skipApiVersionCheck", "--silent", "--disableTelemetry"),
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={
            **os.environ,
            "NODE_OPTIONS": "--no-deprecation",
            "AZURITE_ACCOUNTS": ";".join(f"{name}:{AZURITE_KEY}" for name in names),
        },
    )
    try:
        wait_for_port(port, process)
        yield (
            f"DefaultEndpointsProtocol=http;AccountName={name};AccountKey={AZURITE_KEY};"
            f"BlobEndpoint=http://127.0.0.1:{port}/{name};"
            for name in names
        )
    finally:
        process.terminate()
        process.wait(timeout=10)


@pytest.fixture
def azurite_account(azurite: Iterator[str]) -> str:
    """Give the connection string of an empty account that no other test uses."""
    return next(azurite)
