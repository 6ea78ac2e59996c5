"""What dbt is told about the warehouse: the variables that `dbt/profiles.yml` reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mainstem.config.warehouse import Engine
from mainstem.warehouse import connection_settings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mainstem.config.platform import Platform

# https://www.postgresql.org/docs/current/libpq-envars.html
_LIBPQ = {
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
    "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY",
    "connect_timeout": "PGCONNECT_TIMEOUT",
}


def dbt_target(platform: Platform) -> dict[str, str]:
    """Give the variables of a platform's warehouse. dbt keeps the password out of what it logs."""
    engine = platform.warehouse.engine
    if engine is Engine.DUCKDB:
        return {"MAINSTEM_ENGINE": engine, "MAINSTEM_WAREHOUSE": str(platform.warehouse_path)}
    settings: Mapping[str, str] = connection_settings(platform)
    return {
        "MAINSTEM_ENGINE": engine,
        "MAINSTEM_WAREHOUSE_HOST": settings["host"],
        "MAINSTEM_WAREHOUSE_PORT": settings["port"],
        "MAINSTEM_WAREHOUSE_DATABASE": settings["database"],
        "MAINSTEM_WAREHOUSE_USER": settings["user"],
        "DBT_ENV_SECRET_WAREHOUSE_PASSWORD": settings["password"],
        "PGTZ": "UTC",
        **{_LIBPQ[name]: settings[name] for name in _LIBPQ if name in settings},
    }
