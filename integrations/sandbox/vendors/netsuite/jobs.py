"""Asynchronous requests: jobs of one task, whose result answers each record alone."""

from __future__ import annotations

from typing import Any

import orjson

from integrations.sandbox.vendors.netsuite.answers import COLLECTION, ERROR, RESOURCE, ROOT, error_body, fault, page
from integrations.sandbox.vendors.netsuite.records import Records, Refusal
from integrations.sandbox.vendors.wire import Answer, Request, json_answer
from integrations.sandbox.world.ledger import Ledger


class Jobs:
    """Jobs by number and by idempotency key; the last three thousand are kept."""

    def __init__(self, ledger: Ledger, records: Records) -> None:
        self._records = records
        self._jobs = ledger.table("netsuite.job_queue", 123_000)
        self._by_idempotency = self._jobs.index(lambda row: row.get("key"))

    def submit(self, request: Request, name: str, key: str) -> Answer:
        """Take one record or a batch: the work is done at once, its results are asked for by the job's address."""
        idempotency = request.headers.get("x-netsuite-idempotency-key")
        first = self._by_idempotency.first(idempotency) if idempotency else None
        if first:
            body = error_body(
                400,
                "IDEMPOTENCY_ERROR",
                'A request with the same idempotency key is already submitted. See the "Location" header '
                "for the link to the asynchronous job.",
            )
            return Answer(400, orjson.dumps({**body, "title": "Conflict"}), {"Location": _place(request, first)}, ERROR)
        items = request.json.get("items") if isinstance(request.json, dict) else None
        if items is None:
            items = [{**request.json, **({"externalId": key[4:]} if key.startswith("eid:") else {})}]
        if not isinstance(items, list) or not 1 <= len(items) <= 100:
            return fault(400, "INVALID_CONTENT", "A batch takes 1 to 100 records.", "items")
        number = self._jobs.new_key()
        self._jobs.put(
            number,
            {"id": number, "key": idempotency, "results": [self._one(request.method, name, item) for item in items]},
        )
        if len(self._jobs) > 3000:
            self._jobs.delete(next(iter(self._jobs.rows)))
        return Answer(202, b"", {"Location": _place(request, number), "Preference-Applied": "respond-async"}, RESOURCE)

    def _one(self, method: str, name: str, item: Any) -> dict[str, Any]:
        """One record of a batch: it fails or succeeds alone."""
        try:
            if not isinstance(item, dict):
                raise Refusal(400, "INVALID_CONTENT", "Each item is an object.")
            external, created = item.get("externalId"), method == "POST"
            if method == "PUT":
                key, created = self._records.upsert(name, str(external or ""), item)
            elif method == "POST":
                key = self._records.create(name, item)
            else:
                key = self._records.find(name, str(item.get("id") or f"eid:{external}")) or ""
                self._records.change(name, key, item)
            return {"status": 204, "id": key, "externalId": external, "created": created}
        except Refusal as refusal:
            return {
                **error_body(refusal.status, refusal.code, str(refusal), refusal.path),
                "externalId": item.get("externalId") if isinstance(item, dict) else None,
            }

    def answer(self, request: Request, parts: list[str]) -> Answer:
        """A job, its one task, or that task's result, by the path below `job/`."""
        job = self._jobs.get(parts[0])
        if job is None:
            return fault(404, "NONEXISTENT_ID", f"The asynchronous job {parts[0]} does not exist.")
        here = _place(request, parts[0])
        link = {"links": [{"rel": "self", "href": here}]}
        if len(parts) == 1:
            task = {"links": [{"rel": "self", "href": f"{here}/task"}]}
            return json_answer(
                {**link, "completed": True, "id": parts[0], "progress": "succeeded", "task": task}, 200, RESOURCE
            )
        if len(parts) == 2:
            items = [
                {
                    "links": [{"rel": "self", "href": f"{here}/task/1"}],
                    "id": "1",
                    "completed": True,
                    "progress": "succeeded",
                }
            ]
            return json_answer(page(f"{here}/task", items, 0, 1), 200, COLLECTION)
        return json_answer(page(f"{here}/task/1/result", job["results"], 0, len(job["results"])), 200, COLLECTION)


def _place(request: Request, job: str) -> str:
    return f"{request.base}{ROOT}async/v1/job/{job}"
