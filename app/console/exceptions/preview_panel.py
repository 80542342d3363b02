"""What a preview answered: a sentence, its money beside the cases', hazards, and each run field by field (E4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from app.console.asking import journal, read_now
from app.console.exceptions import dry_run, stake
from app.console.exceptions.rerun import Reopen, page_again
from app.console.silence import silence
from app.console.widgets.heading import draw
from app.console.widgets.markup import block, safe, verdict
from app.console.widgets.payload import field_table
from app.console.widgets.plain import plain
from app.readings.cases.rows import Case
from app.readings.replays import reading as replays
from app.readings.replays.preview import Preview, PreviewedRun
from app.readings.viewer import Viewer
from models.journal.requests import Request

HAZARDS = 6
"""As many hazards as are shown; the sentence above says that there are some."""


@st.fragment(run_every="1s")
def awaited(viewer: Viewer, request_id: str, reopen: Reopen) -> None:
    """Looks for the answer each second. Only this part has a clock, so that a preview stands still once it is there."""
    request = journal().requests.get(request_id)
    if request and request.ended:
        page_again(reopen)
    if not silence(viewer):
        st.status("The engine is making the dry run…", state="running")


def preview_panel(viewer: Viewer, seen: Request, cases: Sequence[Case]) -> None:
    """Draw the answer of a preview that was asked for these cases."""
    found = read_now(viewer, replays.previewed, seen, cases)
    preview, chosen = found.preview, len(seen.body["run_ids"])
    if seen.state != "done":
        st.error(
            f"The preview {seen.state}: {plain(preview.error or 'see the engine’s log')}.", icon=":material/error:"
        )
        return
    plan = f"plan {(preview.plan_hash or '')[:12]}"
    draw(verdict(dry_run.mood(preview), dry_run.in_words(preview), plan))
    if rest := stake.beside(found.stake, chosen, cases):
        draw(block(f'<span class="t-mute">{safe(rest)}</span>'))
    if note := dry_run.unasked_note(preview):
        st.info(plain(note), icon=":material/cloud_off:")
    for hazard in dry_run.hazards(preview)[:HAZARDS]:
        st.warning(plain(hazard), icon=":material/warning:")
    _runs(preview, seen)


def _runs(preview: Preview, seen: Request) -> None:
    """The runs a page at a time; the first of them that is no root shows what it would send."""
    runs, roots = preview.ranked, seen.body.get("roots") or ()
    pages = -(-len(runs) // dry_run.SHOWN)
    number = st.pagination(pages, key=f"runs_{seen.request_id}") if pages > 1 else 1
    shown = runs[(number - 1) * dry_run.SHOWN : number * dry_run.SHOWN]
    example = next((run.run_id for run in shown if run.run_id not in roots), None)
    for run in shown:
        _run(run, preview.systems, run.run_id in roots, run.run_id == example)


def _run(run: PreviewedRun, systems: Mapping[str, str], root: bool, expanded: bool) -> None:
    icon = ":material/error:" if run.fault else ":material/cloud_off:" if run.unasked else None
    with st.expander(plain(dry_run.run_title(run, root)), expanded=expanded, icon=icon):
        for step in run.steps:
            draw(block(dry_run.step_title(step, systems)))
            if listed := dry_run.fields(step):
                now, then = "In the target now", "Would be sent"
                draw(field_table(listed, *((now, then) if step.system else ("As it was", "As it would be"))))
