"""What became of a request to cancel runs, as the database tells it; knows no Streamlit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from app.console.widgets import formats
from models.journal.requests import Request


def answer(request: Request) -> tuple[str, str]:
    """A mood and a sentence: how many runs ended, and why others were left alone."""
    result = request.result if isinstance(request.result, Mapping) else {}
    if not request.ended:
        return "info", f"Asked to cancel {formats.plural(len(request.body['run_ids']), 'run')}: waiting for the engine…"
    if request.state != "done":
        return "bad", f"The engine could not cancel: {result.get('error') or request.state}"
    ended, refused = formats.plural(int(result["cancelled"]), "run"), Counter(dict(result["refused"]).values())
    left = [f"{formats.plural(number, 'run')} left alone: {why}" for why, number in refused.most_common()]
    return "warn" if left else "good", "; ".join([f"{ended} cancelled", *left]) + "."
