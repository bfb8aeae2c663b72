"""Find a Chromium for the browser tests, or install one.

``python -m book.tools.browser`` prints the path of the browser that the tests will use.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from book.tools import BuildError

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
PLACES = ("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",)
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


def find() -> Path | None:
    """The first Chromium or Chrome that starts; ``NBGAN_CHROMIUM`` names one to take instead.

    Raises:
        BuildError: ``NBGAN_CHROMIUM`` is set to something that does not start.
    """
    named = os.environ.get("NBGAN_CHROMIUM")
    if named:
        if not _starts(named):
            raise BuildError(
                f"NBGAN_CHROMIUM={named} does not start as a browser; correct it or unset it"
            )
        return Path(named)
    for candidate in (*map(shutil.which, NAMES), *PLACES):
        if candidate and _starts(candidate):
            return Path(candidate)
    return _playwright_own()


def ensure() -> Path:
    """Find a browser, or install one: from Debian's packages as root, else by playwright.

    Raises:
        BuildError: there is none, and neither way could install one.
    """
    found = find()
    if found:
        return found
    tried = []
    if shutil.which("apt-get") and hasattr(os, "geteuid") and os.geteuid() == 0:
        print("==> no browser found: installing Debian's chromium package", flush=True)
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium"]
        for command in (["apt-get", "update", "-qq"], install):
            subprocess.run(command, env=quiet, stdout=subprocess.DEVNULL, check=False)
        tried.append("apt-get install chromium")
    if not find():
        print("==> no browser found: installing playwright's chromium", flush=True)
        command = [sys.executable, "-m", "playwright", "install", "chromium"]
        subprocess.run(command, check=False)
        tried.append("playwright install chromium")
    found = find()
    if not found:
        raise BuildError(
            f"no Chromium for the browser tests (tried: {'; '.join(tried)}); install Chromium or "
            "Chrome, or set NBGAN_CHROMIUM to the path of one"
        )
    return found


def _playwright_own() -> Path | None:
    """The browser that playwright downloaded, if it did. Not to be asked inside a session of it."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = Path(playwright.chromium.executable_path)
    return path if path.exists() and _starts(str(path)) else None


def _starts(path: str) -> bool:
    """Some systems ship a stand-in that only says where to get the browser: ask the version."""
    try:
        done = subprocess.run([path, "--version"], capture_output=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


if __name__ == "__main__":
    try:
        print(f"browser for the tests: {ensure()}")
    except BuildError as error:
        sys.exit(f"error: {error}")
