"""Webhooks of vendors: proved, kept in the inbox, then acknowledged; what they name, the engine reads itself (C3, E11).

A status tells the vendor what to do: 2xx, it is kept; 4xx, the same delivery would be refused again; 5xx, send again.
"""

from __future__ import annotations

import logging
from typing import Any

import orjson

from collectors.pipeline.hooks import Hook
from collectors.receivers.contract import Host, Post, Receiver
from collectors.receivers.reply import Reply, refused
from models.action_log import action
from models.canonical.hint import hint
from models.domain.delivery_proof import Delivery, digest_of, id_of
from models.domain.errors import Retriable
from models.journal.inbox import Item, Refusal

_log = logging.getLogger(__name__)
_TOP = "/webhooks/"
_KEPT = 64 * 1024  # characters of a body that is no JSON
_NOT_JSON: Refusal = ("not-json", "the webhook's body is no JSON: have the vendor's setting mended", "body")


def _taken(host: Host, post: Post) -> Reply:
    hook = host.hooks.of(post.path.removeprefix(_TOP))
    if hook is None:
        return refused(404, "no system of the catalogue sends webhooks here: give it a [system.webhook]")
    if post.size:
        return _refused(hook, 413, f"it is larger than {post.limit >> 10} KiB (TIEOUT_WEBHOOK_BODY_KIB)")
    if post.headers.get("content-encoding", "identity").strip().lower() != "identity":
        return _refused(hook, 415, "its body is encoded: send it as it is")
    delivery, now = Delivery(post.headers, post.body), host.clock.now()
    if why := hook.fault(delivery, now.timestamp()):
        return _refused(hook, 401, why)
    return _kept(host, hook, delivery, post)


def _kept(host: Host, hook: Hook, delivery: Delivery, post: Post) -> Reply:
    told = id_of(hook.webhook.scheme, delivery)
    name = told or digest_of(delivery)
    body, refusal = _read(hook.system, name, post.body)
    item = Item(hook.system, name, host.clock.now(), body, post.headers.get("traceparent"), refusal, again=told is None)
    try:
        appended = host.inbox.append([item])
    except Retriable:
        hook.count("put off")
        raise
    hook.count("new" if appended.new else "known")
    return Reply(200, orjson.dumps({"kept": True, "new": bool(appended.new)}))


def _read(system: str, name: str, content: bytes) -> tuple[dict[str, Any], Refusal | None]:
    try:
        return hint(system, name, orjson.loads(content)), None
    except orjson.JSONDecodeError:
        return {"text": content[:_KEPT].decode("utf-8", "replace")}, _NOT_JSON


def _refused(hook: Hook, status: int, why: str) -> Reply:
    """A refusal that the same delivery would meet again. Each new reason is logged once."""
    if hook.count("refused", why):
        action(_log, logging.WARNING, "webhook.refused", system=hook.system, why=why)
    return refused(status, f"the webhook is refused, and would be again: {why}")


RECEIVER = Receiver("webhooks", "webhooks of vendors", below={_TOP: _taken}, signed=True, port="webhooks")
