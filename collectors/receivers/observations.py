"""What systems hold, as NDJSON of snapshots: from engines of this installation alone, which sign them (C4, C10)."""

from __future__ import annotations

from dataclasses import replace

import orjson

from collectors.pipeline.spool.frame import Kind
from collectors.receivers.contract import Host, Post, Receiver
from collectors.receivers.reply import Reply, refused
from models.domain.signature import HEADER, fault


async def _observations(host: Host, post: Post) -> Reply:
    if post.size:
        return refused(413, f"the body is larger than {post.limit >> 20} MiB: send fewer lines", post.media)
    if why := fault(host.key, post.headers.get(HEADER), post.path, post.body, host.clock.now().timestamp()):
        sentence = f"observations are taken from engines of this installation alone, and this is none of theirs: {why}"
        return refused(401, sentence, post.media)
    request = replace(post.request(Kind.OBSERVATIONS), check=host.provenance.checked)
    answer = await host.pipeline.take(request)
    if answer.status != 200:
        return refused(answer.status, answer.sentence, post.media, answer.retry_after)
    counted = {"stored": answer.stored, "quarantined": answer.rejected, "message": answer.sentence}
    return Reply(200, orjson.dumps(counted))


RECEIVER = Receiver("observations", "system snapshots", routes={"/v1/observations": _observations}, signed=True)
