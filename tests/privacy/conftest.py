"""A region's key for both sides."""

from __future__ import annotations

import pytest

from mainstem.privacy import ensure_key
from tests.privacy.sides import Redactor


@pytest.fixture(scope="session")
def redactor(tmp_path_factory: pytest.TempPathFactory) -> Redactor:
    return Redactor(ensure_key(tmp_path_factory.mktemp("keys") / "euc.key").path)
