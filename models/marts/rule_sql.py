"""Rules for flows that run elsewhere, as expressions of SQL: one look at each new span and log says whether a reading
fits it, and what fits is taken apart once, however many values are asked of it.

Texts are cut at `LONGEST` characters: an attribute may be as large as a request.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from models.domain.flow_rule import TOLD, FlowRule, Reading, Signal, Source

LONGEST = 2_000
_OWN = {
    "name": "name",
    "body": "body",
    "status": "status_message",
    "event": "event_name",
    "service": "service_name",
    "scope": "scope_name",
    "trace": "trace_id",
    "span": "span_id",
}
_LACKING = {"spans": {"body", "event"}, "logs": {"name", "status", "exception", "exception_type"}}
_EVENT = "list_last(json_extract_string(events, '$[*].attributes.\"exception.{}\"'))"


def readings_of(rules: Iterable[FlowRule]) -> list[tuple[FlowRule, Reading]]:
    """The readings in the order in which they are tried; the number of one is its place, from 1."""
    return [(rule, reading) for rule in rules for reading in rule.readings]


def bound(sql: str, rules: Sequence[FlowRule]) -> str:
    """`sql` with what these rules ask for `{span_reading}`, `{span_held}`, `{span_told}`, and the same of logs."""
    if "{span_reading}" not in sql and "{log_reading}" not in sql:
        return sql
    signals: dict[str, Signal] = {"span": "spans", "log": "logs"}
    for word, signal in signals.items():
        told = _Told(rules, signal)
        sql = sql.replace(f"{{{word}_reading}}", told.reading).replace(f"{{{word}_told}}", told.columns)
        sql = sql.replace(f"{{{word}_held}}", told.held)
    return sql


@dataclass(frozen=True, slots=True)
class _Told:
    """What the rules ask of one signal."""

    rules: Sequence[FlowRule]
    signal: Signal

    @property
    def reading(self) -> str:
        """The number of the first reading that an item fits; NULL for none."""
        cases = [f"WHEN {_fits(reading)} THEN {number}" for number, reading in self._numbered()]
        return f"CASE {' '.join(cases)} END" if cases else "CAST(NULL AS INTEGER)"

    @property
    def held(self) -> str:
        """Attributes and fields as lists, each taken out of its JSON once."""
        return ", ".join(
            [
                _lifted("attributes", self._names("", "baggage:"), "a", True),
                _lifted("resource", self._names("resource:"), "r", True),
                _lifted("body" if self.signal == "logs" else "NULL", self._names("body:"), "b", False),
            ]
        )

    @property
    def columns(self) -> str:
        """Everything that can be told, `failed` and `waits`, as columns over what `held` gives."""
        columns = [f"{self._chosen(partial(self._first, name))} AS {name}" for name in TOLD]
        columns.append(f"coalesce({self._chosen(self._failed)}, false) AS failed")
        columns.append(f"coalesce({self._chosen(lambda one: self._among(one.waiting))}, false) AS waits")
        return ", ".join(columns)

    def _numbered(self) -> Iterator[tuple[int, Reading]]:
        for number, (_, reading) in enumerate(readings_of(self.rules), start=1):
            if reading.signal == self.signal:
                yield number, reading

    def _names(self, *kinds: str) -> list[str]:
        """What must be taken out of one JSON, in one order."""
        asked = {
            name
            for _, reading in self._numbered()
            for sources in reading.told.values()
            for one in sources
            if one.kind in kinds
            for name in ((one.name, f"baggage.{one.name}", *_BAGGAGE) if one.kind == "baggage:" else (one.name,))
        }
        values = [name for _, reading in self._numbered() for name in (*reading.failed, *reading.waiting)]
        more = set(values) if "" in kinds else set()
        return sorted(asked | more)

    def _chosen(self, said: Callable[[Reading], str | None]) -> str:
        """An expression by the reading that fits; NULL where none says anything."""
        cases = [f"WHEN {number} THEN {text}" for number, reading in self._numbered() if (text := said(reading))]
        return f"CASE reading {' '.join(cases)} END" if cases else "NULL"

    def _first(self, name: str, reading: Reading) -> str | None:
        values = [text for one in reading.told.get(name, ()) if (text := self._value(one))]
        return f"coalesce({', '.join(values)})" if values else None

    def _value(self, one: Source) -> str | None:
        raw = self._raw(one)
        if raw is None:
            return None
        if one.pattern:
            group = 1 if re.compile(one.pattern).groups else 0
            raw = f"regexp_extract({raw}, {quoted(one.pattern)}, {group})"
        return f"nullif(trim(left({raw}, {LONGEST})), '')"

    def _raw(self, one: Source) -> str | None:
        if one.kind == "=":
            return quoted(one.name)
        if one.kind == "@":
            return None if one.name in _LACKING[self.signal] else _OWN.get(one.name) or _exception(one.name)
        if one.kind == "baggage:":
            return self._baggage(one.name)
        if one.kind == "body:" and self.signal == "spans":
            return None
        return self._taken({"": "a", "resource:": "r", "body:": "b"}[one.kind], one.name, one.kind)

    def _taken(self, column: str, name: str, *kinds: str) -> str:
        names = self._names("", "baggage:") if column == "a" else self._names(*kinds)
        return f"{column}[{names.index(name) + 1}]"

    def _baggage(self, key: str) -> str:
        """An attribute of the key's name, as processors of baggage write it, or the header as it travelled."""
        header = ", ".join(self._taken("a", name) for name in _BAGGAGE)
        entry = quoted(rf'(?:^|[,"\[\s]){re.escape(key)}\s*=\s*([^,;"\]\s]*)')
        listed = f"url_decode(nullif(regexp_extract(concat_ws(',', {header}), {entry}, 1), ''))"
        return f"coalesce({self._taken('a', key)}, {self._taken('a', f'baggage.{key}')}, {listed})"

    def _failed(self, reading: Reading) -> str:
        if reading.fails:
            return "true"
        by_itself = "status_code = 2" if self.signal == "spans" else "severity_number >= 17"
        return " OR ".join(f"coalesce({one}, false)" for one in (by_itself, self._among(reading.failed)) if one)

    def _among(self, values: Mapping[str, tuple[str, ...]]) -> str | None:
        """Whether one of these attributes has one of its values."""
        asked = [f"coalesce({self._taken('a', name)} IN ({_listed(all_)}), false)" for name, all_ in values.items()]
        return f"({' OR '.join(asked)})" if asked else None


