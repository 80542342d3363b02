"""What a query selects: rows that meet it, in its order, with parents and child queries as the vendor nests them."""

from __future__ import annotations

from functools import partial
from typing import Any

from integrations.sandbox.vendors.salesforce.objects import CHILDREN, KNOWN, PARENTS, PREFIX, Objects, attributes
from integrations.sandbox.vendors.salesforce.soql import Malformed, Query, ordered
from integrations.sandbox.world.ledger import Row


class Selection:
    """Answers parsed queries over the objects; raises Malformed for an object or field that does not exist."""

    def __init__(self, objects: Objects) -> None:
        self._objects, self._tables = objects, objects.tables

    def rows(
        self, query: Query, deleted: bool, within: list[Row] | None = None, sobject: str | None = None
    ) -> list[dict[str, Any]]:
        sobject = sobject or next((name for name in PREFIX if name.lower() == query.object.lower()), None)
        if sobject is None:
            raise Malformed("INVALID_TYPE", f"sObject type '{query.object}' is not supported.")
        counting = [field.lower() for field in query.fields] == ["count()"]
        for path in () if counting else query.fields:
            self._known(sobject, path)
        rows = within if within is not None else list(self._tables[sobject].rows.values())
        hits = [
            row for row in rows if (deleted or not row["IsDeleted"]) and query.where(partial(self._read, sobject, row))
        ]
        hits = ordered(hits, query.order, lambda row, path: self._read(sobject, row, path))[query.offset :]
        hits = hits[: query.limit] if query.limit is not None else hits
        return [{}] * len(hits) if counting else [self._present(sobject, row, query, deleted) for row in hits]

    def _known(self, sobject: str, path: str) -> None:
        parent, _, rest = path.partition(".")
        if rest and parent in PARENTS:
            return self._known(PARENTS[parent][0], rest)
        if path not in KNOWN[sobject]:
            raise Malformed("INVALID_FIELD", f"No such column '{path}' on entity '{sobject}'.")

    def _read(self, sobject: str, row: Row, path: str) -> Any:
        parent, _, rest = path.partition(".")
        if not rest:
            return row.get(path)
        name, link = PARENTS[parent]
        above = self._tables[name].get(row.get(link))
        return self._read(name, above, rest) if above else None

    def _present(self, sobject: str, row: Row, query: Query, deleted: bool) -> dict[str, Any]:
        shown: dict[str, Any] = {"attributes": attributes(sobject, row["Id"])}
        for path in query.fields:
            *parents, field = path.split(".")
            place = shown
            for parent in parents:
                place = place.setdefault(parent, {"attributes": {"type": PARENTS[parent][0]}})
            place[field] = self._read(sobject, row, path)
        for relation, inner in query.children:
            name, link = CHILDREN[relation]
            rows = (
                [child for child in self._tables[name] if child.get(link) == row["Id"]]
                if name != "OpportunityLineItem"
                else [self._tables[name].rows[key] for key in self._objects.lines_of.keys(row["Id"])]
            )
            records = self.rows(inner, deleted, rows, name)
            shown[relation] = {"totalSize": len(records), "done": True, "records": records} if records else None
        return shown
