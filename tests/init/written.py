"""A company's repository as `mainstem init` writes it, for tests that look at it and run it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mainstem.init import Answers, write_repository

if TYPE_CHECKING:
    from pathlib import Path

REGIONS = {
    "euc": {"location": "westeurope"},
    "use": {"location": "eastus"},
    "cac": {"location": "canadacentral"},
    "aus": {"location": "australiaeast", "residency": "isolated"},
}


def answers(**changed: object) -> Answers:
    """Give Contoso's answers."""
    given = {"company": "contoso", "domain": "contoso.example", "regions": REGIONS, **changed}
    return Answers.model_validate(given)


def written(folder: Path, **changed: object) -> Path:
    """Write Contoso's repository into a folder."""
    write_repository(answers(**changed), folder)
    return folder
