"""The top of every page: its question, as of when, and who is looking."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import streamlit as st

from app.console.widgets import formats
from app.console.widgets.markup import Html, block, chip, joined
from app.readings.rights import Question
from app.readings.viewer import Viewer


def admitted(viewer: Viewer, question: Question) -> None:
    """End the page unless this viewer may open it; every page asks, since navigation alone is no gate (G1)."""
    if not viewer.may_ask(question):
        roles = ", ".join(sorted(viewer.roles))
        page = question.name.capitalize()
        st.error(f"“{page}” is not among the pages of your roles ({roles}).", icon=":material/lock:")
        st.stop()


def heading(viewer: Viewer, title: str, clock: Callable[[], datetime]) -> None:
    """The page's title, and on the right the time of the figures, which goes on, and the person."""
    with st.container(key="heading"):
        left, right = st.columns([3, 2], vertical_alignment="center")
    left.title(title, anchor=False)
    with right.container(horizontal=True, horizontal_alignment="right", vertical_alignment="center"):
        with st.container(width="content"):  # a fragment alone would take what is left of the line
            _as_of(clock)
        with st.popover(viewer.name.split("@")[0], icon=":material/account_circle:", type="tertiary"):
            themed()
            draw(_permissions(viewer))
            if viewer.mode == "oidc":
                st.button("Sign out", on_click=st.logout, icon=":material/logout:")


@st.fragment(run_every="5s")
def _as_of(clock: Callable[[], datetime]) -> None:
    draw(
        block(f'<span class="t-mute">as of {formats.moment(clock(), zone(), seconds=True)} {zone()}</span>'),
        width="content",
    )


def _permissions(viewer: Viewer) -> Html:
    clear = (
        ", ".join(sorted(formats.words(kind) for kind in viewer.clear))
        or "none: rates, pay and contract values are masked"
    )
    lines = {
        "Signed in as": f"{viewer.name} ({viewer.mode})",
        "Roles": joined([chip(role, "info") for role in sorted(viewer.roles)]),
        "Legal entities": ", ".join(viewer.entities) or "all",
        "Clear data classes": clear,
    }
    return block(
        "".join(
            f'<div style="margin-bottom:.4rem"><div class="t-mute">{name}</div>{value}</div>'
            for name, value in lines.items()
        )
    )


def themed() -> None:
    """Dialogs and popovers lie outside the app's own element and would show light colours on a dark page."""
    scheme = "dark" if st.context.theme.type == "dark" else "light"
    outside = '[data-testid="stDialog"], [data-testid="stPopoverBody"]'
    draw(Html(f"<style>{outside} {{ color-scheme: {scheme}; }}</style>"))


def zone() -> str:
    """The viewer's time zone as their browser names it; UTC where it does not."""
    return st.context.timezone or "UTC"


def draw(markup: Html, width: str = "stretch") -> None:
    st.html(markup, width=width)  # type: ignore[arg-type]


def identifier(label: str, value: str | None) -> None:
    """A copyable id on one line."""
    if value:
        st.caption(label)
        st.code(value, language=None)
