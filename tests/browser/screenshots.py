"""Pictures of the running demonstration: `python -m tests.browser.screenshots FOLDER [URL] [tour]`.

Every page, dark and light, 1440 and 1024 wide, since looking at them is part of every change to a page; or with `tour`
the README's pictures: the pages, the case of the deleted project, its preview and its journey.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page, sync_playwright

PAGES = ("operations", "exceptions", "journey", "billing", "reconciliation", "approvals", "margin")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    "--no-first-run",
)

LAST = {
    "operations": "Integration figures",
    "exceptions": "CSV",
    "billing": "Figures of the whole firm",
    "reconciliation": "What the places mean",
    "margin": "Where PSA and ERP disagree",
}
"""What stands last on a page: once it is there, the page has run to its end."""
DRAWN = """() => ['stDataFrame canvas', 'stPlotlyChart .main-svg'].every(one => {
    const [name, inside] = one.split(' ');
    return [...document.querySelectorAll(`[data-testid="${name}"]`)].every(box => box.querySelector(inside));
}) && !document.querySelector('[data-stale="true"], [data-testid="stSkeleton"]')"""


def settled(page: Page) -> None:
    """Wait until Streamlit has finished running the page's script."""
    page.wait_for_selector("[data-testid='stAppViewContainer']", timeout=60_000)
    page.wait_for_timeout(1_200)
    for _ in range(3):  # a page that waits for its figures may rest for a moment between two of them
        page.wait_for_function(
            '() => !document.querySelector(\'[data-testid="stStatusWidget"], [data-testid="stSkeleton"]\')',
            timeout=60_000,
        )
        page.wait_for_timeout(1_000)
    last = "Ids" if "case=" in page.url else LAST.get(urlsplit(page.url).path.strip("/"))
    if last:
        page.get_by_text(last).last.wait_for(state="attached", timeout=120_000)
    page.wait_for_load_state("networkidle", timeout=60_000)
    page.wait_for_function(DRAWN, timeout=60_000)


def every_page(folder: Path, address: str) -> None:
    """Write `<page>-<theme>-<width>.png` into the folder."""
    with sync_playwright() as tool:
        browser = tool.chromium.launch(executable_path="/usr/bin/chromium", args=list(FLAGS))
        for scheme in ("light", "dark"):
            for width in (1440, 1024):
                page = opened(browser, scheme, width)
                for path in PAGES:
                    taken(page, f"{address}/{path}", folder / f"{path}-{scheme}-{width}.png")
                page.context.close()
        browser.close()


def tour(folder: Path, address: str) -> None:
    """Write the README's pictures into the folder; so that Approvals has something to show, somebody asks first."""
    case = headline()
    with sync_playwright() as tool:
        browser = tool.chromium.launch(executable_path="/usr/bin/chromium", args=list(FLAGS))
        light, dark = opened(browser, "light", 1440), opened(browser, "dark", 1440)
        taken(light, f"{address}/operations", folder / "operations-light.png")
        taken(light, f"{address}/exceptions", folder / "exceptions-light.png")
        taken(dark, f"{address}/exceptions?case={case}", folder / "case-dark.png")
        taken(light, f"{address}/exceptions?case={case}", folder / "preview-light.png", previewed)
        taken(dark, f"{address}/journey?q=PRJ-1017", folder / "journey-dark.png")
        taken(light, f"{address}/billing", folder / "billing-light.png")
        taken(light, f"{address}/reconciliation", folder / "reconciliation-light.png")
        ask_a_second_person()
        taken(light, f"{address}/approvals", folder / "approvals-light.png")
        taken(dark, f"{address}/margin", folder / "margin-dark.png")
        browser.close()


def headline() -> str:
    """The case of the project that was deleted in the ERP."""
    return case_of("project-missing", "PRJ-1017")


def ask_a_second_person() -> None:
    """A set-up of more than one person may decide is asked for, and a write-off that was asked for is refused."""
    ines, ben = ("--as", "Ines Weber"), ("--as", "Ben Okafor")
    tieout("replay", "--case", case_of("paused", "PRJ-1090"), "--reason", "Sales entered the tax profile", *ines)
    [work] = json.loads(tieout("sql", NEVER_POSTED, "--format", "json"))
    tieout("write-off", work["item_key"], "--reason", "The client does not remember this day", *ines)
    asked = json.loads(tieout("requests", "--format", "json"))
    request = next(one["request_id"] for one in asked if "write off" in one["what"])
    tieout("refuse", request, "--words", "The ERP lost its project: mend that, and it is posted", *ben)


NEVER_POSTED = """SELECT item_key FROM mart_tieout
WHERE entity = 'time_entry' AND project_key = 'PRJ-1017' AND place = 'case' AND target_key IS NULL
ORDER BY item_key LIMIT 1"""


def case_of(cause: str, project: str) -> str:
    listed = json.loads(tieout("cases", "--cause", cause, "--format", "json"))
    return next(str(case["case_id"]) for case in listed if project in case["title"])


def tieout(*words: str) -> str:
    """What the command prints; one that waits for a second person has ended with 1."""
    program = str(Path(sys.executable).parent / "tieout")
    return subprocess.run([program, *words], stdout=subprocess.PIPE, text=True, check=False).stdout


def previewed(page: Page) -> None:
    """A preview that every system answered; one that had a planted outage is asked again."""
    for _ in range(5):
        page.get_by_role("button", name="Preview").first.click()
        page.wait_for_timeout(3_000)
        page.get_by_text("would be replayed").wait_for(timeout=90_000)
        if not page.get_by_text("could not be checked").count():
            page.get_by_role("button", name="Preview").first.evaluate("button => button.scrollIntoView()")
            return
    raise RuntimeError("a system did not answer five previews: look at its circuit on the Operations page")


def opened(browser: Browser, scheme: Literal["light", "dark"], width: int) -> Page:
    return browser.new_context(
        viewport={"width": width, "height": 1000}, color_scheme=scheme, timezone_id="Europe/Berlin", locale="en-GB"
    ).new_page()


def taken(page: Page, address: str, file: Path, act: Callable[[Page], None] | None = None) -> None:
    page.goto(address, wait_until="domcontentloaded")
    settled(page)
    if act:
        act(page)
        settled(page)
    page.mouse.move(0, 0)
    page.wait_for_timeout(2_000)  # tables draw themselves a moment after the script has ended
    page.screenshot(path=file)


if __name__ == "__main__":
    target, words = Path(sys.argv[1]), sys.argv[2:]
    target.mkdir(parents=True, exist_ok=True)
    (tour if "tour" in words else every_page)(
        target, next((word for word in words if word.startswith("http")), "http://127.0.0.1:8501")
    )
