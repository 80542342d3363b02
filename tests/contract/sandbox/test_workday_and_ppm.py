"""The HCM and PPM emulators against the vendors' sheets; Workday is read with zeep through its own description (S1,
S6).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import zeep
from zeep.wsse.username import UsernameToken

from integrations.sandbox.sandbox import SECRET, Sandbox
from tests.contract.sandbox.house import HandClock, house

PATH = "/workday/ccx/service/novalis/Human_Resources/v42.0"
PPM = "/ppm/portfolio/api/v1"
House = tuple[Sandbox, httpx.Client, HandClock]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[House]:
    with house() as found:
        yield found


def service(client: httpx.Client, password: str = SECRET) -> Any:
    address = f"{client.base_url}{PATH}".replace("//workday", "/workday")
    soap = zeep.Client(f"{address}?wsdl", wsse=UsernameToken("ISU_SYNC@novalis", password))
    return soap.create_service("{urn:com.workday/bsvc/Human_Resources}Human_ResourcesBinding", address)


def asked(page: int = 1, count: int = 100, **criteria: Any) -> dict[str, Any]:
    return {
        "Response_Filter": {"As_Of_Entry_DateTime": "2026-11-18T10:00:00Z", "Page": page, "Count": count},
        **criteria,
    }


def test_workers_page_and_say_who_they_are(sandbox: House) -> None:
    _, client, _ = sandbox
    answer = service(client).Get_Workers(**asked(page=2))
    assert (
        int(answer.Response_Results.Total_Results),
        int(answer.Response_Results.Total_Pages),
        int(answer.Response_Results.Page_Results),
    ) == (160, 2, 60)
    worker = answer.Response_Data.Worker[0]
    ids = {one["type"]: one["_value_1"] for one in worker.Worker_Reference.ID}
    assert ids["Employee_ID"] == worker.Worker_Data.Worker_ID == "E-1101" and len(ids["WID"]) == 32
    pay = worker.Worker_Data.Compensation_Data.Salary_and_Hourly_Data[0]
    assert pay.Compensation_Plan_Reference.ID[0]["_value_1"] == "COST_RATE_HOURLY" and pay.Amount > 20
    companies = {
        place.Organization_Data.Organization_Reference_ID
        for place in worker.Worker_Data.Organization_Data.Worker_Organization_Data
    }
    assert companies & {"NOV-DE", "NOV-UK", "NOV-US"}


def test_the_transaction_log_shows_who_changed(sandbox: House) -> None:
    found, client, clock = sandbox
    found.do("rate", "E-1003", "", at=clock.now())
    window = {
        "Request_Criteria": {
            "Transaction_Log_Criteria_Data": [
                {
                    "Transaction_Date_Range_Data": {
                        "Updated_From": "2026-11-18T09:00:00Z",
                        "Updated_Through": "2026-11-18T10:00:00Z",
                    }
                }
            ]
        }
    }
    answer = service(client).Get_Workers(**asked(**window))
    assert [worker.Worker_Data.Worker_ID for worker in answer.Response_Data.Worker] == ["E-1003"]
    assert answer.Response_Data.Worker[0].Worker_Data.Compensation_Data is None


def test_faults_come_as_soap(sandbox: House) -> None:
    _, client, _ = sandbox
    with pytest.raises(zeep.exceptions.Fault, match="Page number cannot be zero") as zero:
        service(client).Get_Workers(**asked(page=0))
    assert zero.value.code.endswith("Client.validationError")
    with pytest.raises(zeep.exceptions.Fault, match="invalid username or password"):
        service(client, "wrong").Get_Workers(**asked())
    port = service(client)
    client.post("/_world/conditions", json={"vendor": "workday", "kind": "fault"})
    with pytest.raises(zeep.exceptions.Fault, match="Processing error"):
        port.Get_Workers(**asked())


def test_unknown_workers_are_an_error_unless_told_to_skip(sandbox: House) -> None:
    _, client, _ = sandbox
    references = {
        "Worker_Reference": [{"ID": [{"_value_1": number, "type": "Employee_ID"}]} for number in ("E-1001", "E-9999")]
    }
    with pytest.raises(zeep.exceptions.Fault, match="E-9999"):
        service(client).Get_Workers(**asked(Request_References=references))
    skipped = service(client).Get_Workers(
        **asked(Request_References={**references, "Skip_Non_Existing_Instances": True})
    )
    assert [worker.Worker_Data.Worker_ID for worker in skipped.Response_Data.Worker] == ["E-1001"]


def test_a_portfolio_project_is_put_once_and_guarded_by_its_tag(sandbox: House) -> None:
    _, client, _ = sandbox
    body = {"code": "PRJ-1", "name": "Roll-out", "currencyCode": "EUR", "value": 1000.0, "status": "active"}
    first, same = (client.put(f"{PPM}/projects/PRJ-1", json=body) for _ in range(2))
    assert (first.status_code, same.status_code, first.headers["etag"]) == (201, 200, same.headers["etag"])
    newer = client.put(
        f"{PPM}/projects/PRJ-1", json={**body, "value": 1200.0}, headers={"if-match": first.headers["etag"]}
    )
    assert newer.status_code == 200 and newer.headers["etag"] != first.headers["etag"]
    stale = client.put(f"{PPM}/projects/PRJ-1", json=body, headers={"if-match": first.headers["etag"]})
    assert stale.status_code == 409 and client.get(f"{PPM}/projects/PRJ-1").json()["value"] == 1200.0
    assert client.get(f"{PPM}/projects", params={"limit": 10}).json()["total"] == 1
    assert client.put(f"{PPM}/projects/PRJ-2", json={"code": "PRJ-2"}).status_code == 422
    assert client.get(f"{PPM}/budgets/PRJ-1").status_code == 404


def test_the_portfolio_says_when_to_come_back(sandbox: House) -> None:
    """S7: 429 with Retry-After in seconds."""
    _, client, _ = sandbox
    client.post("/_world/conditions", json={"vendor": "ppm", "kind": "throttled"})
    answer = client.get(f"{PPM}/projects")
    assert answer.status_code == 429 and int(answer.headers["retry-after"]) > 0


REPORTS = "/workday/ccx/service/customreport2/novalis/ISU_SYNC"


def test_days_off_are_reports_behind_basic_authentication_from_a_day_on(sandbox: House) -> None:
    """Every day of somebody's week without a timesheet line is time off, unless his company is closed."""
    found, client, _ = sandbox
    found.do("holidays", "2026"), found.do("absence", "1")
    let_in = httpx.BasicAuth("ISU_SYNC@novalis", SECRET)
    asked = {"format": "json", "From": "2026-10-01"}
    closed = client.get(f"{REPORTS}/Holidays", params=asked, auth=let_in).json()["Report_Entry"]
    assert {"Company": "NOV-US", "Date": "2026-11-26", "Holiday": "Thanksgiving"} in closed
    assert min(row["Date"] for row in closed) >= "2026-10-01"
    away = client.get(f"{REPORTS}/Time_Off", params={"format": "json"}, auth=let_in).json()["Report_Entry"]
    first = {day for row in away for day in [row["Date"]]}
    sheets = {(sheet.worker.number, day.isoformat()) for sheet in found.plan.sheets.values() for day in sheet.days}
    assert away and len(first) > 3 and not {(row["Employee_ID"], row["Date"]) for row in away} & sheets
    assert client.get(f"{REPORTS}/Holidays", params=asked, auth=("ISU_SYNC@novalis", "wrong")).status_code == 401
    assert client.get(f"{REPORTS}/Salaries", params=asked, auth=let_in).status_code == 404


def test_estimates_and_targets_are_keyed_in_and_only_read_here(sandbox: House) -> None:
    found, client, clock = sandbox
    found.vendors.ppm.enter("projects", "PRJ-1001", {"currencyCode": "EUR"}, clock.now())
    found.do("forecast", "6"), found.do("target", "2026-10-01")
    (estimate,) = client.get(f"{PPM}/forecasts").json()["items"]
    assert estimate["etcHours"] > 0 < estimate["percentComplete"] < 100
    assert estimate["forecastFinish"] >= estimate["baselineFinish"] > estimate["baselineStart"]
    targets = client.get(f"{PPM}/targets").json()["items"]
    assert {one["legalEntity"] for one in targets} == {"NOV-DE", "NOV-UK", "NOV-US"}
    assert client.put(f"{PPM}/forecasts/PRJ-1001", json=estimate).status_code == 405
