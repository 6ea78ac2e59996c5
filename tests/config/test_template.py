from __future__ import annotations

from pathlib import Path

import pytest

from mainstem.config.template import render
from mainstem.errors import ConfigError

ARTICLE = Path(__file__).parents[2] / "examples" / "article" / "config.tmpl"


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("a: ${name}", "a: value"),
        ("a: ${ name }", "a: value"),
        ("a: $${name}", "a: ${name}"),
        ("a: $$${name}", "a: $${name}"),
        ("a: %%{ if }", "a: %{ if }"),
        (r"'^[0-9]{1,3}\.?[a-z._%+-]+$'", r"'^[0-9]{1,3}\.?[a-z._%+-]+$'"),
        ("$name $ {name} %", "$name $ {name} %"),
    ],
)
def test_a_template_is_filled_as_templatefile_fills_it(template: str, text: str) -> None:
    assert render(template, {"name": "value"}, "t") == text


def test_a_value_is_not_a_template_again() -> None:
    assert render("${a}", {"a": "${b}"}, "t") == "${b}"


def test_everything_that_cannot_be_filled_is_named_at_once() -> None:
    template = "a: ${one}\nb: ${one} ${two}\nc: ${upper(three)}\nd: %{ if x }\ne: ${four\n"
    with pytest.raises(ConfigError) as caught:
        render(template, {}, "config.tmpl")
    assert str(caught.value).splitlines() == [
        "config.tmpl:1:4: one: has no value (give --var one=VALUE)",
        "config.tmpl:2:4: one: has no value (give --var one=VALUE)",
        "config.tmpl:2:11: two: has no value (give --var two=VALUE)",
        (
            "config.tmpl:3:4: ${upper(three)}: is an expression, and only ${name} is known here "
            "(write $${ where the Collector is to read ${)"
        ),
        "config.tmpl:4:4: %{: directives are not known here (write %%{ for a literal %{)",
        "config.tmpl:5:4: ${: has no closing } (write $${ for a literal ${)",
    ]


def test_the_article_s_template_needs_its_connection_string_and_nothing_else() -> None:
    template = ARTICLE.read_text()
    rendered = render(template, {"connection_string": "SECRET"}, "config.tmpl")
    assert rendered == template.replace("${connection_string}", "SECRET")
