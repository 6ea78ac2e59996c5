"""Where the business tables come from: the key `sources` of the platform file.

`accounts: crm/accounts.csv` is short for `accounts: {path: crm/accounts.csv}`.
"""

from __future__ import annotations

import re
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from mainstem.config.values import FrozenModel, LocalPath, ShortForm

_TABLE = re.compile(r"[A-Za-z_]\w*\.[A-Za-z_]\w*")
_OURS = ("bronze", "sources", "silver", "gold", "meta")
_AS_TEXT = Field(coerce_numbers_to_str=True)
_ACCOUNTS = re.compile(r"(\d+)(?:-(\d+))?")


def _table(name: str) -> str:
    if not _TABLE.fullmatch(name):
        raise ValueError("is not a table's name: schema.table")
    if name.partition(".")[0].lower() in _OURS:
        raise ValueError(f"is one of mainstem's own: not in {', '.join(_OURS)}")
    return name


def _account_range(text: str) -> str:
    found = _ACCOUNTS.fullmatch(text)
    if not found or int(found[2] or found[1]) < int(found[1]):
        raise ValueError("is no range of accounts: 8400, or 8000-8999")
    return text


class Source(FrozenModel):
    """One business table's extract: a file, a folder of files, or a table of the warehouse."""

    path: Annotated[
        LocalPath | None,
        Field(description="A CSV or Parquet file, or a folder whose files together are one."),
    ] = None
    table: Annotated[
        Annotated[str, AfterValidator(_table)] | None,
        Field(description="A table that others keep in the warehouse: `schema.table`."),
    ] = None
    columns: Annotated[
        dict[str, str],
        Field(
            default_factory=dict,
            description="What the extract calls a column, by mainstem's name for it.",
        ),
    ]
    defaults: Annotated[
        dict[str, str],
        Field(
            default_factory=dict,
            description="By mainstem's name: what holds where a cell is empty or not there.",
        ),
    ]

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.path is None) == (self.table is None):
            raise ValueError("needs `path` or `table`, and not both")
        return self


class Postings(Source):
    """Accounting's posting batches: DATEV's EXTF format, or a table as the others are."""

    revenue_accounts: Annotated[
        tuple[Annotated[str, AfterValidator(_account_range), _AS_TEXT], ...],
        Field(
            description="Of EXTF batches: the accounts, as 8400 or 8000-8999, whose lines against "
            "a debtor are an invoice's; those of the batch's chart of accounts if none."
        ),
    ] = ()
    tax_percent: Annotated[
        dict[int, Annotated[float, Field(ge=0, lt=100)]],
        Field(
            default_factory=dict,
            description="Of EXTF batches: the tax within a line, by tax key (BU) or by account; "
            "before that of the chart of accounts.",
        ),
    ]


SourceOf = Annotated[Source, ShortForm("path", {"type": "string", "format": "path"})]
PostingsOf = Annotated[Postings, ShortForm("path", {"type": "string", "format": "path"})]


class Sources(FrozenModel):
    """The business tables' extracts, each taken when it changed."""

    map_tenant_account: SourceOf | None = None
    accounts: SourceOf | None = None
    opportunities: SourceOf | None = None
    contracts: SourceOf | None = None
    products: SourceOf | None = None
    contract_lines: SourceOf | None = None
    invoice_lines: SourceOf | None = None
    postings: PostingsOf | None = None
    fx_rates: SourceOf | None = None
    releases: SourceOf | None = None
    incidents: SourceOf | None = None
    region_bills: SourceOf | None = None
