"""Vendors as their customers set them up: an account's zone, an org's one currency (M6, M7)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from integrations.connectors import salesforce
from integrations.connectors.netsuite.dates import TOUCHED, AccountZone, fixed
from integrations.contracts.connector import Role, SystemConfig
from models.domain.clock import SystemClock
from models.domain.errors import Misconfigured
from tests.findings.test_inputs_vendors import NO_COLUMN, answering


def erp(**options: Any) -> SystemConfig:
    return SystemConfig("netsuite", "netsuite", Role.ERP, "http://127.0.0.1:1", options=options)


@pytest.mark.finding("C11d")
@pytest.mark.req("M7")
def test_a_time_without_a_zone_is_in_the_accounts_zone() -> None:
    """M7: 21:00 in Los Angeles is the next day in UTC; what says its zone itself is left as it is."""
    zone = AccountZone(erp(zone="America/Los_Angeles"))
    row = {"id": "1", "lastmodifieddate": "2026-11-28T21:00:00", "createddate": "2026-11-28T21:00:00Z", TOUCHED: "x"}
    assert zone.row(row) == {
        "id": "1",
        "lastmodifieddate": "2026-11-29T05:00:00Z",
        "createddate": "2026-11-28T21:00:00Z",
    }
    assert zone.literal(datetime(2026, 11, 29, 5, tzinfo=UTC)).startswith("TO_TIMESTAMP('2026-11-28 21:00:00'")
    assert zone.repeats and not AccountZone(erp()).repeats


def test_a_zone_nobody_knows_is_refused() -> None:
    with pytest.raises(Misconfigured, match="option zone is 'Berlin'"):
        AccountZone(erp(zone="Berlin"))


def test_every_date_of_a_statement_is_asked_for_in_one_format() -> None:
    """The time of change stands beside as the vendor compares it, once."""
    asked = fixed("SELECT r.id, r.trandate, r.createddate, r.lastmodifieddate FROM timebill r")
    assert asked == (
        "SELECT r.id, TO_CHAR(r.trandate, 'YYYY-MM-DD') AS trandate, "
        "TO_CHAR(r.createddate, 'YYYY-MM-DD\"T\"HH24:MI:SS') AS createddate, "
        "TO_CHAR(r.lastmodifieddate, 'YYYY-MM-DD\"T\"HH24:MI:SS') AS lastmodifieddate, "
        "r.lastmodifieddate AS touched FROM timebill r"
    )


@pytest.mark.req("M6")
@pytest.mark.parametrize("currency", ["EUR", None])
def test_an_org_of_one_currency_has_its_own_or_says_that_none_is_given(currency: str | None) -> None:
    """M6: records that name no currency are in the org's own; without it `check` names the option."""
    account = {
        name: None for name in ("AccountNumber", "ParentId", "BillingCountry", "Tax_Id__c", "Tax_Profile__c")
    } | {"Id": "001", "Name": "ACME", "Legal_Entity__c": "NOV-DE", "Ext_Key__c": "C-1", "IsDeleted": False}
    account |= {"SystemModstamp": "2026-11-28T21:00:00.000+0000"}

    def say(path: str, body: bytes) -> tuple[int, Any]:
        if "CurrencyIsoCode" in path:
            return 400, NO_COLUMN
        if "limits" in path:
            return 200, {"DailyApiRequests": {"Max": 15000, "Remaining": 14998}}
        return 200, {"access_token": "t" * 10} if "token" in path else {"done": True, "records": [account]}

    secrets = {"client_id": "a" * 8, "client_secret": "b" * 8}
    with answering(say) as address:
        options = {"currency": currency} if currency else {}
        config = SystemConfig("crm", "salesforce", Role.CRM, address, ("NOV-DE",), secrets, options)
        crm = salesforce.CONNECTOR(config, SystemClock())
        (event,) = crm.poll("accounts", None).events
        assert event.data["currency"] == currency
        if currency:
            assert "14998 of 15000" in crm.check()
        else:
            with pytest.raises(Misconfigured, match="option currency"):
                crm.check()
