"""SuiteQL over the ERP emulator's records: the vendor's dialect put into SQLite's, one table per record type.

References are columns that hold internal ids, as the vendor's are; BUILTIN.DF(column) gives the name behind one;
TO_DATE, TO_TIMESTAMP and TO_CHAR read and write instants; booleans are 'T' and 'F'; `transaction` and `transactionline`
gather sales orders, invoices, credit memos and payments, `nexttransactionlinelink` says what a payment or a credit
memo was applied to. The copy is brought up to date before a query, from the rows that changed since.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Mapping
from decimal import Decimal
from importlib.resources import files
from typing import Any

from integrations.sandbox.vendors.wire import instant, iso_z
from integrations.sandbox.world.ledger import Row, Table

_DF = re.compile(r"BUILTIN\.DF\s*\(\s*([\w.]+)\s*\)", re.IGNORECASE)
_TOP = re.compile(r"\bFETCH\s+(?:FIRST|NEXT)\s+(\d+)\s+ROWS\s+ONLY\b", re.IGNORECASE)
_STAMP = "lastmodifieddate createddate"
COLUMNS: dict[str, str] = {
    "subsidiary": "externalid name currency country isinactive",
    "customer": """
        externalid entityid companyname parent subsidiary currency email vatregnumber defaulttaxreg country
        custentity_country custentity_tax_id custentity_tax_profile custentity_legal_entity isinactive
    """,
    "job": """
        externalid entityid companyname parent customer subsidiary currency entitystatus startdate enddate
        projectedenddate isinactive custentity_service_line custentity_practice custentity_region
        custentity_cost_centre custentity_contract_type custentity_legal_entity
    """,
    "projecttask": "externalid title project isinactive nonbillabletask status",
    "employee": """
        externalid entityid firstname lastname email subsidiary isinactive custentity_role
        custentity_cost_centre custentity_cost_rate custentity_cost_currency custentity_weekly_hours
        laborcost hiredate title
    """,
    "timebill": """
        externalid customer employee casetaskevent item trandate hours isbillable rate memo subsidiary
        approvalstatus status custcol_cost_rate custcol_cost_currency custcol_currency custcol_invoiced
        custcol_invoice custcol_time_entry custcol_charge_code
    """,
    "expensereport": """
        externalid entity employee customer trandate total currency memo subsidiary status casetaskevent
        category amount isbillable custcol_invoiced custcol_invoice custcol_charge_code
    """,
    "salesorder": """
        externalid tranid entity subsidiary currency total status memo trandate startdate enddate
        custbody_contract_version custbody_billing_rule custbody_hold custbody_cap custbody_po custbody_sow
        custbody_contract_type
    """,
    "invoice": "externalid tranid entity customer subsidiary currency total status trandate duedate memo",
    "creditmemo": "externalid tranid createdfrom entity customer subsidiary currency total status trandate memo",
    "customerpayment": "externalid tranid customer subsidiary currency total status memo trandate",
    "currencyrate": "externalid basecurrency transactioncurrency exchangerate effectivedate",
    "accountingperiod": "periodname startdate enddate closed closedondate isyear isquarter isadjust",
}
LINE = """
    id transaction item description quantity rate amount memo custcol_milestone_id custcol_due custcol_completed
    custcol_accepted custcol_posting_id custcol_line_kind
