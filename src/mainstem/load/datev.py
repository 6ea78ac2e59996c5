"""Posting batches in DATEV's EXTF format, as accounting exports them: the invoices' lines of them.

A batch is a CSV file of semicolons and decimal commas, in Windows-1252 or UTF-8 with a BOM: a
header that names the fiscal year and the period, a line of headings, then a posting a line with day
and month alone. Fields are known by their place.
https://developer.datev.de/en/file-format/details/datev-format/format-description/booking-batch

Of a batch those lines are taken that post a revenue account against a debtor: invoices, credit
notes and their reversals, and no payments. DATEV posts gross and splits the tax off by the tax key
or the account, and so is done here. What is wrong is told by line; nothing of a line is quoted.
"""

from __future__ import annotations

import codecs
import csv
import re
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

POSTING_BATCH = "21"
_MOST_TOLD = 20
_CENT = Decimal("0.01")
_AMOUNT = re.compile(r"\d{1,10}(,\d{1,2})?")
_CURRENCY = re.compile(r"[A-Z]{3}")

_REVENUE = {"03": ("8000-8999",), "04": ("4000-4999",)}
"""By chart of accounts (SKR): what is revenue."""
_AUTOMATIC = {
    "03": {**dict.fromkeys(range(8300, 8310), 7), **dict.fromkeys(range(8400, 8410), 19)},
    "04": {**dict.fromkeys(range(4300, 4310), 7), **dict.fromkeys(range(4400, 4410), 19)},
}
"""By chart of accounts: the accounts that tax by themselves, and the percentage."""
_TAX_KEYS = {0: 0, 1: 0, 2: 7, 3: 19}
"""The last digit of a tax key (BU): the value added tax on sales."""
_REVERSES = (2, 3, 6, 7, 8)
_NOT_AUTOMATIC = (4, 8)
"""The digit before it corrects: a reversal (Generalumkehr), an account's automatic tax lifted."""


class BadBatch(Exception):
    """What is wrong with a batch, a line for each."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__(*problems)
        self.problems = list(problems)


class _BadLine(Exception):
    """What is wrong with one line, as it is told."""


@dataclass(frozen=True)
class Posting:
    """One posting of an invoice, named as the columns of `sources.postings`; `amount` is net."""

    batch: str
    line_no: int
    invoice_id: str | None
    debtor_no: str
    amount: Decimal
    gross: Decimal
    debit_credit: str
    currency: str
    posted_on: date


def is_extf(path: Path) -> bool:
    """Tell whether a file says of itself that it is in DATEV's format."""
    with path.open("rb") as file:
        begin = file.read(8).removeprefix(codecs.BOM_UTF8).lstrip(b'"')
    return begin.startswith((b"EXTF", b"DTVF"))


def read_batch(
    path: Path, revenue_accounts: Sequence[str] = (), tax_percent: Mapping[int, float] | None = None
) -> list[Posting]:
    """Read the postings of invoices from a batch; BadBatch tells all that is wrong, by line.

    `revenue_accounts` (`8400`, `8000-8999`) take the place of the chart's, `tax_percent` goes
    before its percentages, by tax key or account.
    """
    lines = [*re.split("\r?\n", _text(path)), ""]
    postings: list[Posting] = []
    problems: list[str] = []
    number = 1
    try:
        header = _Header.read(_fields(lines[0]), revenue_accounts)
        number = 2
        layout = _Layout(header, _fields(lines[1]), tax_percent or {})
    except _BadLine as bad:
        raise BadBatch([f"line {number}: {bad}"]) from None
    for number, line in enumerate(lines[2:], 3):
        try:
            if line and (posting := layout.read(_fields(line), number)):
                postings.append(posting)
        except _BadLine as bad:
            problems.append(f"line {number}: {bad}")
    if len(problems) > _MOST_TOLD:
        problems[_MOST_TOLD:] = [f"and {len(problems) - _MOST_TOLD} more lines are wrong"]
    if problems:
        raise BadBatch(problems)
    return postings


