"""The bodies of the vendor's answers: media types, pages of a collection, errors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integrations.sandbox.vendors.wire import Answer, json_answer

ROOT = "/services/rest/"
RESOURCE = "application/vnd.oracle.resource+json; type=singular"
COLLECTION = "application/vnd.oracle.resource+json; type=collection"
ERROR = "application/vnd.oracle.resource+json; type=error"
TITLES = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    429: "Too Many Requests",
    500: "Internal Server Error",
}


def page(href: str, items: list[Any], offset: int, total: int) -> dict[str, Any]:
    """One page of a collection, as every list of the vendor is."""
    return {
        "links": [{"rel": "self", "href": href}],
        "count": len(items),
        "hasMore": offset + len(items) < total,
        "items": items,
        "offset": offset,
        "totalResults": total,
    }


def error_body(status: int, code: str, detail: str, path: str | None = None) -> dict[str, Any]:
    details: Mapping[str, Any] = {"detail": detail, "o:errorCode": code, **({"o:errorPath": path} if path else {})}
    kind = f"https://www.w3.org/Protocols/rfc2616/rfc2616-sec10.html#sec10.{status // 100}.{status % 100 + 1}"
    return {"type": kind, "title": TITLES.get(status, "Error"), "status": status, "o:errorDetails": [details]}


def fault(status: int, code: str, detail: str, path: str | None = None) -> Answer:
    """An error of the vendor's form."""
    return json_answer(error_body(status, code, detail, path), status, ERROR)
