"""What systems hold, as NDJSON of system snapshots: the engine sends them, and whoever else reads a system (C4)."""

from __future__ import annotations

import orjson

from collectors.pipeline.spool.frame import Kind
from collectors.receivers.contract import Host, Post, Receiver
from collectors.receivers.reply import Reply, refused


async def _observations(host: Host, post: Post) -> Reply:
    answer = await host.pipeline.take(post.request(Kind.OBSERVATIONS))
    if answer.status != 200:
        return refused(answer.status, answer.sentence, post.media, answer.retry_after)
    counted = {"stored": answer.stored, "quarantined": answer.rejected, "message": answer.sentence}
    return Reply(200, orjson.dumps(counted))


RECEIVER = Receiver("observations", "system snapshots", routes={"/v1/observations": _observations})
