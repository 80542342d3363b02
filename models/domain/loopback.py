"""Which addresses are reachable from this machine alone."""

from __future__ import annotations

from ipaddress import ip_address


def is_loopback(address: str | None) -> bool:
    """Whether an address to bind is reachable from this machine alone; no address means every interface."""
    if address == "localhost":
        return True
    try:
        return bool(address) and ip_address(str(address)).is_loopback
    except ValueError:
        return False
