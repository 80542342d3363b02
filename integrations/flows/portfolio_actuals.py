"""portfolio-actuals (F10): what the ERP's books hold of a project and how far the PSA says that it is, to the
portfolio, by project, company, accounting period and currency. A batch by the clock, and at once when finance closes or
opens a period; what restates what says `stating.py`. A project that the portfolio lacks waits for it; what the
portfolio refuses (a project deleted there, a period that it does not know or has closed, a currency) is a dead letter
with its cause, and a later statement of the same period takes its place.
"""

from __future__ import annotations

from integrations.contracts import Deliver, Flow, Role, Transform
from integrations.flows.stating import (
    actual_learnt,
    identified,
    identified_needs,
    money,
    planned,
    planned_needs,
    ppm_actual,
    ppm_progress,
    ppm_supersede,
    progress_learnt,
    supersession_learnt,
)
from models.domain.flow_names import PORTFOLIO_ACTUALS

FLOW = Flow(
    name=PORTFOLIO_ACTUALS,
    version=1,
    triggers=("tieout.actual.stated", "tieout.progress.stated"),
    steps=(
        Transform("identify", identified, identified_needs),
        Transform("plan", planned, planned_needs),
        Deliver("ppm-actual", Role.PPM, "actual", ppm_actual, learn=actual_learnt),
        Deliver("ppm-supersede", Role.PPM, "actual", ppm_supersede, learn=supersession_learnt),
        Deliver("ppm-progress", Role.PPM, "progress", ppm_progress, learn=progress_learnt),
    ),
    aggregate=lambda event: event.subject,
    money=money,
)
