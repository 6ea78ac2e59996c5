"""Each dependency earns its place in one line of docs/dependencies.md, and no line is left over."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]


def _declared() -> set[str]:
    python = tomllib.loads((ROOT / "pyproject.toml").read_text())
    requirements = list(python["project"]["dependencies"])
    for group in python["project"].get("optional-dependencies", {}).values():
        requirements += group
    for group in python["dependency-groups"].values():
        requirements += [item for item in group if isinstance(item, str)]
    names = {re.split(r"[\[<>=~! ]", requirement)[0] for requirement in requirements}
    rust = tomllib.loads((ROOT / "Cargo.toml").read_text())["workspace"]["dependencies"]
    for manifest in (ROOT / "rust").glob("*/Cargo.toml"):
        crate = tomllib.loads(manifest.read_text())
        names |= set(crate.get("dependencies", {})) | set(crate.get("dev-dependencies", {}))
    own = {name for name, value in rust.items() if isinstance(value, dict) and "path" in value}
    return (names | set(rust)) - own


def test_dependencies_page_matches_the_manifests() -> None:
    page = (ROOT / "docs" / "dependencies.md").read_text()
    described = set(re.findall(r"^\| ([a-z0-9_.-]+) \| .+ \|$", page, flags=re.MULTILINE)) - {
        "package",
        "crate",
    }
    assert described == _declared()
