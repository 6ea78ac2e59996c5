"""Starting the pages: one process of Streamlit, until it is stopped."""

from __future__ import annotations

import importlib.util
import ipaddress
import os
import subprocess
import sys
from typing import TYPE_CHECKING

from mainstem.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from mainstem.config.platform import Platform

APP = "mainstem.dashboard.app"
PLATFORM = "MAINSTEM_PLATFORM"
"""Tells the script which platform file its pages are of."""
LIGHT = {
    "primaryColor": "#0b63a5",
    "backgroundColor": "#ffffff",
    "secondaryBackgroundColor": "#f2f5f8",
    "textColor": "#16202a",
}
DARK = {
    "primaryColor": "#6db8f2",
    "backgroundColor": "#11171d",
    "secondaryBackgroundColor": "#1b242d",
    "textColor": "#eef3f7",
}


def serve(platform: Platform, file: Path, *, host: str, port: int) -> int:
    """Serve the pages until the process is stopped; gives its exit code.

    UsageError where Streamlit is not installed, or where others could look without a role.
    """
    if importlib.util.find_spec("streamlit") is None:
        raise UsageError(
            "the dashboard needs Streamlit", hint="pip install 'mainstem[dashboard]' adds it."
        )
    if not _is_own(host) and platform.dashboard.access is None:
        raise UsageError(
            f"on {host} others could look, and the platform file gives nobody a role",
            hint="Set dashboard.access (docs/dashboard.md), or listen on 127.0.0.1.",
        )
    process = subprocess.Popen(
        command(host, port), env={**os.environ, PLATFORM: str(file.resolve())}
    )
    try:
        return process.wait()
    except KeyboardInterrupt:
        process.terminate()
        process.wait()
        return 0


def command(host: str, port: int) -> list[str]:
    """Give the command that serves the pages."""
    found = importlib.util.find_spec(APP)
    script = found.origin if found is not None else None
    options = {
        "server.address": host,
        "server.port": str(port),
        "server.headless": "true",
        "server.fileWatcherType": "none",
        "server.enableAgentApi": "false",
        "browser.gatherUsageStats": "false",
        "client.toolbarMode": "minimal",
        "client.showErrorDetails": "none",
        "client.showErrorLinks": "false",
        **{f"theme.light.{name}": value for name, value in LIGHT.items()},
        **{f"theme.dark.{name}": value for name, value in DARK.items()},
    }
    arguments = [f"--{name}={value}" for name, value in options.items()]
    return [sys.executable, "-m", "streamlit", "run", str(script), *arguments]


def _is_own(host: str) -> bool:
    """Tell whether an address is reached from this machine alone."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
