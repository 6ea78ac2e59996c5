from __future__ import annotations

import pytest

from mainstem.config.collector.gotime import strftime_of


@pytest.mark.parametrize(
    ("layout", "strftime"),
    [
        ("2006/01/02/logs_15_04_05.json", "%Y/%m/%d/logs_%H_%M_%S.json"),
        ("year=2006/month=01/day=02/hour=15/x.json", "year=%Y/month=%m/day=%d/hour=%H/x.json"),
        ("Jan/January/Month/Monday/Mon", "%b/%B/Month/%A/%a"),
        ("06-002-1-_2_03PM", "%y-%j-%-m-%e_%I%p"),
        ("100%/2006", "%-m00%%/%Y"),
    ],
)
def test_a_layout_becomes_its_strftime(layout: str, strftime: str) -> None:
    assert strftime_of(layout) == strftime


@pytest.mark.parametrize("layout", ["", "/2006", "2006/", "a//b", "../2006", "15_04_05.000"])
def test_a_layout_that_no_blob_can_be_named_by_is_refused(layout: str) -> None:
    with pytest.raises(ValueError, match="must"):
        strftime_of(layout)
