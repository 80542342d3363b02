"""Talks to the demonstration's world: what is planted, fixing it, comparing vendors with the truth."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any

from app.cli.installation import settings_here
from app.cli.output import Format, fail, print_rows


def faults(form: Format) -> None:
    """Print the planted faults."""
    print_rows([_short(fault) for fault in _call("GET", "/_world/faults")], form, "nothing is planted")


def fix(fault: str) -> None:
    """Fix one planted fault, or all of them, in the vendors' systems."""
    chosen = [f["id"] for f in _call("GET", "/_world/faults") if not f.get("fixed")] if fault == "all" else [fault]
    for identity in chosen:
        answer = _call("POST", f"/_world/faults/{identity}/fix")
        print(f"{identity}: {answer['next']}")


def compare(form: Format) -> int:
    """Print the differences between the vendors' systems and the truth; 1 when one of them is unexplained."""
    answer = _call("GET", "/_world/compare")
    unexplained = answer["unexplained"]
    print_rows(unexplained, form, "every system equals the truth, but for the planted faults that are not fixed")
    return 1 if unexplained else 0


def _short(fault: dict[str, Any]) -> dict[str, Any]:
    money = ", ".join(f"{amount} {currency}" for currency, amount in (fault.get("money") or {}).items())
    return {
        "id": fault["id"],
        "kind": fault["kind"],
        "subject": fault["subject"],
        "expected": fault.get("cause"),
        "money": money,
        "fixed": fault.get("fixed"),
        "how": fault["how_to_fix"],
    }


def _call(method: str, path: str) -> Any:
    settings = settings_here()
    address = f"http://{settings.host}:{settings.sandbox_port}{path}"
    try:
        with urllib.request.urlopen(
            urllib.request.Request(address, method=method, data=b"" if method == "POST" else None), timeout=60
        ) as answer:
            return json.loads(answer.read())
    except urllib.error.HTTPError as error:
        raise fail(f"the sandbox refused {path}: {error.read().decode(errors='replace')[:300]}") from error
    except OSError as error:
        raise fail(f"the sandbox does not answer at {address}: start it with `tieout demo`") from error
