"""A region's key, without which no policy is compiled."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mainstem.privacy import ensure_key

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def key_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return ensure_key(tmp_path_factory.mktemp("keys") / "euc.key").path
