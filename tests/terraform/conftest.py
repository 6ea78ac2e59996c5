"""One stub of azurerm for all tests of Terraform."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from stubbed import TERRAFORM, Terraform, start_stub

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def terraform() -> Iterator[Terraform]:
    """Give Terraform with the stub beside it."""
    stub, terraform = start_stub(TERRAFORM)
    with stub:
        yield terraform
        assert stub.stdin is not None
        stub.stdin.close()


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Give the place for a copy of terraform/."""
    return tmp_path / "terraform"