def _fields(line: str) -> list[str]:
    """Split a line, which ends where its text does: the format has no line breaks in texts."""
    try:
        return next(csv.reader([line], delimiter=";", strict=True), [])
    except csv.Error:
        raise _BadLine("its quotation marks do not match") from None


def _text(path: Path) -> str:
    data = path.read_bytes()
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    try:
        return data.decode("cp1252")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise BadBatch([f"line {line}: it is neither Windows-1252 nor UTF-8"]) from None


@dataclass(frozen=True)
class _Header:
    """What the first line says of all others."""

    batch: str
    fiscal_year: date
    begin: date
    end: date
    account_digits: int
    currency: str
    chart: str
    revenue: tuple[tuple[int, int], ...]

    @classmethod
    def read(cls, fields: list[str], revenue_accounts: Sequence[str]) -> _Header:
        if len(fields) < 22 or fields[0] not in ("EXTF", "DTVF"):
            raise _BadLine("it is no header of DATEV's format, of 22 fields or more from EXTF on")
        if fields[2] != POSTING_BATCH:
            raise _BadLine("its category is not 21, a posting batch")
        if not fields[1].isdigit() or int(fields[1]) < 300:
            raise _BadLine("its version is none of DATEV's format")
        if fields[13] not in tuple("45678"):
            raise _BadLine("field 14, the length of accounts, is not 4 to 8")
        chart = fields[26] if len(fields) > 26 else ""
        known = revenue_accounts or _REVENUE.get(chart, ())
        if not known:
            raise _BadLine(
                "field 27, the chart of accounts, is neither 03 nor 04: name the accounts of "
                "revenue as sources.postings.revenue_accounts"
            )
        year = _day(fields[12], "field 13, the fiscal year's begin")
        begin = _day(fields[14], "field 15, the period's begin")
        end = _day(fields[15], "field 16, the period's end")
        if not begin <= end:
            raise _BadLine("field 16, the period's end, lies before its begin")
        made = fields[5] or f"{fields[14]}-{fields[15]}-{fields[16]}"
        return cls(
            batch=f"{fields[10]}-{fields[11]}-{made}",
            fiscal_year=year,
            begin=begin,
            end=end,
            account_digits=int(fields[13]),
            currency=fields[21] or "EUR",
            chart=chart,
            revenue=tuple(_bounds(text) for text in known),
        )


def _bounds(text: str) -> tuple[int, int]:
    first, _, last = text.partition("-")
    return int(first), int(last or first)


