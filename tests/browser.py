"""A real browser for the journeys: found, or installed where that is possible. `make test` runs it first."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
APPLICATIONS = (
    Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"),
    Path("/Applications/Chromium.app/Contents/MacOS/Chromium"),
)


def find() -> str | None:
    """The browser that TIMONEL_BROWSER names, or one on this machine, or the one playwright installed."""
    named = os.environ.get("TIMONEL_BROWSER")
    if named:
        return named
    on_path = next((found for name in NAMES if (found := shutil.which(name))), None)
    return on_path or next((str(path) for path in APPLICATIONS if path.exists()), None) or _of_playwright()


def ensure() -> str | None:
    """Find a browser, or install one: with apt-get as root or through sudo, otherwise playwright's own."""
    return find() or (_install_by_apt() and find()) or (_install_by_playwright() and find()) or None


def main() -> int:
    """Say which browser the tests will use; return 1, with the cure, when there is none."""
    found = ensure()
    print(f"Browser: {found}" if found else "There is no Chromium here and it could not be installed.", flush=True)
    if not found:
        print("Cure: install Chromium or Google Chrome with the system's packages, or name one in TIMONEL_BROWSER.", flush=True)
    return 0 if found else 1


def _of_playwright() -> str | None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() else None


def _install_by_apt() -> bool:
    apt = shutil.which("apt-get")
    prefix = [] if os.geteuid() == 0 else ["sudo", "--non-interactive"]
    if apt is None or (prefix and not shutil.which("sudo")):
        return False
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    _run([*prefix, apt, "update", "-qq"], environment)  # an old list may still do
    return _run([*prefix, apt, "install", "-y", "-qq", "--no-install-recommends", "chromium"], environment)


def _install_by_playwright() -> bool:
    return _run([sys.executable, "-m", "playwright", "install", "chromium"], dict(os.environ))


def _run(command: list[str], environment: dict[str, str]) -> bool:
    print("$", *command, flush=True)
    try:
        return subprocess.call(command, env=environment, stdin=subprocess.DEVNULL, timeout=900) == 0
    except (OSError, subprocess.TimeoutExpired) as error:
        print(error, flush=True)
        return False


if __name__ == "__main__":
    sys.exit(main())
