"""`mainstem dashboard`."""

from __future__ import annotations

from typing import Annotated

import typer

from mainstem.cli.app import app
from mainstem.cli.output import DEFAULT_PLATFORM, PlatformOption, stdout
from mainstem.config.platform import load_platform
from mainstem.dashboard import serve

PORT = 8501


@app.command(name="dashboard", epilog="Example: mainstem dashboard --port 8501")
def dashboard_command(
    platform: PlatformOption = DEFAULT_PLATFORM,
    *,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="The port.")] = PORT,
) -> None:
    """Serve the pages on licenses, features, billing, tenants, privacy and operations.

    They show what the last build published and are the same on every engine. Needs
    `pip install 'mainstem[dashboard]'`. Who may see what stands under `dashboard` in the platform
    file; without it, only this machine is served.
    """
    loaded = load_platform(platform)
    stdout.print(f"http://{host}:{port}  (Ctrl-C ends it)", highlight=False)
    raise typer.Exit(serve(loaded, platform, host=host, port=port))
