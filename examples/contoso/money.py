"""What the answers about contracts, revenue and invoices must be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from examples.contoso.invoices import Invoices
    from examples.contoso.scenario import Scenario
    from examples.contoso.tally import Tally
    from examples.contoso.truth import Table


@dataclass(frozen=True)
class Money:
    """The money side of one warehouse's truth."""

    scenario: Scenario
    tally: Tally
    invoices: Invoices
    regions: Sequence[str]
    billed_regions: Sequence[str]

    def tables(self) -> dict[str, Table]:
        """Make every table."""
        return {}
