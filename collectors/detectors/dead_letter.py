"""The dead-letter queue, grouped by what was refused, by whom and over which field or object (E4, X8)."""

from __future__ import annotations

from collectors.detectors.contract import Detector, Example, Row, at_stake, credit_of
from collectors.detectors.invalid_charge_code import code_fingerprint
from models.domain.explanations import EXPLANATIONS, explain
from models.domain.finding import Cause, Finding
from models.domain.fingerprint import fingerprint

_PROJECT = ("project-not-found", "project-unknown")
_CODE = {
    "charge-code-not-found": "charge-code-unknown",
    "charge-code-unknown": "charge-code-unknown",
    "charge-code-inactive": "charge-code-inactive",
    "charge-code-of-other-project": "charge-code-of-other-project",
    "charge-code-of-other-entity": "charge-code-of-other-entity",
}


def dead(row: Row) -> Finding:
    """One dead run under the fingerprint of its cause, the same that the detector of that cause would give."""
    code = row["error_code"] or "rejected"
    words, name, text = explain(code), *_cause(row, code)
    cause = Cause(
        name,
        f"{words.title}{_at(row)}",
        words.explanation,
        words.next_action,
        row["refused_by"] or row["flow"],
        words.money_kind,
        "medium",
        flow=row["flow"],
        system=row["system"],
    )
    entity, key = _subject(row, code)
    amount = at_stake(row["amount"], row["billable"])
    seen = {
        "code": code,
        "message": row["error_message"],
        "field": row["error_field"],
        "step": row["step_name"],
        "charge_code": row["charge_code"],
        **credit_of(row["amount"], row["billable"]),
    }
    return Finding(
        text,
        cause,
        entity,
        row["item_key"] or key,
        amount,
        row["currency"] if amount is not None else None,
        row["failed_at"],
        row["run_id"],
        row["trace_id"],
        row["legal_entity"],
        row["project_key"],
        row["customer_key"],
        {k: str(v) for k, v in seen.items() if v is not None},
        row["period"],
        row["bill_reporting"] if amount is not None else None,
    )


_IDENTITY = {
    "customer-clash": lambda row: fingerprint("customer-clash", row["source"], row["number"].strip().upper()),
    "project-code-taken": lambda row: fingerprint("duplicate-project", row["project_key"]),
    "project-recoded": lambda row: fingerprint("project-recoded", row["source_id"]),
    "entity-moved": lambda row: fingerprint("entity-moved", row["project_key"]),
    "worker-clash": lambda row: fingerprint("worker-clash", row["number"]),
}
"""What is wrong with who a record says it is: one case a thing, whatever the field is called."""


def _subject(row: Row, code: str) -> tuple[str, str]:
    """What the finding is about; of two sales with one code each is its own subject."""
    if code == "project-code-taken" and row["source_id"]:
        return "opportunity", row["source_id"]
    entity, _, key = row["business_key"].partition(":")
    return entity, row["project_key"] or key if code == "project-recoded" else key


def _cause(row: Row, code: str) -> tuple[str, str]:
    if code in _PROJECT and row["project_key"]:
        return "project-missing", fingerprint("project-missing", "erp", row["project_key"])
    if code in _CODE and row["charge_code"]:
        return _CODE[code], code_fingerprint(_CODE[code], row["charge_code"], row["project_key"])
    if code in _IDENTITY:
        return "duplicate-project" if code == "project-code-taken" else code, _IDENTITY[code](row)
    where = row["resource_key"] if code == "resource-not-found" else row["error_field"]
    if code == "closed-period" and row["period"]:
        where = row["period"]  # one month is reopened at a time, and a replay of it must not meet another
    return code if code in EXPLANATIONS else "dead-letter", fingerprint(
        "dead-letter", code, row["system"], where or row["business_key"].partition(":")[0]
    )


