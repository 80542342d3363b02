"""The part of SOQL that polls and extracts use.

SELECT fields (dotted parents and one level of child queries), FROM, WHERE with AND and OR over comparisons, ORDER BY,
LIMIT, OFFSET.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

_QUERY = re.compile(
    r"^\s*SELECT\s+(?P<fields>.+?)\s+FROM\s+(?P<object>\w+)(?:\s+WHERE\s+(?P<where>.+?))?"
    r"(?:\s+ORDER\s+BY\s+(?P<order>.+?))?(?:\s+LIMIT\s+(?P<limit>\d+))?(?:\s+OFFSET\s+(?P<offset>\d+))?\s*$",
    re.IGNORECASE | re.DOTALL,
)
_TERM = re.compile(
    r"^\s*(?P<field>[\w.]+)\s*(?P<op>>=|<=|!=|<>|=|>|<|\bNOT\s+IN\b|\bIN\b|\bLIKE\b)\s*(?P<value>.+?)\s*$",
    re.IGNORECASE | re.DOTALL,
)
_TIME = re.compile(r"^\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:?\d\d)$")


class Malformed(ValueError):
    """MALFORMED_QUERY or INVALID_FIELD, with the vendor's words."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


Test = Callable[[Callable[[str], Any]], bool]
"""A condition, given a way to read a field of the row."""


@dataclass(frozen=True)
class Query:
    """A parsed query: `fields` are paths, `children` are (relationship, query)."""

    object: str
    fields: tuple[str, ...]
    children: tuple[tuple[str, Query], ...]
    where: Test
    order: tuple[tuple[str, bool], ...]
    limit: int | None
    offset: int


def parse(text: str) -> Query:
    """The query as values. Raises Malformed."""
    children, plain = _children(text)
    match = _QUERY.match(plain)
    if match is None:
        raise Malformed("MALFORMED_QUERY", f"unexpected token in: {text[:120]}")
    fields = tuple(part.strip() for part in match["fields"].split(",") if part.strip())
    order = tuple(_ordering(part) for part in (match["order"] or "").split(",") if part.strip())
    limit = int(match["limit"]) if match["limit"] else None
    return Query(match["object"], fields, children, _condition(match["where"]), order, limit, int(match["offset"] or 0))


def _children(text: str) -> tuple[tuple[tuple[str, Query], ...], str]:
    found: list[tuple[str, Query]] = []

    def take(match: re.Match[str]) -> str:
        inner = parse(match.group(1))
        found.append((inner.object, inner))
        return ""

    plain = re.sub(r"\(\s*(SELECT\s.+?)\)\s*(?=,|\s+FROM\b)", take, text, flags=re.IGNORECASE | re.DOTALL)
    return tuple(found), plain


def _ordering(part: str) -> tuple[str, bool]:
    words = part.split()
    return words[0], len(words) > 1 and words[1].upper() == "DESC"


def _condition(text: str | None) -> Test:
    """OR binds weaker than AND; parentheses group; IN lists keep theirs."""
    if not text:
        return lambda get: True
    for word, fold in (("OR", any), ("AND", all)):
        parts = _split(text, word)
        if len(parts) > 1:
            tests = [_condition(part) for part in parts]
            return lambda get, fold=fold, tests=tests: fold(test(get) for test in tests)  # type: ignore[misc]
    text = text.strip()
    return _condition(text[1:-1]) if text.startswith("(") and text.endswith(")") else _term(text)


def _split(text: str, word: str) -> list[str]:
    """The parts of a condition between `word`s that no parenthesis or quote encloses."""
    parts, depth, start = [], 0, 0
    for match in re.finditer(rf"'(?:\\.|[^'])*'|[()]|\s{word}\s", text, re.IGNORECASE):
        mark = match.group()
        depth += (mark == "(") - (mark == ")")
        if depth == 0 and mark.strip().upper() == word:
            parts.append(text[start : match.start()])
            start = match.end()
    return [*parts, text[start:]]


def _term(text: str) -> Test:
    match = _TERM.match(text.strip())
    if match is None:
        raise Malformed("MALFORMED_QUERY", f"unexpected token: {text.strip()[:80]}")
    field, op = match["field"], " ".join(match["op"].upper().split())
    if op in ("IN", "NOT IN"):
        members = {_literal(part) for part in match["value"].strip("() \n").split(",")}
        return (lambda get: get(field) in members) if op == "IN" else (lambda get: get(field) not in members)
    wanted = _literal(match["value"])
    if op == "LIKE":
        pattern = re.compile(re.escape(str(wanted)).replace("%", ".*").replace("_", "."), re.IGNORECASE)
        return lambda get: get(field) is not None and pattern.fullmatch(str(get(field))) is not None
    return lambda get: _compare(op, get(field), wanted)


def _literal(text: str) -> Any:
    text = text.strip()
    if text.startswith("'"):
        return text[1:-1].replace("\\'", "'")
    if text.lower() in ("true", "false", "null"):
        return {"true": True, "false": False, "null": None}[text.lower()]
    if _TIME.match(text):
        return soql_instant(text)
    try:
        return float(text)
    except ValueError:
        return text


def soql_instant(text: str) -> datetime:
    return datetime.fromisoformat(re.sub(r"([+-]\d\d)(\d\d)$", r"\1:\2", text)).astimezone(UTC)


def _compare(op: str, value: Any, wanted: Any) -> bool:
    if isinstance(wanted, datetime) and isinstance(value, str):
        value = soql_instant(value)
    if op in ("=", "!=", "<>"):
        return bool((value == wanted) == (op == "="))
    if value is None or wanted is None:
        return False
    return bool({">=": value >= wanted, "<=": value <= wanted, ">": value > wanted, "<": value < wanted}[op])


def ordered(
    rows: Iterable[Mapping[str, Any]],
    order: tuple[tuple[str, bool], ...],
    read: Callable[[Mapping[str, Any], str], Any],
) -> list[Mapping[str, Any]]:
    """Rows by the ORDER BY list, nulls first as the vendor sorts them."""
    result = list(rows)
    for field, descending in reversed(order):
        result.sort(
            key=lambda row: ((value := read(row, field)) is not None, "" if value is None else value),
            reverse=descending,
        )
    return result
