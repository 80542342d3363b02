"""`tieout pause`, `resume` and `cancel`: an operator's requests about flows and runs, kept with who and why like every
other.
"""

from __future__ import annotations

from app.cli.asking import ask


def pause(flow: str, reason: str, wait: float) -> int:
    """Ask the engine to start no more runs of a flow."""
    return ask("pause_flow", {"flow": flow}, reason, wait)


def resume(flow: str, reason: str, wait: float) -> int:
    """Ask the engine to go on with a flow."""
    return ask("resume_flow", {"flow": flow}, reason, wait)


def cancel(runs: list[str], reason: str, wait: float) -> int:
    """Ask the engine to end runs that are dead or wait; they stay in the audit lake with the reason. 1 when one was
    refused.
    """
    return ask("cancel", {"run_ids": runs}, reason, wait, lambda result: not result.get("refused"))