"""
BURIED = ("job", "projecttask")
ANSWERS, SHORT = 100, 500
"""How many answers are remembered, and of how many rows each at most."""
NAMED = ("parent", "subsidiary", "customer", "employee", "casetaskevent", "project", "entity", "item")


class Refused(ValueError):
    """The query is none; the message says what the vendor would."""


class SuiteQL:
    """Runs queries over the record tables; not thread-safe, as the sandbox answers one request at a time."""

    def __init__(self, tables: Mapping[str, Table], tombstones: Table) -> None:
        self._tables, self._tombstones = tables, tombstones
        self._base = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
        self._base.row_factory = sqlite3.Row
        for function in ("TO_DATE", "TO_TIMESTAMP"):
            self._base.create_function(function, -1, _instant, deterministic=True)
        self._base.create_function("TO_CHAR", -1, _text, deterministic=True)
        self._base.create_function("GREATEST", -1, lambda *all: None if None in all else max(all), deterministic=True)
        self._base.create_aggregate("SUM", 1, _ExactSum)  # type: ignore[arg-type]
        self._base.create_function("NVL", 2, lambda first, second: second if first is None else first)
        for name, columns in COLUMNS.items():
            plain = f"id {columns} {_STAMP}".split()
            shadows = [f"{column}__df" for column in plain if column in NAMED]
            self._base.execute(f"CREATE TABLE {name} (id INTEGER PRIMARY KEY, {', '.join(plain[1:] + shadows)}, gone)")
            self._base.execute(f"CREATE INDEX {name}_touched ON {name} (lastmodifieddate)")
        line = ", ".join(f'"{column}"' for column in LINE.split())
        self._base.execute(f"CREATE TABLE lines ({line}, linesequencenumber, uniquekey)")
        self._base.execute("CREATE TABLE applied (previousdoc, nextdoc, foreignamount, linktype)")
        self._base.execute('CREATE INDEX line_owner ON lines ("transaction")')
        self._base.executescript(files(__package__).joinpath("suiteql.sql").read_text(encoding="utf-8"))
        for name in BURIED:
            self._base.execute(f"CREATE VIEW {name}_alive AS SELECT * FROM {name} WHERE gone IS NULL")
        self._answered: dict[tuple[str, int, int], tuple[list[dict[str, Any]], int]] = {}
        for table in (*tables.values(), tombstones):
            table.changed.update(table.rows)

    def rows(self, text: str, limit: int, offset: int) -> tuple[list[dict[str, Any]], int]:
        """One page and the total, which is not looked up again while nothing changed. Raises Refused."""
        if self._refresh() or len(self._answered) == ANSWERS:
            self._answered.clear()
        asked = (text, limit, offset)
        found = self._answered.get(asked) or self._found(*asked)
        if len(found[0]) <= SHORT:
            self._answered[asked] = found
        return found

    def _found(self, text: str, limit: int, offset: int) -> tuple[list[dict[str, Any]], int]:
        query = _DF.sub(lambda match: f"{match.group(1)}__df", text.strip().rstrip(";"))
        query = _TOP.sub(lambda match: f"LIMIT {match.group(1)}", query)
        query = re.sub(r"\bnexttransactionlinelink\b", "applied", query, flags=re.IGNORECASE)
        query = re.sub(r"\btransactionline\b", "lines", query, flags=re.IGNORECASE)
        query = re.sub(r"\bfrom\s+(job|projecttask)\b", r"FROM \1_alive", query, flags=re.IGNORECASE)
        query = re.sub(r"(\bfrom|\bjoin)\s+transaction\b", r"\1 transactions", query, flags=re.IGNORECASE)
        query = re.sub(r"\b(\w+)\.transaction\b", r'\1."transaction"', query, flags=re.IGNORECASE)
        if not re.match(r"(?i)^(SELECT|WITH)\b", query):
            raise Refused("Invalid search query. Only SELECT statements are supported.")
        try:
            found = self._base.execute(f"SELECT * FROM ({query}) LIMIT ? OFFSET ?", (limit, offset)).fetchall()
            full = len(found) == limit
            total = self._base.execute(f"SELECT count(*) FROM ({query})").fetchone()[0] if full else offset + len(found)
        except sqlite3.Error as error:
            raise Refused(
                f"Invalid search query. Detailed unprocessed description follows. Search error occurred: {error}."
            ) from error
        return [_filled(row) for row in found], total

    def _refresh(self) -> bool:
        """Take over what changed; whether anything did."""
        if self._tombstones.changed:
            self._bury()
        fresh = [name for name in COLUMNS if self._tables[name].changed]
        for name in fresh:
            self._copy(name, self._tables[name])
            self._tables[name].changed.clear()
        return bool(fresh)

    def _bury(self) -> None:
        """Keep deleted projects and tasks for the transactions that point at them; no other query shows them."""
        for deleted in self._tombstones.changed:
            name, row = deleted.split(":", 1)[0], self._tombstones.rows[deleted]
            columns = [info[1] for info in self._base.execute(f"PRAGMA table_info({name})")]
            values = self._flat(row["id"], {**row, "gone": "T"}, columns)
            self._base.execute(f"INSERT OR REPLACE INTO {name} VALUES ({', '.join('?' * len(columns))})", values)
            self._tables[name].changed.add(row["id"])
        self._tombstones.changed.clear()

    def _copy(self, name: str, table: Table) -> None:
        columns = [row[1] for row in self._base.execute(f"PRAGMA table_info({name})")]
        fresh = [self._flat(key, table.rows[key], columns) for key in table.changed if key in table.rows]
        self._base.execute("BEGIN")
        if name not in BURIED:
            self._base.executemany(
                f"DELETE FROM {name} WHERE id = ?", [(_number(key),) for key in table.changed if key not in table.rows]
            )
        self._base.executemany(f"INSERT OR REPLACE INTO {name} VALUES ({', '.join('?' * len(columns))})", fresh)
        if name in ("salesorder", "invoice", "creditmemo"):
            self._base.executemany('DELETE FROM lines WHERE "transaction" = ?', [(int(key),) for key in table.changed])
            lines = [line for key in table.changed if key in table.rows for line in _lines(key, table.rows[key])]
            self._base.executemany(f"INSERT INTO lines VALUES ({', '.join('?' * (len(LINE.split()) + 2))})", lines)
        if name in ("customerpayment", "creditmemo"):
            self._base.executemany("DELETE FROM applied WHERE nextdoc = ?", [(int(key),) for key in table.changed])
            links = [link for key in table.changed if key in table.rows for link in _applied(key, table.rows[key])]
            self._base.executemany("INSERT INTO applied VALUES (?, ?, ?, ?)", links)
        self._base.execute("COMMIT")

    def _flat(self, key: str, row: Row, columns: list[str]) -> list[Any]:
        lowered = {field.lower(): value for field, value in row.items()}
        values: list[Any] = [_number(key)]
        for column in columns[1:]:
            if column.endswith("__df"):
                reference = lowered.get(column[:-4])
                values.append(reference.get("refName") if isinstance(reference, dict) else None)
            else:
                values.append(_value(lowered.get(column)))
        return values


class _ExactSum:
    """A sum of money as the vendor's numbers have it, not SQLite's: to the cent, and nothing of nothing."""

    def __init__(self) -> None:
        self._sum: Decimal | None = None

    def step(self, value: Any) -> None:
        if value is not None:
            self._sum = (self._sum or Decimal(0)) + Decimal(str(value))

    def finalize(self) -> str | None:
        return None if self._sum is None else format(self._sum, "f")


def _number(key: str) -> int:
    """The internal id of a record; a month's is its digits."""
    return int(key.replace("-", ""))


