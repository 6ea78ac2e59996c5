"""What rules ask of the tables that they read."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mainstem.present.published import Published


class Undecided(Exception):
    """A table or column that a rule reads is not published."""


def need(published: Published, table: str, *columns: str) -> None:
    """Go on where a table has these columns; Undecided says what is missing."""
    if not published.has(table):
        raise Undecided(f"the build has no table {table}")
    missing = [name for name in columns if not published.has(table, name)]
    if missing:
        raise Undecided(f"{table} has no column {', '.join(missing)}")


def owners(published: Published) -> dict[str, str]:
    """Give the owner of each account that has one, by the newest version of the account."""
    if not published.has("gold.dim_account", "account_id", "owner", "is_current"):
        return {}
    rows = published.rows(
        "SELECT account_id, owner FROM gold.dim_account WHERE is_current AND owner IS NOT NULL"
    )
    return {row["account_id"]: row["owner"] for row in rows}
