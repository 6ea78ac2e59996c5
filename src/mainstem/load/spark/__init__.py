"""Load into Delta tables by Spark: the plan first, then one commit a table, then the end.

`decide` makes the plan; `executor` runs on Spark's executors; `repeats` finds requests that came
before; `settle` says what became of each blob; `run` joins them, and `compact` tends the tables.
"""

from mainstem.load.spark.compact import Compacted, compact
from mainstem.load.spark.run import load_by_spark

__all__ = ["Compacted", "compact", "load_by_spark"]