_BAGGAGE = ("baggage", "http.request.header.baggage")


def quoted(text: str) -> str:
    """A text as SQL writes it."""
    return "'" + text.replace("'", "''") + "'"


def _listed(values: Iterable[str]) -> str:
    return ", ".join(quoted(one) for one in values)


def _exception(name: str) -> str:
    return _EVENT.format("type" if name == "exception_type" else "message")


def _fits(reading: Reading) -> str:
    """What is cheap to ask first: an attribute is looked up only in what has the right name."""
    columns = {
        "name": reading.names,
        "service_name": reading.services,
        "scope_name": reading.scopes,
        "event_name": reading.events,
    }
    asked = [_globbed(column, patterns) for column, patterns in columns.items() if patterns]
    asked += [f"contains(attributes, {quoted(chr(34) + name + chr(34))})" for name in (*reading.has, *reading.where)]
    asked += [f"{_attribute(name)} IS NOT NULL" for name in reading.has]
    asked += [f"{_attribute(name)} IN ({_listed(values)})" for name, values in reading.where.items()]
    return " AND ".join(asked) or "true"


def _globbed(column: str, patterns: Sequence[str]) -> str:
    whole = [one for one in patterns if not set(one) & set("*?[")]
    asked = [f"{column} IN ({_listed(whole)})"] if whole else []
    asked += [f"{column} GLOB {quoted(one)}" for one in patterns if one not in whole]
    return f"({' OR '.join(asked)})"


def _attribute(name: str) -> str:
    return f"json_extract_string(attributes, {quoted(_path(name))})"


def _path(name: str) -> str:
    return f'$."{name}"'


def _lifted(column: str, names: Sequence[str], alias: str, flat: bool) -> str:
    """The values of these names out of a column's JSON; a body that is no JSON has none."""
    if not names or column == "NULL":
        return f"CAST(NULL AS VARCHAR[]) AS {alias}"
    paths = ", ".join(quoted(_path(one) if flat else "$." + one) for one in names)
    return f"CASE WHEN json_valid({column}) THEN json_extract_string({column}, [{paths}]) END AS {alias}"
