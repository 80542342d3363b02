"""Workday's Human_Resources SOAP service as `workday` in the sandbox (source: the vendor sheet).

Get_Workers with WS-Security UsernameToken, transaction-log window, references, pinned As_Of_Entry_DateTime paging and the
vendor's faults (HTTP 500 with a SOAP Fault); `?wsdl` serves the description. The cost rate an hour is the compensation plan
COST_RATE_HOURLY, the company is the legal entity, both in the vendor's own places.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from importlib.resources import files
from typing import Any
from uuid import NAMESPACE_OID, uuid5
from xml.sax.saxutils import escape, quoteattr

from lxml import etree

from integrations.sandbox.ledger import Ledger, Row
from integrations.sandbox.wire import Answer, Request, instant, iso_z
from models.domain.clock import Clock

NS = {"wd": "urn:com.workday/bsvc", "wsse": "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"}
XML = "text/xml;charset=UTF-8"
_PARSER = etree.XMLParser(resolve_entities=False, no_network=True)


class Workday:
    """The HCM: workers with their jobs, pay and organisations, each version kept with the moment it was entered."""

    name = "workday"

    def __init__(self, ledger: Ledger, clock: Clock, secret: str) -> None:
        self._clock, self._secret = clock, secret
        self.workers = ledger.table("workday.workers")

    def save(self, number: str, fields: Mapping[str, Any], at: datetime) -> None:
        """Hire a worker or change one, entered at a moment."""
        self.workers.put(number, {**(self.workers.get(number) or {}), **fields, "number": number, "entered_at": iso_z(at)})

    def answer(self, request: Request) -> Answer:
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
        return fault("Server.processingError", "Processing error occurred. The task could not be completed.", "<wd:Processing_Fault><wd:Detail_Message>Service is under load, try again</wd:Detail_Message></wd:Processing_Fault>")

    def _workers(self, asked: Any) -> Answer:
        text = {name: asked.findtext(f"wd:Response_Filter/wd:{name}", None, NS) for name in ("Page", "Count", "As_Of_Entry_DateTime", "As_Of_Effective_Date")}
        number, count = int(float(text["Page"] or 1)), int(float(text["Count"] or 100))
        if number < 1:
            return invalid("Page number cannot be zero.", "/wd:Get_Workers_Request/wd:Response_Filter/wd:Page")
        if not 1 <= count <= 999:
            return invalid("Count must be from 1 to 999.", "/wd:Get_Workers_Request/wd:Response_Filter/wd:Count")
        as_of = iso_z(instant(text["As_Of_Entry_DateTime"])) if text["As_Of_Entry_DateTime"] else iso_z(self._clock.now())
        try:
            rows = self._chosen(asked, as_of)
        except KeyError as missing:
            return invalid(f"Invalid ID value. '{missing.args[0]}' is not a valid ID value for type = 'Employee_ID'", "/wd:Get_Workers_Request/wd:Request_References")
        shown = rows[(number - 1) * count : number * count]
        group = {name: asked.findtext(f"wd:Response_Group/wd:{name}", "true", NS).lower() in ("true", "1") for name in (
            "Include_Personal_Information", "Include_Employment_Information", "Include_Compensation", "Include_Organizations")}  # fmt: skip
        return body(
            f'<wd:Get_Workers_Response xmlns:wd="{NS["wd"]}" wd:version="v42.0">'
            f"<wd:Response_Filter><wd:As_Of_Entry_DateTime>{as_of}</wd:As_Of_Entry_DateTime><wd:Page>{number}</wd:Page><wd:Count>{count}</wd:Count></wd:Response_Filter>"
            f"<wd:Response_Results><wd:Total_Results>{len(rows)}</wd:Total_Results><wd:Total_Pages>{-(-len(rows) // count)}</wd:Total_Pages>"
            f"<wd:Page_Results>{len(shown)}</wd:Page_Results><wd:Page>{number}</wd:Page></wd:Response_Results>"
            f"<wd:Response_Data>{''.join(worker(row, group) for row in shown)}</wd:Response_Data></wd:Get_Workers_Response>"
        )

    def _chosen(self, asked: Any, as_of: str) -> list[Row]:
        references = asked.find("wd:Request_References", NS)
        if references is not None:
            skip = any(references.get(f"{{{NS['wd']}}}{name}") in ("true", "1") for name in ("Skip_Non_Existing_Instances", "Ignore_Invalid_References"))
            wanted = [identity.text or "" for identity in references.iterfind("wd:Worker_Reference/wd:ID", NS)]
            return [self.workers.rows[key] for key in wanted if not skip or key in self.workers.rows]
        window = [
            (iso_z(instant(found)) if found else None)
            for found in (asked.findtext(f".//wd:Transaction_Date_Range_Data/wd:{name}", None, NS) for name in ("Updated_From", "Updated_Through"))
        ]
        if window == [None, None]:
            return list(self.workers)
        low, high = window[0] or "", min(window[1] or "9", as_of)
        return [row for row in self.workers if low <= row["entered_at"] <= high]


def worker(row: Row, group: Mapping[str, bool]) -> str:
    """One worker in the vendor's element order; parts that the response group leaves out are absent."""
    wid, name = uuid5(NAMESPACE_OID, row["number"]).hex, f"{row['first']} {row['last']}"
    return (
        f"<wd:Worker><wd:Worker_Reference wd:Descriptor={quoteattr(name)}><wd:ID wd:type=\"WID\">{wid}</wd:ID><wd:ID wd:type=\"Employee_ID\">{row['number']}</wd:ID></wd:Worker_Reference>"
        f"<wd:Worker_Descriptor>{escape(name)}</wd:Worker_Descriptor>"
        f"<wd:Worker_Data><wd:Worker_ID>{row['number']}</wd:Worker_ID><wd:User_ID>{escape(row['user'])}</wd:User_ID>"
        f"{_person(row, name)}{_job(row) if group['Include_Employment_Information'] else ''}{_pay(row) if group['Include_Compensation'] else ''}"
        f"{_places(row) if group['Include_Organizations'] else ''}</wd:Worker_Data></wd:Worker>"
    )


