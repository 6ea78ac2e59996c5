"""Take the pictures of the dashboard's pages: `python scripts/pictures.py [PLATFORM [FOLDER]]`.

Needs Chromium and a platform that was built, such as `make demo` leaves. A picture has few colours
and so few bytes.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Page

FLAGS = (
    *("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"),
    *("--disable-component-update", "--no-first-run", "--disable-default-apps"),
)
TENANT = "contoso-euc-006"
PICTURES = {
    "overview": "",
    "licenses": "licenses",
    "features": "features",
    "billing": "billing",
    "tenant": f"tenant?tenant={TENANT}",
    "privacy": "privacy",
    "operations": "operations",
}
COLOURS = 96
READY_S = 60


def chromium() -> str:
    """Find Chromium; SystemExit says how to get it."""
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        raise SystemExit("missing: Chromium\n  get it:  apt-get install chromium")
    return found


@contextmanager
def served(platform: Path) -> Iterator[str]:
    """Serve the pages of a platform; gives their address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [str(Path(sys.executable).with_name("mainstem")), "dashboard", "--port", str(port)]
    process = subprocess.Popen([*command, "--platform", str(platform)])
    address = f"http://127.0.0.1:{port}"
    try:
        _wait(f"{address}/_stcore/health", process)
        yield address
    finally:
        process.send_signal(2)
        process.wait()


def _wait(address: str, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + READY_S
    while time.monotonic() < end and process.poll() is None:
        try:
            urllib.request.urlopen(address, timeout=1).close()  # noqa: S310 - loopback
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise SystemExit("the dashboard did not answer")


@contextmanager
def browser_page(*, dark: bool = False) -> Iterator[Page]:
    """Open a page of a real Chromium."""
    # Only who opens a browser has what drives it.
    from playwright.sync_api import sync_playwright  # noqa: PLC0415

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=list(FLAGS))
        page = browser.new_page(
            viewport={"width": 1240, "height": 860}, color_scheme="dark" if dark else "light"
        )
        try:
            yield page
        finally:
            browser.close()


def settle(page: Page) -> None:
    """Wait until the page has been made: its last line names the build."""
    page.get_by_text("Build ", exact=False).last.wait_for(timeout=READY_S * 1000)
    page.wait_for_function("!document.querySelector('[data-testid=stSkeleton]')")
    page.wait_for_timeout(800)  # charts are drawn behind the last message


def main(platform: Path, folder: Path) -> None:
    """Take every page light, and one dark."""
    with served(platform) as address:
        for name, place in PICTURES.items():
            for dark in (False, True) if name == "licenses" else (False,):
                with browser_page(dark=dark) as page:
                    page.goto(f"{address}/{place}")
                    settle(page)
                    _take(page, folder / f"dashboard-{name}{'-dark' if dark else ''}.png")


def _take(page: Page, file: Path) -> None:
    page.screenshot(path=file)
    with Image.open(file) as whole:
        whole.convert("RGB").quantize(COLOURS).save(file, optimize=True)
    print(f"{file}: {file.stat().st_size // 1024} KiB")


if __name__ == "__main__":
    main(
        Path(sys.argv[1] if len(sys.argv) > 1 else "demo/mainstem.yaml"),
        Path(sys.argv[2] if len(sys.argv) > 2 else "docs/pictures"),
    )
