"""Find a Chromium that really starts: one on the PATH, else the one Playwright installed.

As a program, ``python -m tests.web.browsers`` exits 0 when there is one and says why when not.
"""

from __future__ import annotations

import shutil
import sys

from playwright.sync_api import Browser, Error, Playwright, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
START_MS = 60_000  # a shared machine can be slow


class NoBrowserError(Exception):
    """None starts; the message has a line for each that was tried."""


def browser_launch(playwright: Playwright) -> Browser:
    """Start the first that works, headless.

    Raises:
        NoBrowserError: none does.
    """
    found = [path for path in map(shutil.which, NAMES) if path]
    refusals = []
    for path in [*dict.fromkeys(found), None]:
        try:
            return playwright.chromium.launch(executable_path=path, args=FLAGS, timeout=START_MS)
        except Error as error:
            refusals.append(f"{path or 'Playwright'}: {error.message.strip().splitlines()[0]}")
    raise NoBrowserError("; ".join(refusals))


if __name__ == "__main__":
    with sync_playwright() as main_playwright:
        try:
            browser_launch(main_playwright).close()
        except NoBrowserError as error:
            sys.exit(f"no Chromium starts: {error}")
