"""The flow that sends a failure to the endpoint of its flow: one step, so that its runs have the retries, the throttle,
the circuit and the records of any other write.
"""

from __future__ import annotations

from typing import Any

from integrations.contracts.connector import Change, Role
from integrations.contracts.flow import Context, Deliver, Flow, Payload
from models.catalogue.endpoint import ROLE, system_of
from models.domain.flow_names import REPLAY_ELSEWHERE

ENTITY = "foreign_run"


def message(payload: Payload) -> dict[str, Any]:
    """What an endpoint is told, the same at every attempt; README.md has it in words."""
    kept = ("rule", "flow", "engine", "run", "business_key", "step", "from", "correlation")
    return {"type": "tieout.replay", "key": payload["idempotency_key"], **{name: payload[name] for name in kept}}


def _change(payload: Payload, context: Context) -> Change:
    """An annotation: with the same key it has no second effect, so that whoever is in doubt sends it again."""
    return Change("annotate", ENTITY, payload["failed_run"], payload["idempotency_key"], message(payload))


SEND = Flow(
    name=REPLAY_ELSEWHERE,
    version=1,
    triggers=(),
    steps=(Deliver("send", Role(ROLE), ENTITY, _change, to=lambda payload: system_of(payload["rule"])),),
    aggregate=lambda event: event.subject or event.id,
    money=lambda payload: None,  # it is the failure's, whose case holds it
)
