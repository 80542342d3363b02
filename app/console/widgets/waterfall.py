"""A trace as a waterfall on a canvas: only the visible rows are drawn, so that thousands of spans scroll."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import streamlit as st

_HERE = Path(__file__).resolve().parent
_HTML = """<div class="legend"></div>
<div class="box" tabindex="0" role="img" aria-label="Waterfall of a trace; arrow keys choose a step">
<canvas></canvas><div class="pad"></div></div><div class="tip" aria-live="polite"></div>"""

_draw = st.components.v2.component(
    "tieout_waterfall", html=_HTML, css=(_HERE / "waterfall.css").read_text(), js=(_HERE / "waterfall.js").read_text()
)


def waterfall(spans: Sequence[Mapping[str, Any]], key: str, height: int = 420) -> str | None:
    """Draw spans and answer the id of the one just chosen, if any.

    Each span has id, name, service, depth, start and length (milliseconds from the trace's start), error (a sentence or
    None) and point (true: a moment, not a stretch).
    """
    result = _draw(data={"spans": list(spans), "height": height}, key=key, on_chosen_change=lambda: None)
    chosen: str | None = result.chosen
    return chosen
