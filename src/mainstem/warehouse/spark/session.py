"""Get a Spark session: one that this process starts, a Connect server's, or the one that is there.

pyspark is an extra, and is imported when a command first needs it.
"""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from mainstem.errors import Transient, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pyspark.sql import SparkSession

    from mainstem.config.warehouse import WarehouseAddress

DELTA = "io.delta:delta-spark_4.1_2.13:4.4.0"
"""Delta for the Spark that the extra installs; drawn from Maven Central unless jars are named."""

_STARTED = {
    "spark.app.name": "mainstem",
    "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
    "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    # A vacuum lists folders in so many tasks; Spark's own number, 10,000, is for other lakes.
    "spark.sql.sources.parallelPartitionDiscovery.parallelism": "64",
}
_ALONE = {
    # Spark would bind the outer address.
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
}
_SETTINGS = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "true",
    # The same SQL as the other engines read: names in double quotes.
    "spark.sql.ansi.doubleQuotedIdentifiers": "true",
    # A commit takes out what older blobs gave, and puts in rows of others.
    "spark.databricks.delta.replaceWhere.constraintCheck.enabled": "false",
}


@contextmanager
def open_session(place: WarehouseAddress) -> Iterator[SparkSession]:
    """Get the session for one command; a session that was there before stays when it ends.

    UsageError where pyspark is not installed or there is no session, Transient where Spark does
    not start.
    """
    try:
        from pyspark.sql import SparkSession  # noqa: PLC0415
    except ModuleNotFoundError:
        raise UsageError(
            "the warehouse is Spark's, and pyspark is not installed",
            hint="pip install 'mainstem[spark]', and Java 17 (docs/spark.md).",
        ) from None
    there = SparkSession.getActiveSession()
    if there is None and not place.master:
        raise UsageError(
            "the warehouse is `spark:`, the session that is there, and there is none",
            hint="Run under spark-submit or on Databricks, or name a master: spark:local[*].",
        )
    session = there or _start(SparkSession.builder, place)
    try:
        for name, value in _SETTINGS.items():
            session.conf.set(name, value)
        yield session
    finally:
        if there is None:
            session.stop()


def _start(builder: SparkSession.Builder, place: WarehouseAddress) -> SparkSession:
    options = dict(_STARTED)
    if place.master.startswith("sc://"):
        builder = builder.remote(place.master)
        options = {}
    else:
        builder = builder.master(place.master)
        if place.master.startswith("local"):
            options |= _ALONE
            # The workers would be whatever python3 the PATH has; no option of Spark's says that.
            os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
        if not place.spark.keys() & {"spark.jars", "spark.jars.packages"}:
            options["spark.jars.packages"] = DELTA
    for name, value in {**options, **place.spark}.items():
        builder = builder.config(name, value)
    try:
        session = builder.getOrCreate()
    except Exception as error:
        # py4j, grpc and the JVM have no class in common, and their texts may quote options.
        raise Transient(
            f"Spark did not start ({type(error).__name__})",
            hint="What Spark itself says stands above. Look at the master's address, at Java (17) "
            "and at the Delta jars (docs/spark.md).",
        ) from error
    if not place.master.startswith("sc://"):
        session.sparkContext.setLogLevel("ERROR")
    return session
