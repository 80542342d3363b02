"""time-to-bill (F5): approved time and expenses become cost and billable transactions in the ERP, once in effect.

A correction reverses what stands and posts anew; a withdrawn entry is reversed. The PSA is notified either way: posted,
or refused with the reason in plain words, so that the person who booked the time can mend it.
"""

from __future__ import annotations

from integrations.contracts import Deliver, Flow, Role, Transform
from integrations.flows.approved_work import (
    code_checked,
    code_checked_needs,
    money,
    resolved,
    resolved_needs,
    valued,
    valued_needs,
)
from integrations.flows.erp_posting import (
    confirmation_learnt,
    erp_confirm,
    erp_needs,
    erp_post,
    erp_reverse,
    planned,
    planned_needs,
    posting_learnt,
    refusal_learnt,
    reversal_learnt,
)
from integrations.flows.psa_answer import psa_acknowledged, psa_refused
from models.domain.flow_names import TIME_TO_BILL

BULK = 100

FLOW = Flow(
    name=TIME_TO_BILL,
    version=1,
    triggers=tuple(
        f"tieout.{entity}.{verb}"
        for entity in ("time_entry", "expense")
        for verb in ("approved", "corrected", "reversed")
    ),
    steps=(
        Transform("resolve", resolved, resolved_needs),
        Transform("check-charge-code", code_checked, code_checked_needs),
        Transform("price", valued, valued_needs),
        Transform("plan", planned, planned_needs),
        Deliver(
            "erp-confirm",
            Role.ERP,
            "time_entry",
            erp_confirm,
            BULK,
            "batch",
            learn=confirmation_learnt,
            needs=erp_needs,
        ),
        Deliver(
            "erp-reverse", Role.ERP, "time_entry", erp_reverse, BULK, "batch", learn=reversal_learnt, needs=erp_needs
        ),
        Deliver("erp-post", Role.ERP, "time_entry", erp_post, BULK, "batch", learn=posting_learnt, needs=erp_needs),
        Deliver("psa-acknowledge", Role.PSA, "time_entry", psa_acknowledged, BULK, "batch"),
    ),
    aggregate=lambda event: event.subject,
    money=money,
    on_dead=Deliver("psa-refuse", Role.PSA, "time_entry", psa_refused, learn=refusal_learnt),
)
