"""Whether it ties out, in a sentence, a row of figures and a line a joint; knows no Streamlit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from app.console.reconciliation.words import COLOURS, PLACES, UNSOURCED, joint_of
from app.console.widgets import formats
from app.console.widgets.markup import Column, Html, Metric, joined, span
from app.readings.tieout.rows import Joint

JOINTS = (
    Column("joint", "From one system to the next"),
    Column(
        "mix",
        "Records",
        "spare",
        "Green landed, light blue on its way, amber a case, grey written off, red unexplained",
    ),
    Column("source", "Source has", "right"),
    *(Column(place, name, "right", tip) for place, (name, tip) in PLACES.items()),
    Column("target", "Target has", "right"),
    Column("unsourced", UNSOURCED[0], "right", UNSOURCED[1]),
    Column("ties", "", tip="In every company, currency and month"),
)


def columns(joints: Sequence[Joint]) -> list[Column]:
    """The columns of the table of joints: most months write nothing off, and a narrow screen has no room for it."""
    return [one for one in JOINTS if one.key != "written_off" or counts(joints)["written_off"]]


def counts(joints: Sequence[Joint]) -> dict[str, int]:
    """Records by place over all joints, and those of the targets that have no source, or nobody who owns them. Money is
    not added up here: joints are of different kinds of it.
    """
    names = ("source", *PLACES, "unsourced", "unowned")
    return {name: sum(getattr(joint, f"{name}_count") for joint in joints) for name in names}


def verdict(joints: Sequence[Joint]) -> tuple[str, str]:
    """Whether every amount has its place; what does not balance comes before all else."""
    sums = counts(joints)
    if broken := sum(joint.unbalanced for joint in joints):
        return (
            "bad",
            f"{formats.plural(broken, 'control total')} do not balance: do not rely on this page, call support.",
        )
    if not sums["source"]:
        return "", "No two systems have been compared yet."
    lost, strange = sums["unexplained"], sums["unowned"]
    if lost or strange:
        parts = [formats.plural(lost, "record") + " unexplained"] if lost else []
        parts += [f"{formats.plural(strange, 'record')} of a target that nobody owns"] if strange else []
        return "bad", f"It does not tie out yet: {' and '.join(parts)}."
    if sums["cases"]:
        owned = formats.plural(sums["cases"], "record")
        return "warn", f"It ties out: nothing is unexplained. {owned} did not land, and a case owns each."
    return "good", "It ties out: every record landed the same, or is on its way within its service level."


def figures(joints: Sequence[Joint]) -> list[Metric]:
    """How many records stand in each of the five places, and how many of the targets have no source."""
    sums = counts(joints)
    moods = {"unexplained": "bad", "cases": "warn", "landed": "good"}
    shown = [
        Metric(
            name,
            formats.count(sums[place]),
            formats.percent(Decimal(sums[place]) / sums["source"] if sums["source"] else None),
            tip,
            moods.get(place, "") if sums[place] else "",
        )
        for place, (name, tip) in PLACES.items()
    ]
    note = f"{formats.count(sums['unowned'])} nobody owns" if sums["unowned"] else "each is owned or in time"
    return [*shown, Metric(UNSOURCED[0], formats.count(sums["unsourced"]), note, UNSOURCED[1])]


def joint_rows(joints: Sequence[Joint], currency: str) -> list[dict[str, object]]:
    """One line a joint: both sides, and where all of the source stands, in the reporting currency."""
    return [_row(joint, currency) for joint in joints]


def _row(joint: Joint, currency: str) -> dict[str, object]:
    def cell(name: str, mood: str = "") -> Html | str:
        amount, records = getattr(joint, f"{name}_reporting"), getattr(joint, f"{name}_count")
        if not records:
            return span("–", "t-mute")
        return span(formats.money(amount, currency), mood, title=formats.plural(records, "record"))

    return {
        "joint": joined([span(joint_of(joint.entity), "t-b"), span(f"{joint.source} → {joint.target}", "t-mute")]),
        "mix": stack(joint),
        "source": cell("source"),
        **{place: cell(place) for place in ("landed", "on_its_way", "written_off")},
        "cases": cell("cases", "t-warn"),
        "unexplained": cell("unexplained", "t-bad"),
        "target": cell("target"),
        "unsourced": cell("unsourced", "t-bad" if joint.unowned_count else ""),
        "ties": ties(joint),
    }


def ties(joint: Joint) -> Html:
    """Whether the places add up to both sides, in every currency, company and month."""
    if joint.unbalanced:
        return span(f"{formats.plural(joint.unbalanced, 'total')} off", "t-bad", "t-b")
    if joint.unconverted:
        return span("balances", "t-warn", title="Some of it is in a currency without a rate and in no sum here")
    return span("balances", "t-good", title="Source = the five places, target = landed + without a source, to the cent")


def stack(joint: Joint, width: int = 110) -> Html:
    """Where the records of a joint stand, side by side."""
    if not joint.source_count:
        return Html("")
    shares: Mapping[str, float] = {name: getattr(joint, f"{name}_count") / joint.source_count for name in PLACES}
    parts = "".join(
        f'<span style="width:{share * 100:.1f}%;background:{COLOURS[name]}" title="{PLACES[name][0]}"></span>'
        for name, share in shares.items()
        if share
    )
    return Html(f'<div class="t-stack" style="width:{width}px;height:.7rem">{parts}</div>')
