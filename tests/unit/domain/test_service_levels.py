"""A flow is late by one measure, wherever it is judged (X12, O1, G4)."""

from __future__ import annotations

import pytest

from collectors.detectors.run import levels_of
from integrations.flows import flows
from models.domain.service_levels import SERVICE_LEVELS


@pytest.mark.req("X12", "G4")
def test_what_a_flow_declares_is_what_detector_and_console_judge_by() -> None:
    assert {flow.name: flow.sla_seconds for flow in flows()} == dict(SERVICE_LEVELS)
    assert {row["flow"]: row["seconds"] for row in levels_of(SERVICE_LEVELS).to_pylist()} == dict(SERVICE_LEVELS)
