"""`tieout pause`, `resume`, `cancel` and `stop`: what an operator asks of flows and runs, kept with who and why.

What is printed is what the database did.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from app.cli.asking import acting, awaited, printed
from app.cli.output import fail
from app.readings.operations import steering
from app.readings.stores import Stores
from app.readings.viewer import Viewer


def pause(flow: str, reason: str, wait: float, as_: str | None = None) -> int:
    """Ask the engine to start no more runs of a flow."""
    return _asked(lambda stores, viewer: steering.pause(stores, viewer, flow, reason), wait, as_)


def resume(flow: str, reason: str, wait: float, as_: str | None = None) -> int:
    """Ask the engine to go on with a flow."""
    return _asked(lambda stores, viewer: steering.resume(stores, viewer, flow, reason), wait, as_)


def cancel(runs: Sequence[str], reason: str, wait: float, as_: str | None = None) -> int:
    """Ask the engine to end runs that are dead or wait; they stay in the audit lake with the reason. 1 when one was
    left alone.
    """
    return _asked(lambda stores, viewer: steering.cancel(stores, viewer, runs, reason), wait, as_)


def stop(request_id: str, reason: str, as_: str | None = None) -> int:
    """Stop a replay that goes on; 1 when it had ended already."""
    with acting(steering.STEERS, as_) as (stores, viewer):
        try:
            left = steering.stop(stores, viewer, request_id, reason)
        except ValueError as refusal:
            raise fail(str(refusal), 2) from refusal
        printed({"request_id": request_id, "stopped": left is None, **({"because": left} if left else {})})
    return 0 if left is None else 1


def _asked(ask: Callable[[Stores, Viewer], str], wait: float, as_: str | None) -> int:
    """Ask, wait, print the answer; 0 when it was done and nothing was refused, else 1.

    Raises SystemExit with status 2 for what may not be asked.
    """
    with acting(steering.STEERS, as_) as (stores, viewer):
        try:
            request_id = ask(stores, viewer)
        except ValueError as refusal:
            raise fail(str(refusal), 2) from refusal
        answer = awaited(stores, request_id, wait)
        printed(answer.result)
    return 0 if answer.state == "done" and not (answer.result or {}).get("refused") else 1
