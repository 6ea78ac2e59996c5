"""The template language of Terraform's `templatefile`, as far as configurations use it.

`${name}` becomes the variable's value, `$${` a literal `${`, and `%%{` a literal `%{`. Functions,
expressions and `%{ if }` directives are Terraform's alone and refused with their place.
https://developer.hashicorp.com/terraform/language/expressions/strings
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mainstem.errors import ConfigError, Problem

if TYPE_CHECKING:
    from collections.abc import Mapping

MARK = re.compile(r"\$\$\{|%%\{|%\{|\$\{([^}\n]*)(\}?)")
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


def render(template: str, variables: Mapping[str, str], file: str) -> str:
    """Fill in a template; ConfigError names every place that cannot be filled."""
    problems: list[Problem] = []

    def fill(match: re.Match[str]) -> str:
        mark = match.group()
        if mark in ("$${", "%%{"):
            return mark[1:]
        name, reason, hint = mark, None, None
        if mark == "%{":
            reason, hint = "directives are not known here", "write %%{ for a literal %{"
        elif not match.group(2):
            name, reason, hint = "${", "has no closing }", "write $${ for a literal ${"
        elif not NAME.fullmatch(name := match.group(1).strip()):
            name, reason = mark, "is an expression, and only ${name} is known here"
            hint = "write $${ where the Collector is to read ${"
        elif name not in variables:
            reason, hint = "has no value", f"give --var {name}=VALUE"
        if reason is None:
            return variables[name]
        line = template.count("\n", 0, match.start()) + 1
        column = match.start() - template.rfind("\n", 0, match.start())
        problems.append(Problem(file, line, column, name, reason, hint))
        return ""

    text = MARK.sub(fill, template)
    if problems:
        raise ConfigError(problems)
    return text
