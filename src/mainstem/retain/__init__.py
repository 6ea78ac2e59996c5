"""Remove what is as old as it may be from regional and central stores, and say what went.

`plan` decides, `run` acts, `rule` says it to stores that have lifecycle rules of their own.
"""

from mainstem.retain.plan import Holding, Plan, StorePlan, plan_retention
from mainstem.retain.rule import lifecycle_rules
from mainstem.retain.run import Retained, retain

__all__ = [
    "Holding",
    "Plan",
    "Retained",
    "StorePlan",
    "lifecycle_rules",
    "plan_retention",
    "retain",
]
