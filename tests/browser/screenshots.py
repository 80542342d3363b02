"""Pictures of the running console, dark and light, 1440 and 1024 wide: `python -m tests.browser.screenshots FOLDER [URL]`.

The README's pictures come from here; looking at them is part of every change to a page.
"""

from __future__ import annotations

import sys
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

PAGES = ("operations", "exceptions", "journey", "billing", "margin")
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-quic", "--no-first-run",
)  # fmt: skip


def settled(page: Page) -> None:
    """Wait until Streamlit has finished running the page's script."""
    page.wait_for_selector("[data-testid='stAppViewContainer']", timeout=60_000)
    page.wait_for_timeout(1_200)
    page.wait_for_function("() => !document.querySelector('[data-testid=\"stStatusWidget\"]') && !document.querySelector('[data-testid=\"stSkeleton\"]')", timeout=60_000)
    page.wait_for_timeout(800)


def main(folder: Path, address: str, paths: tuple[str, ...] = PAGES) -> None:
    """Write `<page>-<theme>-<width>.png` into the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as tool:
        browser = tool.chromium.launch(executable_path="/usr/bin/chromium", args=list(FLAGS))
        for scheme in ("light", "dark"):
            for width in (1440, 1024):
                context = browser.new_context(viewport={"width": width, "height": 1000}, color_scheme=scheme, timezone_id="Europe/Berlin", locale="en-GB")
                page = context.new_page()
                for path in paths:
                    page.goto(f"{address}/{path}", wait_until="domcontentloaded")
                    settled(page)
                    page.screenshot(path=folder / f"{path.split('?')[0]}-{scheme}-{width}.png")
                context.close()
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else "http://127.0.0.1:8501", tuple(sys.argv[3:]) or PAGES)
