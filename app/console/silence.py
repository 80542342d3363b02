"""An engine that does not answer, told to whoever waits for it (X18)."""

from __future__ import annotations

import streamlit as st

from app.console.asking import read
from app.console.widgets.plain import plain
from app.readings import processes
from app.readings.viewer import Viewer


def silence(viewer: Viewer) -> bool:
    """Say for how long the engine has not answered; whether it has not."""
    said = processes.not_answered(read(viewer, processes.engine_silent))
    if said:
        st.warning(plain(said), icon=":material/heart_broken:")
    return said is not None
