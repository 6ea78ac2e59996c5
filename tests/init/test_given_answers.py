"""Answers are refused with the place of what is wrong, by flags as by a file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from mainstem.errors import ConfigError, UsageError
from mainstem.init import read_answers
from mainstem.init.answers import given_answers

if TYPE_CHECKING:
    from pathlib import Path

GIVEN: dict[str, Any] = {
    "company": "contoso",
    "domain": "contoso.example",
    "regions": {"euc": {"location": "westeurope"}},
}


def test_the_first_central_region_is_home() -> None:
    closed = {"aus": {"location": "australiaeast", "residency": "isolated"}}
    assert given_answers({**GIVEN, "regions": closed | GIVEN["regions"]}).home == "euc"


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"company": "Contoso AG"}, "company"),
        ({"domain": "contoso"}, "domain"),
        ({"regions": {"EU": {"location": "westeurope"}}}, "regions"),
        ({"regions": {"aus": {"location": "x", "residency": "isolated"}}}, "at least"),
        ({"home": "use"}, "no central region: euc"),
        ({"workflows": "jenkins"}, "workflows"),
        ({"modules": 'a" b'}, "modules"),
        ({"modules": "/mainstem/terraform/modules"}, "modules"),
    ],
)
def test_a_wrong_answer_is_named(changed: dict[str, Any], named: str) -> None:
    with pytest.raises(UsageError, match=named):
        given_answers(GIVEN | changed)


def test_a_file_says_all_that_is_wrong_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "answers.yaml"
    file.write_text("company: contoso\ndomian: contoso.example\nregions:\n  euc: {location: 1}\n")
    with pytest.raises(ConfigError) as error:
        read_answers(file)
    assert [problem.line for problem in error.value.problems] == [1, 2, 4]
    assert "domain" in str(error.value)
