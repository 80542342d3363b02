"""How long each flow may take from the change at the source to the acknowledgement of the last target, in seconds.

The one place that says so: the detector of late flows and the Operations page judge by it, and a flow declares the same
(`Flow.sla_seconds`; a test holds the two together).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

SERVICE_LEVELS: Mapping[str, float] = MappingProxyType(
    {
        "quote-to-project": 4 * 3600,
        "time-to-bill": 24 * 3600,
        "master-data": 30 * 60,
    }
)
