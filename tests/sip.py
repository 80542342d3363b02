"""The SiP data set (arXiv 1901.01621), where TIEOUT_SIP says it is: too large and not ours to ship."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

SIP = Path(os.environ.get("TIEOUT_SIP") or "TIEOUT_SIP-is-not-set")
needs_sip = pytest.mark.skipif(
    not (SIP / "Sip-task-info.csv").exists(),
    reason="needs data that is not part of the project: set TIEOUT_SIP to the SiP folder",
)
