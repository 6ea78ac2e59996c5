"""Delta tables that Spark writes: who outgrows one machine sets the warehouse to `spark:`.

`session` gets Spark, `lake` are the tables in their store, `plan` is what a load is to do, and
`reading` is what the books read.
"""

from mainstem.warehouse.spark.lake import EVERYTHING, Lake, failing, literal, open_lake
from mainstem.warehouse.spark.plan import (
    Plan,
    Task,
    Writer,
    expect_alone,
    newest_plan,
    write_plan,
)
from mainstem.warehouse.spark.reading import SparkReading, finished_reading, without_zones

__all__ = [
    "EVERYTHING",
    "Lake",
    "Plan",
    "SparkReading",
    "Task",
    "Writer",
    "expect_alone",
    "failing",
    "finished_reading",
    "literal",
    "newest_plan",
    "open_lake",
    "without_zones",
    "write_plan",
]
