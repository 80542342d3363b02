"""Items that break a rule: each with its reason and what it held, secrets masked."""

from __future__ import annotations

from collections.abc import Sequence

import orjson
import pyarrow as pa
import pyarrow.compute as pc

from collectors.pipeline.otlp.attributes_json import attributes_json
from collectors.pipeline.otlp.columns import Items
from collectors.pipeline.refusal import MOST_REFUSALS, Refusal, rest
from collectors.pipeline.validate import Rule

_SHOWN = (
    "trace_id",
    "span_id",
    "parent_span_id",
    "name",
    "kind",
    "start",
    "end",
    "time",
    "observed_time",
    "severity_number",
    "severity_text",
)


def refusals_of(found: Items, broken: dict[int, Rule]) -> list[Refusal]:
    """A refusal of each broken row, up to the most that a request may have; the rest of it is counted."""
    places = sorted(broken)
    requests = pc.take(found.request, pa.array(places, pa.int64())).to_pylist()
    kept: dict[int, list[int]] = {}
    for place, request in zip(places, requests, strict=True):
        kept.setdefault(request, []).append(place)
    refusals = []
    for request, struck in kept.items():
        refusals += _shown(
            found.rows.take(pa.array(struck[:MOST_REFUSALS], pa.int64())), [broken[place] for place in struck], request
        )
        if len(struck) > MOST_REFUSALS:
            refusals.append(rest(request, len(struck) - MOST_REFUSALS))
    return refusals


def without(found: Items, broken: dict[int, Rule]) -> Items:
    """The rows that break no rule."""
    struck = pa.array(sorted(broken), pa.int64())
    kept = pc.invert(pc.is_in(pa.array(range(len(found.rows)), pa.int64()), struck))
    return Items(*(pc.filter(getattr(found, name), kept) for name in Items.__slots__))


def _shown(rows: pa.StructArray, rules: Sequence[Rule], request: int) -> list[Refusal]:
    attributes = attributes_json(pc.struct_field(rows, "attributes")).to_pylist()
    columns = {name: pc.struct_field(rows, name).to_pylist() for name in _SHOWN if rows.type.get_field_index(name) >= 0}
    refusals = []
    for place, rule in zip(range(len(rows)), rules, strict=False):
        held = {
            name: value.hex() if isinstance(value := column[place], bytes) else value
            for name, column in columns.items()
        }
        content = orjson.dumps({**held, "attributes": orjson.Fragment(attributes[place])}).decode()
        refusals.append(Refusal(request, rule.code, rule.reason, rule.path, content, len(content)))
    return refusals