def _lines(key: str, row: Row) -> list[list[Any]]:
    result = []
    for number, line in enumerate((row.get("item") or {}).get("items", []), 1):
        lowered = {field.lower(): _value(value) for field, value in line.items()}
        plain = {**lowered, "id": number, "transaction": int(key)}
        result.append([plain.get(column) for column in LINE.split()] + [number, int(key) * 10_000 + number])
    return result


def _applied(key: str, row: Row) -> list[list[Any]]:
    """What a payment or a credit memo was applied to, from the transaction that was there first to the one that came
    next; a memo that was made from an invoice is applied to it unless it says otherwise.
    """
    made = [{"doc": row["createdFrom"], "amount": row.get("total")}] if row.get("createdFrom") else []
    lines = row["apply"].get("items", []) if row.get("apply") else made
    return [[_value(line.get("doc")), int(key), _value(line.get("amount")), "Payment"] for line in lines]


def _value(value: Any) -> Any:
    if isinstance(value, bool):
        return "T" if value else "F"
    if isinstance(value, dict):
        reference = value.get("id") or value.get("refName")
        return int(reference) if isinstance(reference, str) and reference.isdecimal() else reference
    return value if isinstance(value, (int, float, str)) or value is None else str(value)


def _instant(text: str | None, *_: object) -> str | None:
    return None if text is None else (text if len(text) == 10 else iso_z(instant(text)))


def _text(value: Any, form: str = "") -> str | None:
    if value is None:
        return None
    text, plain = str(value), form.upper().replace('"', "")
    return text[:10] if plain == "YYYY-MM-DD" else text[:19] if plain == "YYYY-MM-DDTHH24:MI:SS" else text


def _filled(row: sqlite3.Row) -> dict[str, str]:
    """A row as the vendor sends it: text, in lower-case names, without what is empty."""
    return {name.lower(): str(value) for name, value in zip(row.keys(), row, strict=True) if value is not None}
