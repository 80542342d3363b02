"""The project, contract, charge codes and budget that a won opportunity means: pure, so that every replay makes the
same (F1).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from integrations.flows.shaping import plain
from models.canonical.schemas import Budget, ChargeCode, Contract, Opportunity, Project
from models.domain.keys import contract_id, project_id
from models.domain.money import Money

MANDATORY = (
    "contract_type",
    "tax_profile",
    "dimensions.legal_entity_id",
    "dimensions.service_line",
    "dimensions.cost_centre",
)
"""What project and billing set-up cannot do without, as dotted paths of the opportunity (F1)."""

_TERMS = ("contract_type", "value", "statement_of_work", "billing_rules", "milestones", "starts_on", "ends_on")


def missing(sale: Mapping[str, Any]) -> list[str]:
    """Mandatory paths that the opportunity leaves empty, and `approved` when nobody approved it."""
    empty = [path for path in MANDATORY if not _at(sale, path)]
    return empty if sale.get("approved") else ["approved", *empty]


def project_of(sale: Opportunity, known: Mapping[str, Any] | None = None) -> Project:
    """The delivery project of a sale. Whether a known one is open stays as it is: the ERP decides that."""
    return Project(
        project_id=project_id(sale.project_code),
        code=sale.project_code,
        name=sale.name,
        customer_id=sale.customer_id,
        contract_id=contract_id(sale.project_code),
        currency=sale.value.currency,
        dimensions=sale.dimensions,
        tasks=sale.tasks,
        starts_on=sale.starts_on,
        ends_on=sale.ends_on,
        budget_value=sale.value,
        status=(known or {}).get("status", "active"),
    )


def charge_codes_of(sale: Opportunity, known: Mapping[str, Mapping[str, Any]]) -> list[ChargeCode]:
    """One charge code per task that can take time. Whether a known one is open stays as it is: the ERP decides that."""
    return [
        ChargeCode(
            code=task.charge_code,
            project_id=project_id(sale.project_code),
            project_code=sale.project_code,
            task_id=task.task_id,
            legal_entity_id=sale.dimensions.legal_entity_id,
            billable=task.billable,
            active=bool(known.get(task.charge_code, {}).get("active", True)),
        )
        for task in sale.tasks
        if task.charge_code
    ]


def contract_of(sale: Opportunity, known: Mapping[str, Any] | None) -> Contract:
    """The contract in force: the known version where the terms are the same, the next version where they changed."""
    contract = Contract(
        contract_id=contract_id(sale.project_code),
        project_id=project_id(sale.project_code),
        customer_id=sale.customer_id,
        contract_type=sale.contract_type,
        value=sale.value,
        statement_of_work=sale.statement_of_work,
        billing_rules=sale.billing_rules,
        milestones=sale.milestones,
        starts_on=sale.starts_on,
        ends_on=sale.ends_on,
    )
    return contract.model_copy(update={"contract_version": _version(plain(contract), known)})


def budget_of(sale: Opportunity) -> Budget | None:
    """The approved budget: value, cost at the target margin, sold hours. None when no target margin was agreed."""
    if sale.target_margin is None:
        return None
    return Budget(
        project_id=project_id(sale.project_code),
        project_code=sale.project_code,
        value=sale.value,
        cost=Money(amount=sale.value.amount, currency=sale.value.currency).times(1 - sale.target_margin),
        target_margin=sale.target_margin,
        hours=sum((demand.hours for demand in sale.demand), Decimal(0)) or None,
    )


def rates_of(sale: Opportunity) -> dict[str, dict[str, Any]]:
    """Sold bill rate by role, for work that comes without one."""
    return {demand.role: plain(demand.bill_rate) for demand in sale.demand if demand.bill_rate}


def codes_in(sale: Mapping[str, Any]) -> Iterable[str]:
    """The charge codes that an opportunity's JSON names."""
    return [task["charge_code"] for task in sale.get("tasks") or () if task.get("charge_code")]


def _version(contract: Mapping[str, Any], known: Mapping[str, Any] | None) -> int:
    if known is None:
        return 1
    changed = any(known.get(term) != contract[term] for term in _TERMS)
    return int(known["contract_version"]) + int(changed)


def _at(body: Mapping[str, Any], path: str) -> Any:
    value: Any = body
    for part in path.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value
