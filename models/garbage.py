"""How often Python looks for garbage that counting references does not find."""

from __future__ import annotations

import gc


def seldom_collected() -> None:
    """Look for circles of garbage after 50,000 new containers, not 700: pages of records and requests in JSON are
    thousands of them without a circle. The looks took half of reading JSON, and a seventh of an engine's time.
    """
    gc.set_threshold(50_000, 20, 20)
