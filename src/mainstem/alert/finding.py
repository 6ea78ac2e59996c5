"""What a rule found: what, for whom, since when, why it thinks so, and which page shows more."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mainstem.config.alerts import Rule


class Severity(StrEnum):
    """How bad it is; an episode that grows from the first to the second is told again."""

    WARNING = "warning"
    CRITICAL = "critical"


@dataclass(frozen=True)
class Finding:
    """One thing that holds now, told in words with numbers.

    `subject` is what stays the same while it holds, so that an episode is one. `since` is a date or
    a time, RFC 3339. `page` is the place under the dashboard's address. `numbers` are what `why`
    was written from, for machines.
    """

    rule: Rule
    subject: str
    severity: Severity
    title: str
    why: str
    page: str
    since: str | None = None
    region: str | None = None
    tenant_id: str | None = None
    account_id: str | None = None
    account_name: str | None = None
    owner: str | None = None
    for_customer: str | None = None
    """What the customer is told, where that was asked for."""
    numbers: Mapping[str, object] = field(default_factory=dict)

    @property
    def whom(self) -> str:
        """Name whom it is about."""
        if self.account_name and self.tenant_id:
            return f"{self.account_name} ({self.tenant_id})"
        return (
            self.account_name or self.tenant_id or self.account_id or self.region or "all regions"
        )
