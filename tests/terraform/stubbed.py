"""Terraform beside a stub of azurerm: the real language and the real schema, and no Azure."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
TERRAFORM = ROOT / "terraform"
MODULES = TERRAFORM / "modules"
ENVIRONMENTS = TERRAFORM / "environments"
TOOLS = ROOT / ".tools" / "terraform"
SUBSCRIPTION = "00000000-0000-0000-0000-000000000001"
PASSWORD = "planted-warehouse-password"


@dataclass(frozen=True)
class Terraform:
    """The binary, and the environment in which it reaches the stub."""

    binary: Path
    variables: dict[str, str]

    def run(
        self, folder: Path, *arguments: str, **variables: str
    ) -> subprocess.CompletedProcess[str]:
        """Run a command in a folder, whatever becomes of it."""
        return subprocess.run(
            [str(self.binary), *arguments, "-no-color"],
            cwd=folder,
            env={**self.variables, **variables},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def init(self, folder: Path) -> None:
        """Make a folder ready."""
        done = self.run(folder, "init", "-input=false", "-backend=false")
        assert done.returncode == 0, done.stderr

    def plan(self, root: Path, **variables: str) -> dict[str, Any]:
        """Plan a root module, and give the plan as Terraform's own JSON."""
        (root / "backend_override.tf").write_text('terraform {\n  backend "local" {}\n}\n')
        done = self.run(root, "init", "-input=false")
        assert done.returncode == 0, done.stderr
        given = {"SUBSCRIPTION_ID": SUBSCRIPTION, "WAREHOUSE_PASSWORD": PASSWORD, **variables}
        done = self.run(
            root,
            *("plan", "-input=false", "-out=plan.bin"),
            **{f"TF_VAR_{name}": value for name, value in given.items()},
        )
        assert done.returncode == 0, done.stderr
        shown = self.run(root, "show", "-json", "plan.bin")
        plan: dict[str, Any] = json.loads(shown.stdout)
        return plan


def start_stub(folder: Path) -> tuple[subprocess.Popen[str], Terraform]:
    """Start a provider that serves the types which a folder's files name."""
    binary = TOOLS / "bin" / "terraform"
    assert binary.exists(), "Terraform is not there: call `make terraform`"
    stub = subprocess.Popen(
        [
            str(TOOLS / "venv" / "bin" / "python"),
            str(ROOT / "tools" / "terraform-provider-stub" / "server.py"),
            str(TOOLS / "azurerm.json"),
            str(folder),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert stub.stdout is not None
    reattach = stub.stdout.readline().strip()
    inherited = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return stub, Terraform(
        binary, {**inherited, "TF_REATTACH_PROVIDERS": reattach, "CHECKPOINT_DISABLE": "1"}
    )


def copied(folder: Path, to: Path) -> Path:
    """Copy all of terraform/, so that nothing is left behind in it; give the copy of one folder."""
    shutil.copytree(TERRAFORM, to, ignore=shutil.ignore_patterns(".terraform*"))
    return to / folder.relative_to(TERRAFORM)
