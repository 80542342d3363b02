"""What axe finds on a page of the console, and whether a page fades while it is drawn anew."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

STRUCTURE = (
    "heading-order",
    "empty-heading",
    "empty-table-header",
    "td-headers-attr",
    "th-has-data-cells",
    "scope-attr-valid",
    "duplicate-id-aria",
    "image-alt",
    "link-name",
    "button-name",
    "label",
)
"""What pages decide themselves; the frame around them is Streamlit's, and charts are Plotly's."""
CONTRAST = "color-contrast"
"""Axe looks at one text after another for it: seconds on a page with many."""
WATCH = """() => {
  window.tieoutRuns = 0; window.tieoutFaintest = 1; let stale = false;
  const look = () => {
    const old = [...document.querySelectorAll('[data-stale=true]')];
    if (old.length && !stale) window.tieoutRuns += 1;
    stale = old.length > 0;
    for (const one of old) window.tieoutFaintest = Math.min(window.tieoutFaintest, +getComputedStyle(one).opacity);
    requestAnimationFrame(look);
  };
  look();
}"""
"""Counts how often something on the page is drawn anew, and keeps the least opacity that it ever had meanwhile."""
_PARTS = {"include": [["[data-testid=stMain]"]], "exclude": [[".stPlotlyChart"], ["[data-testid=stDataFrame]"]]}


def violations(page: Any, rules: Sequence[str]) -> list[str]:
    """What axe finds on the page by these rules."""
    from axe_playwright_python.sync_playwright import Axe  # only where a browser looks

    told = Axe().run(page, context=_PARTS, options={"runOnly": {"type": "rule", "values": list(rules)}}).response
    nodes = [(one["id"], node) for one in told["violations"] for node in one["nodes"]]
    return [f"{rule}: {node['html'][:200]} {node.get('failureSummary', '')}" for rule, node in nodes]


def opened(page: Any, path: str) -> None:
    """The page, drawn to its end."""
    page.goto(f"/{path}")
    page.get_by_test_id("stMain").get_by_role("heading").first.wait_for()
    page.wait_for_function("!document.querySelector('[data-testid=stSkeleton]')")
