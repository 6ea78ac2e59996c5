"""The checks of MAC addresses, telephone numbers and national ids once more, in plain Python."""

from __future__ import annotations

import re
from collections import Counter

Span = tuple[int, int]


def _beside(text: str, span: Span) -> tuple[str, str, str, str]:
    """Give the two characters before a span and the two behind it, nearest first."""
    padded = "\0\0" + text + "\0\0"
    start, end = span[0] + 2, span[1] + 2
    return padded[start - 1], padded[start - 2], padded[end], padded[end + 1]


def _digits(text: str, span: Span) -> str:
    return re.sub("[^0-9]", "", text[span[0] : span[1]])


def _alnum(char: str) -> bool:
    return re.fullmatch("[A-Za-z0-9]", char) is not None


def mac(text: str, span: Span) -> Span | int:
    """Keep six groups that are no part of a longer run and name an interface.

    Without any digit in the text there is none.
    """
    if re.search("[0-9]", text) is None:
        return len(text)
    before, _, behind, next_ = _beside(text, span)
    longer = re.fullmatch("[0-9A-Fa-f:.-][0-9A-Fa-f]", behind + next_)
    if longer or re.fullmatch("[A-Za-z0-9:.-]", before):
        run = re.compile("[0-9A-Fa-f:.-]*").match(text, span[0])
        assert run is not None
        return run.end()
    found = text[span[0] : span[1]]
    plain = re.sub("[:.-]", "", found).lower()
    stamp = "-" in found and plain.isdigit()
    return span[1] if set(plain) in ({"0"}, {"f"}) or stamp else span


def international(text: str, span: Span) -> Span | int:
    """Keep E.164's length, with nothing that goes on beside it."""
    before, _, behind, _ = _beside(text, span)
    fits = 8 <= len(_digits(text, span)) <= 15
    return span if fits and not _alnum(before) and not _alnum(behind) else span[1]


DIALLED = re.compile(
    r"1?[2-9](?!11)[0-9]{2}[2-9](?!11)[0-9]{6}"
    r"|0[23478][0-9]{8}|01[5-7][0-9]{8,9}|0[2-9][0-9]{7,10}"
)


def national(text: str, span: Span) -> Span | int:
    """Keep what is dialled in North America, Germany or Australia."""
    before, _, behind, next_ = _beside(text, span)
    joined = re.fullmatch("[A-Za-z0-9_]", behind) or (
        re.fullmatch("[A-Za-z0-9_./=-]", behind) and _alnum(next_)
    )
    if re.fullmatch("[A-Za-z0-9_./-]", before) or joined:
        valid = False
    else:
        valid = DIALLED.fullmatch(_digits(text, span)) is not None
    if valid:
        return span
    group = re.compile("[0-9]*").match(text, span[0] + 1)
    assert group is not None
    return group.end()


def _alone(text: str, span: Span) -> bool:
    before, earlier, behind, next_ = _beside(text, span)
    return not (
        re.fullmatch("[A-Za-z0-9_]", before)
        or re.fullmatch("[A-Za-z0-9_]", behind)
        or re.fullmatch("[0-9][-._/:]", earlier + before)
        or re.fullmatch("[-._/:][0-9]", behind + next_)
        or re.fullmatch("[A-Za-z0-9_]-|[0-9] ", earlier + before)
    )


def us_ssn(text: str, span: Span) -> Span | int:
    """Keep numbers of areas, groups and serials that are given out."""
    digits = _digits(text, span)
    valid = re.fullmatch("(?!9|000|666)[0-9]{3}(?!00)[0-9]{2}(?!0000)[0-9]{4}", digits)
    return span if valid and _alone(text, span) else span[1]


def ca_sin(text: str, span: Span) -> Span | int:
    """Keep numbers with Luhn's digit."""
    digits = [int(digit) for digit in _digits(text, span)]
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[-2::-2]]
    valid = digits[0] not in {0, 8} and (sum(digits[::-2]) + sum(doubled)) % 10 == 0
    return span if valid and _alone(text, span) else span[1]


def au_tfn(text: str, span: Span) -> Span | int:
    """Keep numbers whose weighted sum is a multiple of 11."""
    weights = (1, 4, 3, 7, 5, 8, 6, 9, 10)
    total = sum(
        int(digit) * weight for digit, weight in zip(_digits(text, span), weights, strict=True)
    )
    return span if total and total % 11 == 0 and _alone(text, span) else span[1]


def de_tax_id(text: str, span: Span) -> Span | int:
    """Keep numbers with one repeated digit and the check digit of ISO 7064, MOD 11,10."""
    digits = _digits(text, span)
    first = digits[:10]
    repeated = [count for count in Counter(first).values() if count > 1]
    product = 10
    for digit in first:
        product = (((int(digit) + product) % 10) or 10) * 2 % 11
    valid = (
        first[0] != "0"
        and repeated in ([2], [3])
        and not re.search(r"([0-9])\1\1", first)
        and (11 - product) % 10 == int(digits[10])
    )
    return span if valid and _alone(text, span) else span[1]
