"""What the collector does by the clock, under APScheduler: checkpoints, maintenance, detectors (requirement E9).

A missed turn is made up for once, never in a burst; one turn of a job runs at a time.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

CHECKPOINT_SECONDS = 60.0
MAINTAIN_SECONDS = 180.0
MEMORY_SECONDS = 10.0
PULSE_SECONDS = 2.5
SENDERS_SECONDS = 15.0
FIRST_SECONDS = 15.0


def scheduled(jobs: dict[str, tuple[float, Callable[[], None]]]) -> BackgroundScheduler:
    """A scheduler, not yet started, that runs each job every so many seconds, first soon after the start."""
    executor = ThreadPoolExecutor(max_workers=max(len(jobs), 1))
    defaults = {"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
    scheduler = BackgroundScheduler(timezone=UTC, executors={"default": executor}, job_defaults=defaults)
    for name, (seconds, work) in jobs.items():
        first = datetime.now(UTC) + timedelta(seconds=min(seconds, FIRST_SECONDS))
        scheduler.add_job(work, "interval", seconds=seconds, id=name, next_run_time=first)
    return scheduler
