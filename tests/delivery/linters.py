"""The linters of workflows, for this repository's own and for those that `mainstem init` writes."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from tests.delivery.installed import ROOT, TOOLS

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


def github_findings(workflows: Path) -> str:
    """Give what actionlint and zizmor (which knows attacks) say of a folder of workflows."""
    files = sorted(workflows.glob("*.yml"))
    assert files
    return _run(TOOLS / "actionlint", *files) + _run(
        TOOLS / "zizmor", "--offline", "--quiet", "--min-severity", "medium", workflows
    )


def azure_findings(pipelines: Iterable[Path]) -> str:
    """Give what Azure DevOps' own JSON Schema says of pipelines and their templates."""
    schema = ("--regex-variant", "nonunicode", "--builtin-schema", "vendor.azure-pipelines")
    return _run(TOOLS / "check-jsonschema", *schema, *pipelines)


def _run(*command: str | Path) -> str:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr
