"""The Collector's references in configuration values.

`${env:NAME}`, `${env:NAME:-default}`, `${NAME}` and `${file:path}`; `$$` is a literal `$`.

`${keyvault:vault/secret}` is mainstem's own: an environment that reads key vaults knows it by
`keyvault:vault/secret`, and says in the KeyError why where it cannot be had.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

REFERENCE = re.compile(r"\$\$|\$\{([^${}]*)\}")
ENVIRONMENT_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True)
class Expansion:
    """Text with its references filled in; `whole` where the text was one reference and no more."""

    text: str
    whole: bool
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def expand(text: str, directory: Path, environment: Mapping[str, str]) -> Expansion:
    """Fill in the references of one value; reasons never quote what was filled in."""
    problems: list[str] = []
    notes: list[str] = []

    def fill(match: re.Match[str]) -> str:
        reference = match.group(1)
        if reference is None:
            return "$"
        scheme, colon, rest = reference.partition(":")
        if not colon:
            scheme, rest = "env", reference
        if scheme == "env":
            name, has_default, default = rest.partition(":-")
            if not ENVIRONMENT_NAME.fullmatch(name):
                problems.append(f"`{name}` is not a name that an environment variable can have")
                return ""
            value = environment.get(name)
            if value is None and not has_default:
                notes.append(f"environment variable {name} is not set and counts as empty")
            return default if value is None else value
        try:
            if scheme == "file":
                return (directory / rest).read_text(encoding="utf-8").rstrip("\n")
            if scheme == "keyvault":
                return environment[reference]
            problems.append(f"`${{{scheme}:...}}` is not known here: use env, file or keyvault")
        except (OSError, UnicodeDecodeError):
            problems.append(f"the file {rest} that it names cannot be read")
        except KeyError as error:
            reason = error.args[0] if error.args[0] != reference else "not read here"
            problems.append(f"the secret {rest} of a key vault is {reason}")
        return ""

    filled = REFERENCE.sub(fill, text)
    only = REFERENCE.fullmatch(text)
    whole = only is not None and only.group(1) is not None
    return Expansion(filled, whole, tuple(problems), tuple(notes))
