"""Build the foreign senders, each once per checkout, and give the commands to run them by."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from beside import NODE_SENDER_PACKAGE, ROOT, npm_install

if TYPE_CHECKING:
    from collections.abc import Callable

HERE = Path(__file__).parent
BUILDS = ROOT / ".tools" / "interop"
PEER = ROOT / "bench" / "peers" / "_build" / "otelcol-peer"
WRITING_PEER = PEER.parent / "ottl" / "otelcol-ottl"
"""The one that could be built with an exporter to files."""


def tool(name: str, what: str) -> str:
    """Find a program; fails with what it is wanted for."""
    found = shutil.which(name)
    assert found, f"tests/interop wants {what}, and there is no `{name}`"
    return found


def _build(folder: str, *command: str, **environment: str) -> None:
    BUILDS.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        command,
        cwd=HERE / folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        env={**os.environ, **environment},
    )
    assert done.returncode == 0, done.stdout[-4000:]


def _python() -> list[str]:
    return [sys.executable, str(HERE / "python" / "send.py")]


def _node() -> list[str]:
    modules = npm_install(NODE_SENDER_PACKAGE) / "node_modules"
    node = tool("node", "Node")
    return ["env", f"NODE_PATH={modules}", node, str(HERE / "node" / "send.cjs")]


def _java() -> list[str]:
    folder = BUILDS / "java"
    _build("java", tool("mvn", "Maven"), "-q", "-B", "package", f"-Dfolder={folder}")
    path = f"{folder / 'interop.jar'}{os.pathsep}{folder / 'lib'}/*"
    return [tool("java", "a JDK"), "-cp", path, "interop.Send"]


def _go() -> list[str]:
    program = BUILDS / "go-sender"
    _build("go", tool("go", "Go"), "build", "-mod=readonly", "-o", str(program), ".")
    return [str(program)]


def _rust() -> list[str]:
    folder = BUILDS / "rust"
    _build("rust", tool("cargo", "Cargo"), "build", "--locked", CARGO_TARGET_DIR=str(folder))
    return [str(folder / "debug" / "mainstem-interop")]


SENDERS: dict[str, Callable[[], list[str]]] = {
    "python": _python,
    "node": _node,
    "java": _java,
    "go": _go,
    "rust": _rust,
}