def _at(row: Row) -> str:
    if row["error_code"] in _PROJECT:
        return f": {row['project_key']}"
    if row["error_code"] in _CODE:
        return f": {row['charge_code']}"
    if row["error_code"] in _IDENTITY and (row["project_key"] or row["number"]):
        return f": {row['project_key'] or row['number']}"
    named = row["period"] if row["error_code"] == "closed-period" else None
    where = f" ({named or row['error_field']})" if named or row["error_field"] else ""
    return f" in {row['system']}{where}" if row["system"] else f" in {row['flow']}{where}"


DETECTOR = Detector("dead_letter", "Everything a system refused", ("E4", "X7", "X8", "S8"), __file__, {"dead": dead})

_RUN = {
    "run_id": "run-1",
    "trace_id": "trace-1",
    "flow": "time-to-bill",
    "state": "dead",
    "business_key": "time_entry:TE-kantata-1",
    "system": "netsuite",
    "error_code": "closed-period",
    "error_field": "tranDate",
    "amount": "100.00",
    "currency": "EUR",
    "payload": "{}",
}
_ITEM = {
    "run_id": "run-1",
    "item_key": "TE-kantata-1",
    "kind": "time",
    "billable": True,
    "bill_amount": "960.00",
    "currency": "EUR",
    "project_key": "PRJ-1012",
}

_SALE = {**_RUN, "flow": "quote-to-project", "business_key": "project:PRJ-1012", "system": None, "amount": "90000.00"}
_DRIFTED = {
    **_RUN,
    "flow": "intake",
    "business_key": "time_entry:kantata:3",
    "system": None,
    "payload": '{"system": "kantata"}',
    "error_field": "hours",
    "amount": None,
    "currency": None,
}


def _sale(identity: str) -> str:
    return f'{{"project_code": "PRJ-1012", "ref": {{"system": "salesforce", "id": "{identity}"}}}}'


