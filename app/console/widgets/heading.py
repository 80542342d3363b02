"""The top of every page: its question, how old its data is, and who is looking."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import streamlit as st

from app.console.widgets import formats
from app.console.widgets.markup import Html, block, chip, facts, joined, safe
from app.readings import permissions
from app.readings.permissions import Permission
from app.readings.rights import Question
from app.readings.viewer import Viewer

KINDS = {"page": "Pages", "action": "Actions", "clear": "Clear values of"}


@dataclass(frozen=True, slots=True)
class Fresh:
    """How old the page's data is: a line that always stands, and a banner while some of it is too old."""

    line: Callable[[], Html]
    banner: Callable[[], Html | None]


def admitted(viewer: Viewer, question: Question) -> None:
    """End the page unless this viewer may open it; every page asks, since navigation alone is no gate (G1)."""
    if why_not := permissions.closed(viewer, question):
        st.title(question.name.capitalize(), anchor=False)
        st.error(why_not, icon=":material/lock:")
        st.stop()


def heading(viewer: Viewer, title: str, fresh: Fresh) -> None:
    """The page's title, on the right the age of its data, which goes on, and the person; below what is too old."""
    with st.container(key="heading"):
        left, right = st.columns([2, 3], vertical_alignment="center")
    left.title(title, anchor=False)
    with right.container(horizontal=True, horizontal_alignment="right", vertical_alignment="center"):
        with st.container(width="content"):  # a fragment alone would take what is left of the line
            _age(fresh)
        with st.popover(
            viewer.name.split("@")[0], icon=":material/account_circle:", type="tertiary", help="Your permissions"
        ):
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
    """Who one is here, what one may, and whose role would do what one may not."""
    found = permissions.permissions(viewer)
    lines = {
        "Signed in as": f"{viewer.name} ({viewer.mode}, {viewer.environment})",
        "Roles": joined([chip(_grant(role), "info") for role in sorted(viewer.roles)]),
        "Legal entities": ", ".join(viewer.entities) or "all",
        **{title: _of_kind(found, kind) for kind, title in KINDS.items()},
    }
    return joined([block("<b>Your permissions</b>"), facts(lines), block(safe(viewer.granted_by), "t-mute")], "")


def _of_kind(found: Sequence[Permission], kind: str) -> Html:
    """What one may as chips; each of the others with the roles that may."""
    mine = joined([chip(_allowed(one), "good") for one in found if one.kind == kind and one.granted])
    others = [
        f"{formats.words(one.what)}: {'needs ' if one.roles else ''}{permissions.either(one.roles) or 'no role'}"
        for one in found
        if one.kind == kind and not one.granted
    ]
    return joined([mine, *(block(safe(line), "t-mute") for line in others)], "")


def _grant(role: str) -> str:
    """A role as it was granted, in words: `operations in people`."""
    return role.replace(".", " in ")


def _allowed(one: Permission) -> str:
    return f"{formats.words(one.what)}{' in ' if one.domains else ''}{' and '.join(one.domains)}"


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
