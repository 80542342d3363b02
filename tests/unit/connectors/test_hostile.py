"""Vendors that send anything: what cannot be read is named, nothing else ever escapes (S8, N4)."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from integrations.connectors.csv.client import CsvFile
from integrations.connectors.csv.mapping import value_of
from integrations.connectors.csv.numbers import number
from integrations.connectors.kantata import mapping as kantata
from integrations.connectors.kantata.names import Names
from integrations.connectors.netsuite import events, observations
from integrations.connectors.netsuite.refusals import refusal
from integrations.connectors.ppm import mapping as ppm
from integrations.connectors.rows import Row, jsonable
from integrations.connectors.salesforce import mapping as salesforce
from integrations.connectors.salesforce.fields import ACCOUNT
from integrations.connectors.workday import mapping as workday
from integrations.connectors.workday.envelope import body_of, plain
from models.domain.errors import Misconfigured, Rejected, TieoutError, Unmappable
from tests.any_text import any_integer, any_text

NOW = datetime(2026, 11, 18, 10, 0, tzinfo=UTC)
RECORDED = Path(__file__).parent / "recorded"
LEAF = (
    st.none()
    | st.booleans()
    | any_integer
    | st.decimals(allow_nan=True)
    | any_text(max_size=12)
    | st.sampled_from(
        ["2026-11-18", "0000-00-00", "2026-13-01T00:00:00Z", "1e400", "-0", "NaN", "T", "9:99", "-:", "PRJ-1", "EUR"]
    )
)
JSON = st.recursive(
    LEAF,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(any_text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
QUIET = settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

OPPORTUNITY = json.loads((RECORDED / "salesforce_opportunity.json").read_text(), parse_float=Decimal)["records"][0]
ENTRY = json.loads((RECORDED / "kantata_time_entry.json").read_text(), parse_float=Decimal)["time_entries"]["27"]
BILL = {
    "id": "7",
    "externalid": "TE-k-1-v1",
    "trandate": "2026-11-16",
    "hours": "7:30",
    "isbillable": "T",
    "rate": "185.1",
    "custcol_currency": "EUR",
    "lastmodifieddate": "2026-11-18T10:00:00Z",
}
JOB = {
    "id": "7",
    "externalid": "PRJ-1",
    "companyname": "Grid",
    "currency": "EUR",
    "entitystatus": "Closed",
    "isinactive": "F",
    "lastmodifieddate": "2026-11-18T10:00:00Z",
}
BUDGET = {
    "code": "PRJ-1",
    "currencyCode": "EUR",
    "value": Decimal("1.5"),
    "cost": 1,
    "targetMargin": Decimal("0.3"),
    "hours": 4,
}
WORKER = {
    "Worker_Reference": {"ID": [{"type": "Employee_ID", "_value_1": "E-1"}]},
    "Worker_Descriptor": "Dana",
    "Worker_Data": {
        "Worker_ID": "E-1",
        "Employment_Data": {"Worker_Status_Data": {"Active": "true"}, "Worker_Job_Data": []},
    },
}
MAPPINGS: dict[str, tuple[dict[str, Any], Callable[[Any], object]]] = {
    "opportunity": (OPPORTUNITY, lambda raw: salesforce.opportunity_event("crm", raw, [])),
    "account": (dict.fromkeys(ACCOUNT), lambda raw: salesforce.customer_event("crm", raw)),
    "entry": (
        ENTRY,
        lambda raw: kantata.work_event("psa", "time_entry", kantata.Verdict("approved", raw), NOW, Names()),
    ),
    "expense": (
        ENTRY,
        lambda raw: kantata.work_event("psa", "expense", kantata.Verdict("reversed", raw), NOW, Names()),
    ),
    "bill": (BILL, observations.time_observation),
    "job": (JOB, lambda raw: events.project_event("erp", raw)),
    "invoice": (JOB, lambda raw: observations.invoice_observation(raw, [raw])),
    "contract": (JOB, lambda raw: observations.contract_observation(raw, [raw])),
    "budget": (BUDGET, ppm.budget_observation),
    "worker": (WORKER, lambda raw: workday.resource_event("hcm", raw, None, NOW, workday.PLAN)),
}


@pytest.mark.parametrize("name", MAPPINGS)
@QUIET
@given(data=st.data())
def test_a_mapping_reads_or_names_the_field(name: str, data: st.DataObject) -> None:
    """Any value in any field gives a canonical object or an error that names a path; never another exception."""
    raw, read = MAPPINGS[name]
    spoilt = data.draw(st.dictionaries(st.sampled_from(sorted(raw)), JSON, max_size=3))
    try:
        read({**raw, **spoilt})
    except (TieoutError, ValidationError) as error:
        assert str(error)


@QUIET
@given(row=JSON)
def test_rows_for_the_quarantine_are_json(row: Any) -> None:
    """Whatever came can be stored as it came."""
    kept = jsonable(row)
    assert json.loads(json.dumps(kept)) == kept


@QUIET
@given(
    value=JSON,
    accessor=st.sampled_from(
        ["opt_text", "opt_decimal", "opt_flag", "opt_instant", "opt_day", "opt_child", "children", "text", "money"]
    ),
)
def test_accessors_answer_or_name_the_field(value: Any, accessor: str) -> None:
    """Typed access never guesses: None, a value of the type, or Unmappable with the path."""
    row = Row({"field": value}, "thing", textual=True)
    try:
        getattr(row, accessor)(*(("field", "EUR") if accessor == "money" else ("field",)))
    except Unmappable as error:
        assert error.path.startswith("thing.field")


@pytest.mark.req("G2", "G3")
@pytest.mark.parametrize(
    "accessor", ["opt_text", "opt_decimal", "opt_flag", "opt_instant", "opt_day", "opt_child", "children", "money"]
)
@pytest.mark.parametrize("value", ["77123.45 euro", ["77123.45"], {"salary": "77123.45"}, Decimal("77123.45")])
def test_a_field_that_cannot_be_read_is_named_without_its_value(accessor: str, value: Any) -> None:
    """The message of a retyped field is read by all, the row by those who may."""
    for currency in ("EUR", "77123.45"):
        try:
            getattr(Row({"pay": value}, "worker", textual=True), accessor)(
                *(("pay", currency) if accessor == "money" else ("pay",))
            )
        except Unmappable as error:
            assert "77123.45" not in str(error) and error.path.startswith("worker.pay")


@pytest.mark.req("G2", "G3")
@pytest.mark.parametrize("kind", ["decimal", "date"])
def test_a_column_that_cannot_be_read_is_named_without_its_value(kind: str) -> None:
    """The same for files."""
    with pytest.raises(Unmappable) as caught:
        value_of({"text": "{Pay}", "type": kind}, {"Pay": "77123.45 euro"}, "sip", partial(number, sign="."))
    assert "Pay" in str(caught.value) and "77123.45" not in str(caught.value)


@pytest.mark.req("G2", "G3")
@pytest.mark.parametrize(
    ("field", "kept"),
    [("custcol_cost_rate", False), ("rate", False), ("item.items[0].amount", False), ("caseTaskEvent", True)],
)
def test_a_vendors_refusal_does_not_repeat_a_guarded_value(field: str, kept: bool) -> None:
    """A wrong charge code is what a person must see; a wrong rate is only named, in the message and the answer."""
    wrong = "You have entered an Invalid Field Value 77123.45"
    detail = f"Error while accessing resource: {wrong} for the following field: {field}"
    error = refusal(
        {"o:errorDetails": [{"detail": detail, "o:errorCode": "INVALID_CONTENT"}]}, 400, "timeBill", "erp", NOW, str
    )
    assert isinstance(error, Rejected) and error.field == field
    assert ("77123.45" in str(error), "77123.45" in str(error.answer)) == (kept, kept)


@QUIET
@given(body=JSON, status=st.integers(400, 599))
def test_any_error_body_becomes_an_error_of_ours(body: Any, status: int) -> None:
    """A refusal in no known shape is a refusal still."""
    assert isinstance(refusal(body, status, "timeBill", "erp", NOW, str), TieoutError)


@QUIET
@given(content=st.binary(max_size=300))
def test_any_bytes_are_a_file(tmp_path: Path, content: bytes) -> None:
    """A file of any bytes is read to its end, each record from where the last one ended, or has no header."""
    path = tmp_path / "any.csv"
    path.write_bytes(content)
    try:
        records = list(CsvFile(path).records())
    except Misconfigured:
        return
    assert all(one.start < one.end <= len(content) for one in records)
    assert all(before.end <= after.start for before, after in pairwise(records))


@QUIET
@given(content=st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_bytes_are_an_answer(content: bytes) -> None:
    """What is no SOAP envelope is said to be none."""
    from integrations.connectors.workday.client import HARDENED

    try:
        plain(body_of(content, HARDENED, "hcm"))
    except Unmappable as error:
        assert error.code == "bad-payload"
