"""The section of a page that shows figures of the firm: reported, adjusted, their range, target, trend."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import streamlit as st

from app.console.asking import read, world_now
from app.console.widgets.figures import FIGURES, figure_rows
from app.console.widgets.heading import draw
from app.console.widgets.markup import table
from app.readings.rates import reading as rates
from app.readings.viewer import Viewer

TREND = timedelta(days=90)
WHAT = "Beside what is reported: what it comes to once every open case is settled, and the range that they leave."


def firm_figures(viewer: Viewer, names: Sequence[str], title: str = "Figures") -> None:
    """Draw these figures in their order, of the whole firm, as far as the viewer sees them."""
    st.subheader(title, anchor=False, help=WHAT)
    now = world_now()
    days = read(viewer, rates.days, (now - TREND).date())
    draw(table(FIGURES, figure_rows(read(viewer, rates.figures), days, now, names)))
