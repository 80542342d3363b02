"""What the collector does by the clock: checkpoints, maintenance, detectors (requirement E9)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from apscheduler.schedulers.background import BackgroundScheduler

from models.scheduler import scheduler

CHECKPOINT_SECONDS = 60.0
MEMORY_SECONDS = 10.0
PULSE_SECONDS = 2.5
SENDERS_SECONDS = 15.0
FIRST_SECONDS = 15.0


def scheduled(jobs: dict[str, tuple[float, Callable[[], None]]]) -> BackgroundScheduler:
    """A scheduler, not yet started, that runs each job every so many seconds, first soon after the start."""
    made = scheduler(max(len(jobs), 1))
    for name, (seconds, work) in jobs.items():
        first = datetime.now(UTC) + timedelta(seconds=min(seconds, FIRST_SECONDS))
        made.add_job(work, "interval", seconds=seconds, id=name, next_run_time=first)
    return made
