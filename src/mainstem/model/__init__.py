"""From bronze to gold: runs the dbt project and publishes what readers open.

Public: `build`, what it gives and raises, and the format of what it publishes.
"""

from mainstem.model.build import STATE, BuildOutcome, build, days_would_differ
from mainstem.model.dbt import BuildError, NodeResult
from mainstem.model.operations import OPERATIONS, publish_operations
from mainstem.model.published import (
    DATABASE,
    Build,
    PublishedTable,
    current_build,
    nothing_published,
)

__all__ = [
    "DATABASE",
    "OPERATIONS",
    "STATE",
    "Build",
    "BuildError",
    "BuildOutcome",
    "NodeResult",
    "PublishedTable",
    "build",
    "current_build",
    "days_would_differ",
    "nothing_published",
    "publish_operations",
]
