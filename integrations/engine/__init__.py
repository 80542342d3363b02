"""The sync engine: admits what changed, walks flows over it, delivers exactly what is asked once in effect."""

from integrations.engine.engine import Engine
from integrations.engine.systems import connect

__all__ = ["Engine", "connect"]