EXAMPLES = (
    Example(
        "a closed period whose month nobody can tell",
        {"open_runs": [_RUN]},
        [("dead-letter|closed-period|netsuite|tranDate", "TE-kantata-1", "100.00")],
    ),
    Example(
        "each closed month is a case of its own",
        {
            "open_runs": [
                {**_RUN, "payload": '{"work_date": "2026-07-31"}'},
                {**_RUN, "run_id": "run-2", "business_key": "time_entry:2", "payload": '{"work_date": "2026-08-01"}'},
            ]
        },
        [
            ("dead-letter|closed-period|netsuite|2026-07", "TE-kantata-1", "100.00"),
            ("dead-letter|closed-period|netsuite|2026-08", "2", "100.00"),
        ],
    ),
    Example(
        "refused for a missing project, before any snapshot showed the entry: the project's case",
        {"open_runs": [{**_RUN, "error_code": "project-not-found", "payload": '{"project_id": "PRJ-1012"}'}]},
        [("project-missing|erp|PRJ-1012", "TE-kantata-1", "100.00")],
    ),
    Example(
        "sales that are not what their code or project says, and a number given twice: each the case of its thing",
        {
            "open_runs": [
                {**_SALE, "run_id": "run-1", "error_code": "project-code-taken", "payload": _sale("006B")},
                {**_SALE, "run_id": "run-2", "error_code": "project-recoded", "payload": _sale("006C")},
                {**_SALE, "run_id": "run-3", "error_code": "entity-moved", "payload": _sale("006D")},
                {
                    **_RUN,
                    "run_id": "run-4",
                    "business_key": "customer:salesforce:001B",
                    "error_code": "customer-clash",
                    "amount": None,
                    "payload": '{"ref": {"system": "salesforce", "id": "001B"}, "number": " de-1001"}',
                },
            ]
        },
        [
            ("duplicate-project|PRJ-1012", "006B", "90000.00"),
            ("project-recoded|006C", "PRJ-1012", "90000.00"),
            ("entity-moved|PRJ-1012", "PRJ-1012", None),
            ("customer-clash|salesforce|DE-1001", "salesforce:001B", None),
        ],
    ),
    Example(
        "a sale whose project the CRM calls otherwise now: the case of the code that order and work still have",
        {
            "open_runs": [
                {
                    **_SALE,
                    "business_key": "project:PRJ-1012-B",
                    "error_code": "project-recoded",
                    "payload": '{"ref": {"system": "salesforce", "id": "006C"}, "project_code": "PRJ-1012-B"}',
                }
            ],
            "mart_project": [{"project_key": "PRJ-1012", "renamed_to": "PRJ-1012-B"}, {"project_key": "PRJ-1012-B"}],
        },
        [("project-recoded|006C", "PRJ-1012", "90000.00")],
    ),
    Example(
        "refused for a wrong code: the code's case",
        {"open_runs": [{**_RUN, "error_code": "charge-code-not-found", "payload": '{"charge_code": "PRJ-1012.0l0"}'}]},
        [("charge-code-unknown|PRJ-1012.0l0", "TE-kantata-1", "100.00")],
    ),
    Example(
        "a correction of billed work that was refused: its run is in the queue, its money is the invoice's case",
        {"open_runs": [_RUN], "mart_work": [{**_ITEM, "state": "billed", "work_date": "2026-10-05"}]},
        [("dead-letter|closed-period|netsuite|2026-10", "TE-kantata-1", None)],
    ),
    Example(
        "refused before, and its correction too, for another reason: what hangs on it counts once",
        {
            "open_runs": [
                {**_RUN, "run_id": "run-0", "error_code": "validation", "source_version": 1, "amount": "50.00"},
                {**_RUN, "source_version": 2},
            ]
        },
        [
            ("dead-letter|closed-period|netsuite|tranDate", "TE-kantata-1", "100.00"),
            ("dead-letter|validation|netsuite|tranDate", "TE-kantata-1", None),
        ],
    ),
    Example(
        "a correction that was refused of work whose invoice was voided: its money is the invoice's case",
        {"open_runs": [_RUN], "mart_work": [{**_ITEM, "state": "blocked", "blocker": "invoice-void"}]},
        [("dead-letter|closed-period|netsuite|tranDate", "TE-kantata-1", None)],
    ),
    Example(
        "two versions were refused alike: the newest speaks for both",
        {
            "open_runs": [
                {**_RUN, "source_version": 2},
                {**_RUN, "run_id": "run-0", "source_version": 1, "amount": "50.00"},
            ]
        },
        [("dead-letter|closed-period|netsuite|tranDate", "TE-kantata-1", "100.00")],
    ),
    Example(
        "schema drift: what one release did to one field of a source is one case, however many records it meets",
        {
            "open_runs": [
                {**_DRIFTED, "run_id": "run-1", "business_key": "time_entry:kantata:1", "error_code": "retyped-field"},
                {**_DRIFTED, "run_id": "run-2", "business_key": "time_entry:kantata:2", "error_code": "retyped-field"},
                {**_DRIFTED, "run_id": "run-3", "error_code": "new-field", "error_field": "shoe_size"},
                {**_DRIFTED, "run_id": "run-4", "error_code": "retyped-field", "payload": '{"system": "netsuite"}'},
            ]
        },
        [
            ("dead-letter|retyped-field|kantata|hours", "kantata:1", None),
            ("dead-letter|retyped-field|kantata|hours", "kantata:2", None),
            ("dead-letter|new-field|kantata|shoe_size", "kantata:3", None),
            ("dead-letter|retyped-field|netsuite|hours", "kantata:3", None),
        ],
    ),
    Example(
        "the item's own value counts where a snapshot shows it",
        {"open_runs": [_RUN], "mart_work": [{**_ITEM, "blocker": "closed-period", "state": "blocked"}]},
        [("dead-letter|closed-period|netsuite|tranDate", "TE-kantata-1", "960.00")],
    ),
    Example(
        "what another detector explains, and what has settled, is silent",
        {
            "open_runs": [_RUN, {**_RUN, "run_id": "run-2", "state": "settled"}],
            "mart_work": [{**_ITEM, "blocker": "project-missing", "state": "blocked"}],
        },
    ),
)
