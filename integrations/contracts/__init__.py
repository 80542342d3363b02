"""What an author of a connector or a flow writes against; re-exported from its two nouns."""

from integrations.contracts.connector import (
    Change,
    Connector,
    Observation,
    Page,
    Policy,
    Role,
    SystemConfig,
    Target,
    TargetState,
    Transport,
)
from integrations.contracts.flow import Context, Deliver, Emit, Flow, Need, RunView, Step, Transform

__all__ = [
    "Change",
    "Connector",
    "Context",
    "Deliver",
    "Emit",
    "Flow",
    "Need",
    "Observation",
    "Page",
    "Policy",
    "Role",
    "RunView",
    "Step",
    "SystemConfig",
    "Target",
    "TargetState",
    "Transform",
    "Transport",
]
