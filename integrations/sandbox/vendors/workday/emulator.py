"""Workday's Human_Resources SOAP service as `workday` in the sandbox (facts: its connector's README).

Get_Workers with WS-Security UsernameToken, transaction-log window, references, pinned As_Of_Entry_DateTime paging and
the vendor's faults (HTTP 500 with a SOAP Fault); `?wsdl` serves the description. The cost rate an hour is the
compensation plan COST_RATE_HOURLY, the company is the legal entity, both in the vendor's own places. Time off and
holidays are custom reports as a service: `…/customreport2/<tenant>/<owner>/<report>?format=json`, basic authentication.
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Mapping
from datetime import datetime
from importlib.resources import files
from typing import Any
from uuid import NAMESPACE_OID, uuid5
from xml.sax.saxutils import escape, quoteattr

from lxml import etree

from integrations.sandbox.vendors.wire import Answer, Request, instant, iso_z, json_answer
from integrations.sandbox.world.ledger import Ledger, Row
from models.domain.clock import Clock

NS = {
    "wd": "urn:com.workday/bsvc",
    "wsse": "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd",
}
XML = "text/xml;charset=UTF-8"
SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
REPORTS = "/ccx/service/customreport2/"
_PARSER = etree.XMLParser(resolve_entities=False, no_network=True)


class Workday:
    """The HCM: workers with their jobs, pay and organisations, each version kept with the moment it was entered."""

    name = "workday"

    def __init__(self, ledger: Ledger, clock: Clock, secret: str) -> None:
        self._clock, self._secret = clock, secret
        self.workers = ledger.table("workday.workers")
        self.reports = {"Time_Off": ledger.table("workday.time_off"), "Holidays": ledger.table("workday.holidays")}

    def save(self, number: str, fields: Mapping[str, Any], at: datetime) -> None:
        """Hire a worker or change one, entered at a moment."""
        self.workers.put(
            number, {**(self.workers.get(number) or {}), **fields, "number": number, "entered_at": iso_z(at)}
        )

    def enter(self, kind: str, key: str, fields: Mapping[str, str]) -> None:
        """A day off (`time_off`) or a company's holiday (`holidays`), as the report of its kind will show it."""
        self.reports["Time_Off" if kind == "time_off" else "Holidays"].put(key, dict(fields))

    def answer(self, request: Request) -> Answer:
        if REPORTS in request.path:
            return self._report(request)
        if "wsdl" in request.query_string.lower():
            return Answer(200, files(__package__).joinpath("human_resources.wsdl").read_bytes(), {}, XML)
        try:
            envelope = etree.fromstring(request.body, _PARSER)
        except etree.XMLSyntaxError:
            return fault("Client.validationError", "Invalid request: the body is not XML.")
        password = envelope.findtext(".//wsse:UsernameToken/wsse:Password", None, NS)
        if password != self._secret and request.bearer != self._secret:
            return fault("Client.authenticationError", "invalid username or password")
        asked = envelope.find(".//wd:Get_Workers_Request", NS)
        if asked is None:
            return fault("Client.validationError", "Invalid request: this service offers Get_Workers.")
        return self._workers(asked)

    def disturbed(self, kind: str, request: Request) -> Answer:
        if kind == "throttled":
            return Answer(429, b"", {"Retry-After": "1"}, XML)
        if kind == "unavailable":
            return Answer(503, b"<html>Workday is currently unavailable</html>", {}, "text/html")
        if kind == "expired":
            return fault("Client.authenticationError", "invalid username or password")
        return fault(
            "Server.processingError",
            "Processing error occurred. The task could not be completed.",
            "<wd:Processing_Fault><wd:Detail_Message>Service is under load, try again</wd:Detail_Message>"
            "</wd:Processing_Fault>",
        )

    def _report(self, request: Request) -> Answer:
        """All rows of a report from the day of its prompt on: every value is text, what is empty is left out."""
        _, password = basic(request)
        if password != self._secret:
            return json_answer({"error": "invalid username or password"}, 401)
        name = request.path.rsplit("/", 1)[-1]
        if name not in self.reports or request.query.get("format") != "json":
            return json_answer({"error": f"no report {name}"}, 404)
        since = request.query.get("From", "")[:10]
        rows = [row for row in self.reports[name] if row["Date"] >= since]
        return json_answer({"Report_Entry": rows})

    def _workers(self, asked: Any) -> Answer:
        text = {
            name: asked.findtext(f"wd:Response_Filter/wd:{name}", None, NS)
            for name in ("Page", "Count", "As_Of_Entry_DateTime", "As_Of_Effective_Date")
        }
        number, count = int(float(text["Page"] or 1)), int(float(text["Count"] or 100))
        if number < 1:
            return invalid("Page number cannot be zero.", "/wd:Get_Workers_Request/wd:Response_Filter/wd:Page")
        if not 1 <= count <= 999:
            return invalid("Count must be from 1 to 999.", "/wd:Get_Workers_Request/wd:Response_Filter/wd:Count")
        as_of = (
            iso_z(instant(text["As_Of_Entry_DateTime"])) if text["As_Of_Entry_DateTime"] else iso_z(self._clock.now())
        )
        try:
            rows = self._chosen(asked, as_of)
        except KeyError as missing:
            return invalid(
                f"Invalid ID value. '{missing.args[0]}' is not a valid ID value for type = 'Employee_ID'",
                "/wd:Get_Workers_Request/wd:Request_References",
            )
        shown = rows[(number - 1) * count : number * count]
        group = {
            name: asked.findtext(f"wd:Response_Group/wd:{name}", "true", NS).lower() in ("true", "1")
            for name in (
                "Include_Personal_Information",
                "Include_Employment_Information",
                "Include_Compensation",
                "Include_Organizations",
            )
        }
        filtered = el(
            "Response_Filter", el("As_Of_Entry_DateTime", as_of), el("Page", str(number)), el("Count", str(count))
        )
        totals = {
            "Total_Results": len(rows),
            "Total_Pages": -(-len(rows) // count),
            "Page_Results": len(shown),
            "Page": number,
        }
        results = el("Response_Results", *(el(name, str(value)) for name, value in totals.items()))
        data = el("Response_Data", *(worker(row, group) for row in shown))
        return body(
            f'<wd:Get_Workers_Response xmlns:wd="{NS["wd"]}" wd:version="v42.0">'
            f"{filtered}{results}{data}</wd:Get_Workers_Response>"
        )

    def _chosen(self, asked: Any, as_of: str) -> list[Row]:
        references = asked.find("wd:Request_References", NS)
        if references is not None:
            skip = any(
                references.get(f"{{{NS['wd']}}}{name}") in ("true", "1")
                for name in ("Skip_Non_Existing_Instances", "Ignore_Invalid_References")
            )
            wanted = [identity.text or "" for identity in references.iterfind("wd:Worker_Reference/wd:ID", NS)]
            return [self.workers.rows[key] for key in wanted if not skip or key in self.workers.rows]
        window = [
            (iso_z(instant(found)) if found else None)
            for found in (
                asked.findtext(f".//wd:Transaction_Date_Range_Data/wd:{name}", None, NS)
                for name in ("Updated_From", "Updated_Through")
            )
        ]
        if window == [None, None]:
            return list(self.workers)
        low, high = window[0] or "", min(window[1] or "9", as_of)
        return [row for row in self.workers if low <= row["entered_at"] <= high]


def basic(request: Request) -> tuple[str, str]:
    """User and password of a request's basic authentication; empty where there is none."""
    kind, _, given = request.headers.get("authorization", "").partition(" ")
    try:
        user, _, password = b64decode(given, validate=True).decode().partition(":")
    except ValueError:
        return "", ""
    return (user, password) if kind == "Basic" else ("", "")


def worker(row: Row, group: Mapping[str, bool]) -> str:
    """One worker in the vendor's element order; parts that the response group leaves out are absent."""
    wid, name = uuid5(NAMESPACE_OID, row["number"]).hex, f"{row['first']} {row['last']}"
    parts = [el("Worker_ID", row["number"]), el("User_ID", escape(row["user"])), _person(row, name)]
    parts += [_job(row)] if group["Include_Employment_Information"] else []
    parts += [_pay(row)] if group["Include_Compensation"] else []
    parts += [_places(row)] if group["Include_Organizations"] else []
    reference = el("Worker_Reference", identity("WID", wid), identity("Employee_ID", row["number"]), Descriptor=name)
    return el("Worker", reference, el("Worker_Descriptor", escape(name)), el("Worker_Data", *parts))


def _person(row: Row, name: str) -> str:
    detail = el(
        "Name_Detail_Data",
        el("First_Name", escape(row["first"])),
        el("Last_Name", escape(row["last"])),
        Formatted_Name=name,
    )
    mail = el("Contact_Data", el("Email_Address_Data", el("Email_Address", escape(row["email"]))))
    return el("Personal_Data", el("Name_Data", el("Legal_Name_Data", detail)), mail)


def _job(row: Row) -> str:
    title = escape(row["role"])
    position = el(
        "Position_Data",
        el("Position_ID", f"P-{row['number'][2:]}"),
        el("Position_Title", title),
        el("Business_Title", title),
        el("Scheduled_Weekly_Hours", str(row["weekly_hours"])),
        el("Full_Time_Equivalent_Percentage", "100"),
        el("Job_Profile_Summary_Data", el("Job_Profile_Name", title)),
        el("Effective_Date", f"{row['hired']}-08:00"),
    )
    active = el("Active", "true" if row["active"] else "false")
    gone = el("Terminated", "false" if row["active"] else "true")
    status = el("Worker_Status_Data", active, el("Hire_Date", f"{row['hired']}-08:00"), gone)
    return el("Employment_Data", el("Worker_Job_Data", position, Primary_Job="1"), status)


def _pay(row: Row) -> str:
    if row.get("cost_rate") is None:
        return el("Compensation_Data")
    plan = el(
        "Compensation_Plan_Reference",
        identity("Compensation_Plan_ID", "COST_RATE_HOURLY"),
        Descriptor="Cost rate, hourly",
    )
    currency = el("Currency_Reference", identity("Currency_ID", row["currency"]))
    frequency = el("Frequency_Reference", identity("Frequency_ID", "Hourly"))
    return el(
        "Compensation_Data", el("Salary_and_Hourly_Data", plan, el("Amount", row["cost_rate"]), currency, frequency)
    )


def _places(row: Row) -> str:
    centre = row["cost_centre"]
    places = (("COMPANY", row["legal_entity"], row["company"]), ("COST_CENTER", centre, f"Cost centre {centre}"))
    return el("Organization_Data", *(_place(*place) for place in places if place[1]))


def _place(kind: str, code: str, name: str) -> str:
    data = el(
        "Organization_Data",
        el("Organization_Reference_ID", code),
        el("Organization_Code", code),
        el("Organization_Name", escape(name)),
        el("Organization_Type_Reference", identity("Organization_Type_ID", kind)),
    )
    return el(
        "Worker_Organization_Data",
        el("Organization_Reference", identity("Organization_Reference_ID", code), Descriptor=name),
        data,
    )


def el(name: str, *content: str, **attributes: str) -> str:
    """An element of the vendor's namespace; content is XML already, attribute values are plain."""
    marks = "".join(f" wd:{key}={quoteattr(value)}" for key, value in attributes.items())
    return f"<wd:{name}{marks}>{''.join(content)}</wd:{name}>"


def identity(kind: str, value: str) -> str:
    """A reference id of a type."""
    return el("ID", value, type=kind)


def body(content: str, status: int = 200) -> Answer:
    envelope = (
        f'<SOAP-ENV:Envelope xmlns:SOAP-ENV="{SOAP}"><SOAP-ENV:Body>{content}</SOAP-ENV:Body></SOAP-ENV:Envelope>'
    )
    text = f'<?xml version="1.0" encoding="UTF-8"?>{envelope}'
    return Answer(status, text.encode(), {}, XML)


def fault(code: str, message: str, detail: str = "") -> Answer:
    inner = f'<detail xmlns:wd="{NS["wd"]}">{detail}</detail>' if detail else ""
    return body(
        f"<SOAP-ENV:Fault><faultcode>SOAP-ENV:{code}</faultcode>"
        f"<faultstring>{escape(message)}</faultstring>{inner}</SOAP-ENV:Fault>",
        500,
    )


def invalid(message: str, path: str) -> Answer:
    error = el(
        "Validation_Error", el("Message", escape(message)), el("Detail_Message", escape(message)), el("Xpath", path)
    )
    detail = el("Validation_Fault", error)
    return fault("Client.validationError", f"Validation error occurred. {message}", detail)
