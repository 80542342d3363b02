"""The top of every page: its question, how old its data is, and who is looking."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from app.console.widgets import formats
from app.console.widgets.markup import Html, block, chip, joined
from app.readings.rights import Question
from app.readings.viewer import Viewer


@dataclass(frozen=True, slots=True)
class Fresh:
    """How old the page's data is: a line that always stands, and a banner while some of it is too old."""

    line: Callable[[], Html]
    banner: Callable[[], Html | None]


def admitted(viewer: Viewer, question: Question) -> None:
    """End the page unless this viewer may open it; every page asks, since navigation alone is no gate (G1)."""
    if not viewer.may_ask(question):
        roles = ", ".join(sorted(viewer.roles))
        page = question.name.capitalize()
        st.error(f"“{page}” is not among the pages of your roles ({roles}).", icon=":material/lock:")
        st.stop()


def heading(viewer: Viewer, title: str, fresh: Fresh) -> None:
    """The page's title, on the right the age of its data, which goes on, and the person; below what is too old."""
    with st.container(key="heading"):
        left, right = st.columns([2, 3], vertical_alignment="center")
    left.title(title, anchor=False)
    with right.container(horizontal=True, horizontal_alignment="right", vertical_alignment="center"):
        with st.container(width="content"):  # a fragment alone would take what is left of the line
            _age(fresh)
        with st.popover(viewer.name.split("@")[0], icon=":material/account_circle:", type="tertiary"):
            themed()
            draw(_permissions(viewer))
            if viewer.mode == "oidc":
                st.button("Sign out", on_click=st.logout, icon=":material/logout:")
    _too_old(fresh)


@st.fragment(run_every="5s")
def _age(fresh: Fresh) -> None:
    draw(fresh.line(), width="content")


@st.fragment(run_every="5s")
def _too_old(fresh: Fresh) -> None:
    if (banner := fresh.banner()) is not None:
        draw(banner)


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
