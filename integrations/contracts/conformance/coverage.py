"""What the dialogues of a folder must show together, so that a connector is not proven by what it left out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from integrations.contracts.conformance.asking import CALLS
from integrations.contracts.conformance.playing import Played
from integrations.contracts.conformance.promises import calls, errors
from models.domain.outcomes import Acknowledgement

NEEDED = {
    "RateLimited": "a call that the vendor throttles",
    "Retriable": "an outage of the vendor",
    "Rejected": "a write that the vendor refuses",
}
"""What the folder of a connector that calls over HTTP must show besides its calls; a reader has no writes."""


def gaps(whole: Sequence[Played]) -> Iterator[str]:
    """What a connector declares or needs and no dialogue shows."""
    if not whole:
        yield "no dialogue is recorded: put one JSON file each into the folder"
        return
    connector, shown = whole[-1].connector, {one for played in whole for one in _shown(played)}
    wanted = [("check", None), *(("poll", one) for one in connector.streams)]
    wanted += [("snapshot", one) for one in connector.snapshots]
    wanted += [(call, one) for one in connector.bulk_limit for call in ("deliver", "find")]
    if hasattr(connector, "named"):
        wanted.append(("named", None))
        if not any(call == "read" for call, _ in shown):
            yield "no dialogue shows read of what a webhook names"
    for call, what in wanted:
        if (call, what) not in shown:
            yield f"no dialogue shows {call} {what or ''}".rstrip()
    met = {type(error).__name__ for played in whole for error in errors(played)}
    if any(played.heard for played in whole):
        needed = NEEDED if connector.bulk_limit else {name: NEEDED[name] for name in NEEDED if name != "Rejected"}
        yield from (f"no dialogue shows {what} ({name})" for name, what in needed.items() if name not in met)


def _shown(played: Played) -> Iterator[tuple[str, str | None]]:
    """Call and stream or entity of each call that was answered and not refused."""
    for call, outcome in calls(played, *CALLS):
        answers = outcome.value if isinstance(outcome.value, list) else [outcome.value]
        for change, answer in zip(call.get("changes", ()), answers, strict=False):
            if isinstance(answer, Acknowledgement):
                yield call["call"], change["entity"]
        if "changes" not in call and not isinstance(outcome.value, Exception):
            yield call["call"], call.get("stream") or call.get("entity")
