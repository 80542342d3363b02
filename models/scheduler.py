"""The scheduler of what a process does by the clock (E9)."""

from __future__ import annotations

from datetime import UTC

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler


def scheduler(threads: int) -> BackgroundScheduler:
    """A scheduler in UTC, not yet started, that works on so many threads.

    A missed turn is made up for once, however late, never in a burst; one turn of a job runs at a time.
    """
    policy = {"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
    return BackgroundScheduler(
        timezone=UTC, executors={"default": ThreadPoolExecutor(max_workers=threads)}, job_defaults=policy
    )
