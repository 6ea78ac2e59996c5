"""DATEV's posting batches: as an accountant's software exports them, and as they go wrong."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from mainstem.load.datev import BadBatch, Posting, is_extf, read_batch

if TYPE_CHECKING:
    from pathlib import Path

HEADER = (
    '"EXTF";700;21;"Buchungsstapel";13;20260303101530123;;"RE";"Kanzlei Müller";"";29098;55003;'
    '20250701;4;20260101;20260228;"Erlöse Januar";"WD";1;0;0;"EUR";;"";;;"03";;;"";""'
)
OLD_HEADER = (
    "EXTF;510;21;Buchungsstapel;7;20260303101530123;;RE;;;29098;55003;20250701;4;20260101;20260228;"
    "Erlöse;;1;;0;;;;;;04"
)
HEADINGS = (
    "Umsatz (ohne Soll/Haben-Kz);Soll/Haben-Kennzeichen;WKZ Umsatz;Kurs;Basis-Umsatz;"
    "WKZ Basis-Umsatz;Konto;Gegenkonto (ohne BU-Schlüssel);BU-Schlüssel;Belegdatum;Belegfeld 1;"
    "Belegfeld 2;Skonto;Buchungstext;Generalumkehr (GU);Steuersatz"
)


def posting(**fields: str) -> str:
    """Write a line as DATEV does: texts in quotation marks, numbers without."""
    line = {
        "amount": "1190,00",
        "side": "S",
        "currency": "EUR",
        "account": "10100",
        "contra": "8400",
        "key": "",
        "day": "3101",
        "document": "R-2026-17",
        "reversal": "",
        "rate": "",
    } | fields
    return (
        '{amount};"{side}";"{currency}";;;"";{account};{contra};"{key}";{day};"{document}";"";;'
        '"Wartung ""Gold""; Köln";"{reversal}";{rate}'
    ).format(**line)


def write(
    path: Path,
    *lines: str,
    header: str = HEADER,
    headings: str = HEADINGS,
    encoding: str = "cp1252",
) -> Path:
    path.write_bytes("\r\n".join([header, headings, *lines, ""]).encode(encoding))
    return path


def one(path: Path, line: str, **options: Any) -> Posting:
    (found,) = read_batch(write(path, line), **options)
    return found


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "EXTF_Buchungsstapel.csv"


@pytest.mark.parametrize("encoding", ["cp1252", "utf-8-sig", "utf-8"])
def test_a_batch_is_read_in_each_encoding_that_exports_have(path: Path, encoding: str) -> None:
    write(path, posting(), encoding=encoding)
    assert is_extf(path)
    assert read_batch(path) == [
        Posting(
            batch="29098-55003-20260303101530123",
            line_no=3,
            invoice_id="R-2026-17",
            debtor_no="10100",
            amount=Decimal("1000.00"),
            gross=Decimal("1190.00"),
            debit_credit="S",
            currency="EUR",
            posted_on=date(2026, 1, 31),
        )
    ]


def test_an_older_version_without_quotation_marks_is_read(path: Path) -> None:
    line = "107;S;;;;;10100;4300;;102;R-1;;;Text"
    (found,) = read_batch(write(path, line, header=OLD_HEADER))
    # SKR04's 4300 taxes at 7 %; no sender of zeros is needed before a day; the currency is EUR.
    assert (found.amount, found.currency) == (Decimal("100.00"), "EUR")
    assert found.posted_on == date(2026, 2, 1)


def test_the_year_is_that_of_the_fiscal_year(path: Path) -> None:
    """A fiscal year from July: December lies in the year that it began in, January in the next."""
    header = HEADER.replace("20260101;20260228", "20250701;20260630")
    write(path, posting(day="3112"), posting(day="0101"), posting(day="0107"), header=header)
    assert [found.posted_on for found in read_batch(path)] == [
        date(2025, 12, 31),
        date(2026, 1, 1),
        date(2025, 7, 1),
    ]


@pytest.mark.parametrize(
    ("fields", "net"),
    [
        ({"contra": "8400"}, "1000.00"),
        ({"contra": "8300"}, "1112.15"),
        ({"contra": "8125"}, "1190.00"),
        ({"contra": "8200", "key": "3"}, "1000.00"),
        ({"contra": "8200", "key": "0002"}, "1112.15"),
        ({"contra": "8400", "key": "40"}, "1190.00"),
        ({"contra": "8400", "key": "1"}, "1190.00"),
        ({"contra": "8338", "rate": "20,00"}, "991.67"),
    ],
)
def test_the_tax_is_split_off_as_datev_does(path: Path, fields: dict[str, str], net: str) -> None:
    assert one(path, posting(**fields)).amount == Decimal(net)


def test_a_team_names_its_own_accounts_and_percentages(path: Path) -> None:
    lines = [posting(contra="4711"), posting(key="101")]
    assert read_batch(write(path, lines[0])) == [], "no account of revenue in SKR03"
    found = one(path, lines[0], revenue_accounts=["4711"], tax_percent={4711: 10})
    assert found.amount == Decimal("1081.82")
    assert one(path, lines[1], tax_percent={101: 19}).amount == Decimal("1000.00")


def test_long_accounts_have_zeros_behind_the_charts_digits(path: Path) -> None:
    header = HEADER.replace("20250701;4;", "20250701;6;")
    write(path, posting(account="1010000", contra="840000"), header=header)
    (found,) = read_batch(path)
    assert (found.debtor_no, found.amount) == ("1010000", Decimal("1000.00"))


@pytest.mark.parametrize(
    ("fields", "side"),
    [
        ({"side": "S"}, "S"),
        ({"side": "H"}, "H"),
        ({"side": ""}, "S"),
        ({"side": "H", "account": "8400", "contra": "10100"}, "S"),
        ({"side": "S", "account": "8400", "contra": "10100"}, "H"),
        ({"side": "S", "reversal": "1"}, "H"),
        ({"side": "S", "contra": "8200", "key": "23"}, "H"),
    ],
)
def test_the_side_is_the_debtors(path: Path, fields: dict[str, str], side: str) -> None:
    """A credit note is on the credit side, and so is a reversal (Generalumkehr) of an invoice."""
    assert one(path, posting(**fields)).debit_credit == side


def test_what_is_no_invoices_is_left_out(path: Path) -> None:
    write(
        path,
        posting(account="1200", contra="10100"),  # a payment
        posting(account="10100", contra="2400"),  # a debt that is lost
        posting(account="70010", contra="3400"),  # a creditor's invoice
        posting(account="70010", contra="8400"),
        posting(account="4930", contra="1000", amount="12,5", day=""),
        "",
    )
    assert read_batch(path) == []


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"amount": "1.190,00"}, "field 1, the amount, is no positive number"),
        ({"amount": "-1190,00"}, "field 1, the amount, is no positive number"),
        ({"amount": "1190.00"}, "field 1, the amount, is no positive number"),
        ({"side": "D"}, "field 2, debit or credit, is neither S nor H"),
        ({"currency": "Euro"}, "field 3, the currency, is no ISO code"),
        ({"account": "ten"}, "field 7, an account, is no number"),
        ({"key": "95", "contra": "8200"}, "field 9, its tax key, has no percentage"),
        ({"day": "3002"}, "field 10, the date, is no day of 2026"),
        ({"day": "2902"}, "field 10, the date, is no day of 2026"),
        ({"day": "310126"}, "field 10, the date, is no day and month: DDMM"),
        ({"day": "0103"}, "field 10, the date, lies outside of the batch's period"),
    ],
)
def test_a_wrong_line_is_told_by_its_number_and_not_quoted(
    path: Path, fields: dict[str, str], reason: str
) -> None:
    write(path, posting(), posting(**fields), posting(), posting(**fields))
    with pytest.raises(BadBatch) as caught:
        read_batch(path)
    first, second = caught.value.problems
    assert first.startswith(f"line 4: {reason}")
    assert second.startswith(f"line 6: {reason}")


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        (HEADER.replace(";21;", ";16;"), "line 1: its category is not 21, a posting batch"),
        (HEADER[:50], "line 1: it is no header of DATEV's format"),
        (HEADER.replace(";700;", ";;"), "line 1: its version is none of DATEV's format"),
        (HEADER.replace("20250701", "01072025"), "line 1: field 13, the fiscal year's begin, is"),
        (HEADER.replace("20260101", ""), "line 1: field 15, the period's begin, is no date"),
        (HEADER.replace("20260228", "20251231"), "line 1: field 16, the period's end, lies before"),
        (HEADER.replace('"03"', '"49"'), "line 1: field 27, the chart of accounts, is neither"),
        (HEADER.replace(";4;", ";3;"), "line 1: field 14, the length of accounts, is not 4 to 8"),
    ],
)
def test_a_wrong_header_stops_all(path: Path, header: str, reason: str) -> None:
    with pytest.raises(BadBatch) as caught:
        read_batch(write(path, posting(), header=header))
    (problem,) = caught.value.problems
    assert problem.startswith(reason)


def test_a_file_that_is_cut_or_of_another_encoding_is_told_by_line(path: Path) -> None:
    write(path, posting(), posting())
    path.write_bytes(path.read_bytes()[:-12])
    with pytest.raises(BadBatch, match="line 4: its quotation marks do not match"):
        read_batch(path)
    write(path, posting())
    path.write_bytes(path.read_bytes() + b"\x81\xfc\r\n")
    with pytest.raises(BadBatch, match="line 4: it is neither Windows-1252 nor UTF-8"):
        read_batch(path)
    write(path, *(posting(day="9999") for _ in range(30)))
    with pytest.raises(BadBatch) as caught:
        read_batch(path)
    assert len(caught.value.problems) == 21
    assert caught.value.problems[-1] == "and 10 more lines are wrong"


def test_another_file_is_no_batch(path: Path) -> None:
    path.write_text("batch;line_no\n")
    assert not is_extf(path)
