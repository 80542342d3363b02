"""Records of the ERP as its own people enter them, past the checks that its API makes."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from integrations.sandbox.vendors.netsuite.emulator import NetSuite
from integrations.sandbox.vendors.wire import iso_z


class Accounts:
    """The ERP's record tables, found by external id and written at a moment."""

    def __init__(self, erp: NetSuite) -> None:
        self.records = erp.records

    def put(self, kind: str, at: datetime, key: str | None = None, **fields: Any) -> str:
        """Create or change a record; its internal id."""
        table = self.records.tables[kind]
        key = key or table.new_key()
        old = table.get(key) or {"isInactive": False, "createdDate": iso_z(at)}
        table.put(key, {**old, **fields, "id": key, "lastModifiedDate": iso_z(at)})
        return key

    def key(self, kind: str, external: str) -> str | None:
        """The internal id behind an external one."""
        return self.records.external[kind].first(external)
