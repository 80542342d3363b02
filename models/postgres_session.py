"""How we speak to PostgreSQL, so that a machine that is cut off holds up nobody: it closes no session, and without this
the database would keep what its sessions hold, locks and open transactions, for hours.
"""

from __future__ import annotations

_LOOKED_AFTER = {
    "tcp_keepalives_idle": "5",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "20000",
}
"""What the database does by itself for a session: whoever does not answer for 20 s is gone."""
_OURS = {
    "connect_timeout": "10",
    "keepalives_idle": "5",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "20000",
}
"""The same on our side, so that a database which is gone is noticed too."""
SHORT = {"idle_in_transaction_session_timeout": "60s"}
"""For transactions that never rest that long: who is suspended in the middle of one lets go of what it holds."""


def looked_after(given: dict[str, str], more: dict[str, str] | None = None) -> dict[str, str]:
    """Parameters of libpq that make a session end soon after its other side has vanished; what is `given` counts."""
    settings = " ".join(f"-c {name}={value}" for name, value in {**_LOOKED_AFTER, **(more or {})}.items())
    return {**_OURS, "options": settings} | given


def looked_after_address(address: str) -> str:
    """A connection string or URL of libpq with the same."""
    # Only here: its import takes a fifth of the start of a process that reads, and most installations have SQLite.
    from psycopg.conninfo import conninfo_to_dict, make_conninfo

    return make_conninfo("", **looked_after({name: str(value) for name, value in conninfo_to_dict(address).items()}))
