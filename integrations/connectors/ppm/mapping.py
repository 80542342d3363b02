"""Portfolio projects, budgets, forecasts and targets ↔ canonical ones; pure."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from integrations.connectors.rows import Row
from integrations.contracts.connector import Observation

STATUS = {name: name for name in ("planned", "active", "closed", "cancelled")}


def project_record(body: Mapping[str, Any]) -> dict[str, Any]:
    """A canonical project as the portfolio keeps it; budget figures belong to the budget."""
    row = Row(body, sparse=True, textual=True)
    value = row.opt_child("budget_value")
    fields = {
        "code": row.text("code"),
        "name": row.text("name"),
        "currencyCode": row.text("currency"),
        "status": row.opt_text("status") or "active",
        "value": value.decimal("amount") if value else None,
    }
    return {name: item for name, item in fields.items() if item is not None}


def budget_record(body: Mapping[str, Any]) -> dict[str, Any]:
    """A canonical budget; money as exact numbers in major units of `currencyCode`, the margin as a share of one."""
    row = Row(body, sparse=True, textual=True)
    value, cost = row.child("value"), row.child("cost")
    fields = {
        "code": row.text("project_code"),
        "currencyCode": value.text("currency"),
        "value": value.decimal("amount"),
        "cost": cost.decimal("amount"),
        "targetMargin": row.decimal("target_margin"),
        "hours": row.opt_decimal("hours"),
        "approved": row.opt_flag("approved") is not False,
    }
    return {name: item for name, item in fields.items() if item is not None}


def project_observation(raw: Mapping[str, Any]) -> Observation:
    """A project as the portfolio has it; the key is the project code."""
    row = Row(raw, sparse=True)
    code = row.text("code")
    fields = {
        "code": code,
        "name": row.opt_text("name"),
        "status": row.choice("status", STATUS) or "active",
        "customer_key": None,
        "currency": row.opt_text("currencyCode"),
        **_figures(row),
    }
    return Observation("project", code, code, fields)


def budget_observation(raw: Mapping[str, Any]) -> Observation:
    """A budget; the key is the code of its project."""
    row = Row(raw, sparse=True)
    code = row.text("code")
    return Observation("budget", code, code, {"project_code": code, **_figures(row)})


def forecast_observation(raw: Mapping[str, Any]) -> Observation:
    """What a project's manager expects: estimate to complete, progress in per cent, baseline and forecast finish."""
    row = Row(raw, sparse=True)
    code, currency = row.text("code"), row.opt_text("currencyCode")
    cost = row.opt_money("etcCost", currency)
    fields = {
        "project_code": code,
        "baseline_starts_on": _day(row, "baselineStart"),
        "baseline_ends_on": _day(row, "baselineFinish"),
        "forecast_ends_on": _day(row, "forecastFinish"),
        "complete": _text(row.opt_decimal("percentComplete")),
        "hours_to_complete": _text(row.opt_decimal("etcHours")),
        "cost_to_complete": cost.model_dump(mode="json") if cost else None,
        "estimated_on": _day(row, "estimatedOn"),
    }
    return Observation("forecast", code, code, fields)


def target_observation(raw: Mapping[str, Any]) -> Observation:
    """The revenue that a legal entity is to earn in the days from `starts_on` to `ends_on`."""
    row = Row(raw, sparse=True)
    code, entity = row.text("code"), row.opt_text("legalEntity")
    revenue = row.money("revenue", row.opt_text("currencyCode"))
    fields = {
        "legal_entity_id": entity,
        "starts_on": row.day("periodStart").isoformat(),
        "ends_on": row.day("periodEnd").isoformat(),
        "revenue": revenue.model_dump(mode="json"),
    }
    return Observation("revenue_target", code, code, fields, entity)


def _day(row: Row, name: str) -> str | None:
    found = row.opt_day(name)
    return found.isoformat() if found else None


def _figures(row: Row) -> dict[str, Any]:
    currency = row.opt_text("currencyCode")
    value, cost = row.opt_money("value", currency), row.opt_money("cost", currency)
    return {
        "value": value.model_dump(mode="json") if value else None,
        "cost": cost.model_dump(mode="json") if cost else None,
        "target_margin": _text(row.opt_decimal("targetMargin")),
        "hours": _text(row.opt_decimal("hours")),
    }


def _text(number: Decimal | None) -> str | None:
    return None if number is None else format(number, "f")
