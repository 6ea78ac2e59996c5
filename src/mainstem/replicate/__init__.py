"""Bring what may travel from each region into the region's own central containers.

`plan` decides what is new, `copy` acts, `ledger` remembers.
"""

from mainstem.replicate.copy import RegionResult, Replication, replicate
from mainstem.replicate.plan import travels
from mainstem.replicate.preview import preview_replication

__all__ = ["RegionResult", "Replication", "preview_replication", "replicate", "travels"]
