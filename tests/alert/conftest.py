"""A platform whose alerts go to receivers on loopback."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from receivers import mail_server, webhook

from mainstem.config.platform import load_platform

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from receivers import Mailbox, Webhook

    from mainstem.config.platform import Platform

PLATFORM = """\
environment: test
regions:
  euc: {store: "file:stores/euc"}
  use: {store: "file:stores/use"}
central: {store: "file:stores/central"}
dashboard: {address: "https://pages.example"}
"""


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")


@pytest.fixture
def hook() -> Iterator[Webhook]:
    with webhook() as kept:
        yield kept


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with mail_server() as kept:
        yield kept


@pytest.fixture
def platform_file(tmp_path: Path) -> Path:
    return tmp_path / "mainstem.yaml"


@pytest.fixture
def platform(platform_file: Path) -> Callable[[str], Platform]:
    """Give the platform of a file whose `alerts` are these lines."""

    def made(alerts: str) -> Platform:
        platform_file.write_text(f"{PLATFORM}alerts:\n{alerts}")
        return load_platform(platform_file)

    return made