def _person(row: Row, name: str) -> str:
    detail = f"<wd:Name_Detail_Data wd:Formatted_Name={quoteattr(name)}><wd:First_Name>{escape(row['first'])}</wd:First_Name><wd:Last_Name>{escape(row['last'])}</wd:Last_Name></wd:Name_Detail_Data>"
    mail = f"<wd:Contact_Data><wd:Email_Address_Data><wd:Email_Address>{escape(row['email'])}</wd:Email_Address></wd:Email_Address_Data></wd:Contact_Data>"
    return f"<wd:Personal_Data><wd:Name_Data><wd:Legal_Name_Data>{detail}</wd:Legal_Name_Data></wd:Name_Data>{mail}</wd:Personal_Data>"


def _job(row: Row) -> str:
    title = escape(row["role"])
    return (
        f'<wd:Employment_Data><wd:Worker_Job_Data wd:Primary_Job="1"><wd:Position_Data><wd:Position_ID>P-{row["number"][2:]}</wd:Position_ID>'
        f"<wd:Position_Title>{title}</wd:Position_Title><wd:Business_Title>{title}</wd:Business_Title><wd:Scheduled_Weekly_Hours>{row['weekly_hours']}</wd:Scheduled_Weekly_Hours>"
        f"<wd:Full_Time_Equivalent_Percentage>100</wd:Full_Time_Equivalent_Percentage><wd:Job_Profile_Summary_Data><wd:Job_Profile_Name>{title}</wd:Job_Profile_Name></wd:Job_Profile_Summary_Data>"
        f"<wd:Effective_Date>{row['hired']}-08:00</wd:Effective_Date></wd:Position_Data></wd:Worker_Job_Data>"
        f"<wd:Worker_Status_Data><wd:Active>{'true' if row['active'] else 'false'}</wd:Active><wd:Hire_Date>{row['hired']}-08:00</wd:Hire_Date>"
        f"<wd:Terminated>{'false' if row['active'] else 'true'}</wd:Terminated></wd:Worker_Status_Data></wd:Employment_Data>"
    )


def _pay(row: Row) -> str:
    if row.get("cost_rate") is None:
        return "<wd:Compensation_Data/>"
    plan = '<wd:Compensation_Plan_Reference wd:Descriptor="Cost rate, hourly"><wd:ID wd:type="Compensation_Plan_ID">COST_RATE_HOURLY</wd:ID></wd:Compensation_Plan_Reference>'
    return (
        f"<wd:Compensation_Data><wd:Salary_and_Hourly_Data>{plan}<wd:Amount>{row['cost_rate']}</wd:Amount>"
        f'<wd:Currency_Reference><wd:ID wd:type="Currency_ID">{row["currency"]}</wd:ID></wd:Currency_Reference>'
        f'<wd:Frequency_Reference><wd:ID wd:type="Frequency_ID">Hourly</wd:ID></wd:Frequency_Reference></wd:Salary_and_Hourly_Data></wd:Compensation_Data>'
    )


def _places(row: Row) -> str:
    places = (("COMPANY", row["legal_entity"], row["company"]), ("COST_CENTER", row["cost_centre"], f"Cost centre {row['cost_centre']}"))
    return "<wd:Organization_Data>" + "".join(
        f'<wd:Worker_Organization_Data><wd:Organization_Reference wd:Descriptor={quoteattr(name)}><wd:ID wd:type="Organization_Reference_ID">{code}</wd:ID></wd:Organization_Reference>'
        f"<wd:Organization_Data><wd:Organization_Reference_ID>{code}</wd:Organization_Reference_ID><wd:Organization_Code>{code}</wd:Organization_Code><wd:Organization_Name>{escape(name)}</wd:Organization_Name>"
        f'<wd:Organization_Type_Reference><wd:ID wd:type="Organization_Type_ID">{kind}</wd:ID></wd:Organization_Type_Reference></wd:Organization_Data></wd:Worker_Organization_Data>'
        for kind, code, name in places if code
    ) + "</wd:Organization_Data>"  # fmt: skip


def body(content: str, status: int = 200) -> Answer:
    text = f'<?xml version="1.0" encoding="UTF-8"?><SOAP-ENV:Envelope xmlns:SOAP-ENV="http://schemas.xmlsoap.org/soap/envelope/"><SOAP-ENV:Body>{content}</SOAP-ENV:Body></SOAP-ENV:Envelope>'
    return Answer(status, text.encode(), {}, XML)


def fault(code: str, message: str, detail: str = "") -> Answer:
    inner = f'<detail xmlns:wd="{NS["wd"]}">{detail}</detail>' if detail else ""
    return body(f"<SOAP-ENV:Fault><faultcode>SOAP-ENV:{code}</faultcode><faultstring>{escape(message)}</faultstring>{inner}</SOAP-ENV:Fault>", 500)


def invalid(message: str, path: str) -> Answer:
    detail = f"<wd:Validation_Fault><wd:Validation_Error><wd:Message>{escape(message)}</wd:Message><wd:Detail_Message>{escape(message)}</wd:Detail_Message><wd:Xpath>{path}</wd:Xpath></wd:Validation_Error></wd:Validation_Fault>"
    return fault("Client.validationError", f"Validation error occurred. {message}", detail)
