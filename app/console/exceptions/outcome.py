"""How a replay goes or went, in words and figures; knows no Streamlit."""

from __future__ import annotations

from app.console.widgets import formats
from app.console.widgets.markup import Metric
from app.readings.replays.progress import Progress


def outcome(state: str, far: Progress) -> tuple[str, str]:
    """How a replay goes or went, in a mood and a sentence."""
    if far.error:
        return "bad", f"The engine could not replay: {far.error}"
    if state == "pending":
        return "info", "Waiting for the engine…"
    if state == "running":
        sent = f" {far.accepted:,} sent, {_waits(far)} for a success there." if far.accepted else ""
        return "info", f"Replaying: {far.settled:,} of {far.asked:,} arrived.{sent}"
    if state == "cancelled":
        return "warn", f"Stopped by a person after {formats.plural(far.replayed, 'run')}; the rest is as it was."
    if state == "failed" or far.stopped:
        unheard = f", of {far.unheard:,} nothing was heard in time" if far.unheard else ""
        failed = f"{formats.plural(far.failed, 'run')} failed again{unheard}"
        return "bad", f"Stopped: {failed}, {far.settled:,} arrived; the others were left as they were."
    if far.failed:
        return "warn", f"{far.settled:,} of {far.asked:,} arrived, {far.failed:,} failed again."
    return "good", f"{_arrived(far)}. The case closes by itself once nothing is found any more."


def _waits(far: Progress) -> str:
    return "waits" if far.accepted == 1 else "wait"


def _arrived(far: Progress) -> str:
    waits = f", {far.waiting:,} wait for data and go on by themselves" if far.waiting else ""
    alone = f"; {far.refused:,} had moved on already and were left alone" if far.refused else ""
    return f"{formats.plural(far.settled, 'run')} arrived{waits}{alone}"


def figures(far: Progress) -> list[Metric]:
    return [
        Metric("Replayed", f"{formats.count(far.replayed)} of {formats.count(far.asked)}"),
        Metric("Arrived", formats.count(far.settled), mood="good" if far.settled else ""),
        Metric("Wait", formats.count(far.waiting)),
        Metric("Failed again", formats.count(far.failed), mood="bad" if far.failed else ""),
    ]


def wave_rows(far: Progress) -> list[dict[str, object]]:
    """The waves so far: size and how each ended."""
    return [
        {
            "wave": at,
            "size": formats.count(wave.size),
            "settled": formats.count(wave.settled),
            "waiting": formats.count(wave.waiting),
            "failed": formats.count(wave.failed),
        }
        for at, wave in enumerate(far.waves, start=1)
    ]
