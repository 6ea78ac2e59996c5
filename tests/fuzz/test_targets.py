"""The fuzz targets, each for a while: `MAINSTEM_FUZZ_SECONDS`, 15 minutes unless it says otherwise.

A find is a file that the failure names; it becomes a test in the room of what it broke.
"""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from tests.fuzz.seeds import write_seeds

ROOT = Path(__file__).parents[2]
FUZZ = ROOT / "rust" / "fuzz"
TOOLS = ROOT / ".tools"
CARGO_FUZZ = "0.13.2"
ATHERIS = "atheris==3.0.0"
SECONDS = int(os.environ.get("MAINSTEM_FUZZ_SECONDS", "900"))
TARGETS = sorted(path.stem for path in (FUZZ / "fuzz_targets").glob("*.rs"))
LIMITS = [
    f"-max_total_time={SECONDS}", "-max_len=8192", "-timeout=25", "-rss_limit_mb=2048",
    "-print_final_stats=1",
]  # fmt: skip

pytestmark = [pytest.mark.prove, pytest.mark.timeout(SECONDS + 1200)]


def run(command: list[str], **options: object) -> str:
    """Run to the end; gives what it printed, or fails with the end of it."""
    done = subprocess.run(  # type: ignore[call-overload]
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, **options
    )
    assert done.returncode == 0, done.stdout[-4000:]
    output: str = done.stdout
    return output


@pytest.fixture(scope="module")
def cargo_fuzz() -> str:
    """Install cargo-fuzz once per checkout."""
    home = TOOLS / "cargo-fuzz"
    if not (home / "bin" / "cargo-fuzz").exists():
        install = ["cargo", "install", "--quiet", "--locked", "--root", str(home)]
        run([*install, f"cargo-fuzz@{CARGO_FUZZ}"])
    return str(home / "bin" / "cargo-fuzz")


@pytest.fixture(scope="module")
def atheris() -> Path:
    """Install atheris once per checkout; gives the folder that it is imported from."""
    home = TOOLS / "atheris"
    if not list(home.glob("lib/*/site-packages/atheris")):
        venv.create(home, with_pip=True)
        run([str(home / "bin" / "pip"), "install", "--quiet", ATHERIS])
    return next(home.glob("lib/*/site-packages"))


@pytest.mark.parametrize("target", TARGETS)
def test_target(cargo_fuzz: str, target: str) -> None:
    seeds = FUZZ / "corpus" / target
    write_seeds(target, seeds)
    # No sanitizer: there is no unsafe code to watch, and a stable toolchain will do.
    options = ["--fuzz-dir", str(FUZZ), "--sanitizer", "none"]
    print(run([cargo_fuzz, "run", *options, target, str(seeds), "--", *LIMITS], cwd=ROOT)[-2000:])


def test_configuration_reader(atheris: Path, tmp_path: Path) -> None:
    print(
        run(
            [sys.executable, "-m", "tests.fuzz.reader", *LIMITS, "-len_control=0", str(tmp_path)],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": f"{atheris}{os.pathsep}{ROOT}"},
        )[-2000:]
    )