def _day(text: str, what: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise _BadLine(f"{what}, is no date: YYYYMMDD") from None


class _Layout:
    """Reads the lines of one batch."""

    def __init__(
        self, header: _Header, headings: list[str], tax_percent: Mapping[int, float]
    ) -> None:
        if len(headings) < 14:
            raise _BadLine("it has not the 14 headings of a posting or more")
        named = {name.strip().lower(): place for place, name in enumerate(headings)}
        self._header = header
        self._reversal = named.get("generalumkehr (gu)", named.get("generalumkehr"))
        self._rate = named.get("steuersatz")
        self._tax_percent = tax_percent

    def read(self, fields: list[str], line: int) -> Posting | None:
        """Read a line; None where it is no invoice's."""
        if len(fields) < 11:
            raise _BadLine("it has fewer fields than a posting, which has 14 or more")
        side = fields[1] or "S"
        if side not in ("S", "H"):
            raise _BadLine("field 2, debit or credit, is neither S nor H")
        account, other = (self._account(fields[place], place) for place in (6, 7))
        if self._is_debtor(account) and self._is_revenue(other):
            debtor, revenue, swapped = account, other, False
        elif self._is_debtor(other) and self._is_revenue(account):
            debtor, revenue, swapped = other, account, True
        else:
            return None
        if not _AMOUNT.fullmatch(fields[0]):
            raise _BadLine("field 1, the amount, is no positive number with a decimal comma")
        currency = fields[2] or self._header.currency
        if not _CURRENCY.fullmatch(currency):
            raise _BadLine("field 3, the currency, is no ISO code")
        key = fields[8] or "0"
        if not key.isdigit():
            raise _BadLine("field 9, the tax key, is no number")
        gross = Decimal(fields[0].replace(",", "."))
        percent = self._percent(int(key), revenue, fields)
        # The side is that of the line's own account, and a reversal turns it.
        turned = swapped != (self._reverses(fields) or int(key) // 10 in _REVERSES)
        return Posting(
            batch=self._header.batch,
            line_no=line,
            invoice_id=fields[10].strip() or None,
            debtor_no=str(debtor),
            amount=(gross / (1 + percent / 100)).quantize(_CENT, ROUND_HALF_UP),
            gross=gross,
            debit_credit={"S": "H", "H": "S"}[side] if turned else side,
            currency=currency,
            posted_on=self._posted_on(fields[9]),
        )

    def _account(self, text: str, place: int) -> int:
        if not text:
            return 0
        if not text.isdigit():
            raise _BadLine(f"field {place + 1}, an account, is no number")
        return int(text)

    def _is_debtor(self, account: int) -> bool:
        """Personal accounts have a digit more; those that begin with 7 to 9 are creditors."""
        text = str(account)
        return len(text) == self._header.account_digits + 1 and text[0] in "123456"

    def _is_revenue(self, account: int) -> bool:
        return any(
            first <= account <= last or first <= self._short(account) <= last
            for first, last in self._header.revenue
        ) and not self._is_debtor(account)

    def _short(self, account: int) -> int:
        """Give an account's four digits of the chart: longer ones have zeros behind."""
        return account // int(10 ** (self._header.account_digits - 4))

    def _reverses(self, fields: list[str]) -> bool:
        place = self._reversal
        return place is not None and place < len(fields) and fields[place] in ("1", "G")

    def _percent(self, key: int, revenue: int, fields: list[str]) -> Decimal:
        place = self._rate
        if place is not None and place < len(fields) and fields[place]:
            if not re.fullmatch(r"\d{1,2}(,\d{1,2})?", fields[place]):
                raise _BadLine("the tax rate is no percentage with a decimal comma")
            return Decimal(fields[place].replace(",", "."))
        for named in (key, revenue, self._short(revenue)):
            if named and named in self._tax_percent:
                return Decimal(str(self._tax_percent[named]))
        if key % 10 == 0:
            if key // 10 in _NOT_AUTOMATIC:
                return Decimal(0)
            return Decimal(_AUTOMATIC.get(self._header.chart, {}).get(self._short(revenue), 0))
        if key >= 100 or key % 10 not in _TAX_KEYS:
            raise _BadLine(
                "field 9, its tax key, has no percentage: name it under "
                "sources.postings.tax_percent"
            )
        return Decimal(_TAX_KEYS[key % 10])

    def _posted_on(self, text: str) -> date:
        """Put the year to a day and month: that by which they lie in the fiscal year."""
        found = re.fullmatch(r"(\d{1,2})(\d{2})", text)
        if found is None:
            raise _BadLine("field 10, the date, is no day and month: DDMM")
        begin = self._header.fiscal_year
        day, month = int(found[1]), int(found[2])
        year = begin.year + ((month, day) < (begin.month, begin.day))
        try:
            posted = date(year, month, day)
        except ValueError:
            raise _BadLine(f"field 10, the date, is no day of {year}") from None
        if not self._header.begin <= posted <= self._header.end:
            raise _BadLine("field 10, the date, lies outside of the batch's period")
        return posted


def columns_of(postings: Sequence[Posting]) -> dict[str, list[object]]:
    """Give postings by column."""
    return {name: [getattr(p, name) for p in postings] for name in Posting.__dataclass_fields__}
