"""What an image holds, in a clean environment of its own: the wheel and its locked dependencies."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
UV = ROOT / ".tools" / "bin" / "uv"
TOOLS = ROOT / ".tools" / "delivery" / "bin"
"""The linters of what is delivered, as `make delivery` leaves them."""


def with_uv() -> dict[str, str]:
    """Give this process' environment with uv on the PATH, which the scripts of images call."""
    return {**os.environ, "PATH": f"{UV.parent}:{os.environ['PATH']}"}


def build_wheel(to: Path) -> Path:
    """Build mainstem's wheel with what is compiled already, as set-up or the Rust tests left it."""
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    profile = "release" if (target / "release").exists() else "dev"
    maturin = ROOT / ".venv" / "bin" / "maturin"
    _run(maturin, "build", "--quiet", "--locked", "--profile", profile, "--out", to)
    (wheel,) = to.glob("*.whl")
    return wheel


@dataclass(frozen=True)
class Installed:
    """An environment with one image's packages; `home` is the one place that is written to."""

    prefix: Path
    home: Path

    def run(self, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        """Run mainstem as the image does, and give what it printed."""
        return subprocess.run(
            [self.prefix / "bin" / "mainstem", *arguments],
            cwd=self.home,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=240,
        )

    @property
    def environment(self) -> dict[str, str]:
        """Give the variables that the image sets, and none of this test's own."""
        return {
            "PATH": f"{self.prefix / 'bin'}:/usr/bin:/bin",
            "HOME": str(self.home),
            "XDG_STATE_HOME": str(self.home),
            "TMPDIR": str(self.home / "tmp"),
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONUNBUFFERED": "1",
        }

    def files(self) -> dict[str, int]:
        """Give every installed file with its time of change."""
        return {str(path): path.lstat().st_mtime_ns for path in self.prefix.rglob("*")}


def install(image: str, wheel: Path, folder: Path) -> Installed:
    """Install what an image installs, in the way of its Dockerfile."""
    requirements, prefix, home = folder / "requirements.txt", folder / "prefix", folder / "home"
    (home / "tmp").mkdir(parents=True)
    _run(
        ROOT / "images" / "requirements",
        *(image, "--no-emit-project", "--output-file", requirements),
        environment=with_uv(),
    )
    _run(UV, "venv", "--quiet", "--python", ROOT / ".venv" / "bin" / "python", prefix)
    pip = (UV, "pip", "install", "--quiet", "--python", prefix)
    _run(*pip, "--require-hashes", "--requirements", requirements)
    _run(*pip, "--no-deps", wheel)
    return Installed(prefix, home)


def _run(*command: str | Path, environment: dict[str, str] | None = None) -> None:
    subprocess.run(command, cwd=ROOT, env=environment, check=True, timeout=600)
