"""What tests in every room may ask for: the real parts that stand beside mainstem."""

from __future__ import annotations

import os
import subprocess
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from beside import NODE_SENDER_PACKAGE, free_port, npm_install, wait_for_port
from postgres import PASSWORD, PostgresServer

if TYPE_CHECKING:
    from collections.abc import Iterator

AZURITE_PACKAGE = Path(__file__).parent / "azurite"
AZURITE_MAIN = "node_modules/azurite/dist/src/blob/main.js"
AZURITE_ACCOUNTS = 200
AZURITE_KEY = "bWFpbnN0ZW0gdGVzdHM="  # not a secret: every test account's


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


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """Start a PostgreSQL server; a test that stops it starts it again."""
    server = PostgresServer(free_port())
    try:
        yield server
    finally:
        server.remove()


@pytest.fixture
def postgres(postgres_server: PostgresServer, monkeypatch: pytest.MonkeyPatch) -> str:
    """Give the address of an empty database that no other test uses.

    Its user's password is in the variable MAINSTEM_TEST_PASSWORD.
    """
    monkeypatch.setenv("MAINSTEM_TEST_PASSWORD", PASSWORD)
    name = f"test_{uuid.uuid4().hex[:12]}"
    postgres_server.execute("postgres", f"CREATE DATABASE {name}")
    return postgres_server.address(name)


@pytest.fixture
def azurite_account(azurite: Iterator[str]) -> str:
    """Give the connection string of an empty account that no other test uses."""
    return next(azurite)
