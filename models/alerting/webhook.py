"""The road to a webhook, signed as https://www.standardwebhooks.com says, so that the receiver knows who sends, that
nothing was altered, and by the id what it has already.
"""

from __future__ import annotations

import http.client
import re
import urllib.error
import urllib.request
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.message import Message
from typing import IO

import orjson

from models import signed_webhook
from models.alerting.road import Undelivered, secret_of
from models.domain.alert import Delivery
from models.domain.audience import Road

SECONDS = 10.0
"""Seconds that a receiver has for each part of its answer."""
LONGEST_WAIT = timedelta(hours=1)
_VARIABLE = re.compile(r"\$\{(\w+)\}")


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect is an answer, and a failure: what is signed for one host is for no other."""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Message, newurl: str
    ) -> None:
        return None


_OPENER = urllib.request.build_opener(_NoRedirect)


def send(road: Road, delivery: Delivery, environment: Mapping[str, str]) -> None:
    """Post an alert; an answer of 2xx says that the receiver has it.

    Raises Undelivered otherwise.
    """
    body = body_of(delivery)
    headers = signed(delivery.alert_id, datetime.now(UTC), body, secret_of(road, environment), road.variable)
    url = _VARIABLE.sub(lambda found: environment.get(found[1], ""), road.url)
    try:
        request = urllib.request.Request(
            url, body, {"content-type": "application/json", "user-agent": "tieout", **headers}, method="POST"
        )
        with _OPENER.open(request, timeout=SECONDS):
            pass
    except urllib.error.HTTPError as refusal:
        with refusal:
            raise Undelivered(f"the receiver answers {refusal.code}", _wait(refusal.headers)) from None
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise Undelivered(_reason(error)) from None


def body_of(delivery: Delivery) -> bytes:
    """The same bytes at every attempt."""
    told = delivery.alert
    data = {"audience": delivery.audience, "title": told.title, "text": told.text, **told.data}
    return orjson.dumps({"type": f"tieout.{told.kind}", "timestamp": delivery.made_at.isoformat(), "data": data})


def signed(alert_id: str, at: datetime, body: bytes, secrets: str, variable: str = "the secret") -> dict[str, str]:
    """The headers of a body, as `models.signed_webhook` makes them.

    Raises Undelivered for a secret that is none.
    """
    try:
        return signed_webhook.signed(alert_id, at, body, secrets, variable)
    except ValueError as error:
        raise Undelivered(str(error)) from None


def _wait(headers: Message) -> timedelta | None:
    said = str(headers.get("retry-after", ""))
    return min(timedelta(seconds=int(said[:9])), LONGEST_WAIT) if said.isdigit() else None


def _reason(error: Exception) -> str:
    """Why there was no answer, by its kind alone: what libraries say of it may name the address."""
    cause = error.reason if isinstance(error, urllib.error.URLError) else error
    if isinstance(cause, TimeoutError):
        return f"no answer within {SECONDS:.0f} s"
    if isinstance(cause, OSError) and cause.strerror:
        return f"the receiver cannot be reached: {cause.strerror.lower()}"
    return f"the receiver gives no answer that can be read ({type(cause).__name__})"
