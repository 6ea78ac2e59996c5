"""A customer's address, read in the CRM's file at the moment of sending, and kept nowhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb

from mainstem.alert.channels import Refused
from mainstem.warehouse import quoted

if TYPE_CHECKING:
    from mainstem.config.alerts import Customers


def address_of(customers: Customers, account_id: str) -> str:
    """Give the address of an account; Refused says why there is none, and quotes nothing."""
    path = customers.contacts
    if not path.is_file():
        raise Refused(f"there is no file {path.name} of contacts", may_pass=False)
    reader = "read_parquet($1)" if path.suffix == ".parquet" else "read_csv($1, all_varchar = true)"
    account, address = quoted(customers.account), quoted(customers.address)
    try:
        with duckdb.connect() as session:
            rows = session.execute(
                f"SELECT DISTINCT trim({address}) FROM {reader} "  # noqa: S608
                f"WHERE {account}::VARCHAR = $2 AND trim({address}) LIKE '%_@_%'",
                [str(path), account_id],
            ).fetchall()
    except duckdb.Error as error:
        raise Refused(
            f"{path.name} of contacts cannot be read ({type(error).__name__})", may_pass=False
        ) from None
    if len(rows) != 1:
        found = "no address" if not rows else f"{len(rows)} addresses"
        raise Refused(f"{path.name} of contacts has {found} for {account_id}", may_pass=False)
    found_address: str = rows[0][0]
    return found_address
