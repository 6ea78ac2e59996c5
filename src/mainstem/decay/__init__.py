"""Let detail in the warehouse go once the models hold what is kept of it (docs/decay.md).

`models` tells what the models' tables hold, `plan` decides what goes, `run` acts.
"""

from mainstem.decay.plan import Cut, DecayPlan, RegionPlan, plan_decay
from mainstem.decay.run import decay

__all__ = ["Cut", "DecayPlan", "RegionPlan", "decay", "plan_decay"]
