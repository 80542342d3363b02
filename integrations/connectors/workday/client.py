"""Workday on the wire (wire facts: README.md): Human_Resources by zeep over our own HTTP client, reports as JSON."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from importlib.resources import files
from threading import Lock
from types import SimpleNamespace
from typing import Any

from zeep import Client, Settings
from zeep.transports import Transport
from zeep.wsse.username import UsernameToken

from integrations.connectors.credentials import needed
from integrations.connectors.http import HttpClient
from integrations.connectors.reply import Reply
from integrations.connectors.workday.envelope import body_of, local, plain
from integrations.contracts.connector import SystemConfig
from models.domain.clock import Clock
from models.domain.errors import Misconfigured, Rejected, Retriable, TieoutError, Unmappable

BINDING = "{urn:com.workday/bsvc/Human_Resources}Human_ResourcesBinding"
VERSION = "v42.0"
NAMESPACE = {"wd": "urn:com.workday/bsvc"}
HARDENED = Settings(raw_response=True, xml_huge_tree=False, forbid_dtd=True, forbid_entities=True, forbid_external=True)


@dataclass(frozen=True, slots=True)
class WorkerPage:
    """One page of workers as nested mappings of text, and how many pages there are."""

    workers: list[Mapping[str, Any]]
    page: int
    pages: int


class WorkdayClient:
    """Get_Workers with WS-Security, paging and the vendor's faults; reports with basic authentication. Thread-safe."""

    def __init__(self, config: SystemConfig, clock: Clock) -> None:
        self._config = config
        self.http = HttpClient(config, clock)
        self._path = _service(config)
        self._service: Any = None
        self._lock = Lock()
        self._kept: dict[tuple[int, int], tuple[bytes, WorkerPage]] = {}

    def workers(self, since: str | None, through: str, page: int, count: int) -> WorkerPage:
        """Workers whose data was entered after `since` (None: all), as they stood at `through` (ISO UTC). A page of all
        that came as it was before is the page of before: reading it is most of what a snapshot costs.
        """
        window = {"Transaction_Date_Range_Data": {"Updated_From": since, "Updated_Through": through}}
        request: dict[str, Any] = {
            "Response_Filter": {"As_Of_Entry_DateTime": through, "Page": str(page), "Count": str(count)},
            "Response_Group": {
                f"Include_{part}": "true"
                for part in (
                    "Reference",
                    "Personal_Information",
                    "Employment_Information",
                    "Compensation",
                    "Organizations",
                )
            },
            "version": VERSION,
        }
        if since:
            request["Request_Criteria"] = {"Transaction_Log_Criteria_Data": [window]}
        content = self._sent(request)
        _, _, data = content.partition(b"Response_Data")  # before it, the moment that was asked for is repeated
        kept = self._kept.get((page, count)) if data and since is None else None
        if kept is None or kept[0] != data:
            kept = data, self._page(self._read(content))
            if since is None:
                self._kept[page, count] = kept
        return kept[1]

    def report(self, path: str, since: date) -> list[Mapping[str, Any]]:
        """The rows of a custom report (`<owner>/<name>`) from a day on; the vendor does not page it."""
        given = needed(self._config, "username", "password")
        secret = b64encode(f"{given['username']}:{given['password']}".encode()).decode()
        reply = self.http.read(
            f"/ccx/service/customreport2/{self._config.options.get('tenant')}/{path}",
            {"format": "json", "From": since.isoformat()},
            {"authorization": f"Basic {secret}"},
        )
        if not reply.ok:
            said = reply.body[:200].decode("utf-8", "replace")
            raise self.http.fault(reply, said) or Misconfigured(
                f"{self._config.name} answered {reply.status} for the report {path}: is it shared with this user?"
            )
        body = reply.json()
        rows = body.get("Report_Entry") if isinstance(body, Mapping) else None
        if not isinstance(rows, list):
            raise Unmappable(
                f"{self._config.name} sent the report {path} without entries", "Report_Entry", code="bad-payload"
            )
        return rows

    def close(self) -> None:
        self.http.close()

    def __repr__(self) -> str:
        return f"WorkdayClient({self._config.name!r})"

    def _sent(self, request: Mapping[str, Any]) -> bytes:
        header = {"header": {"Include_Reference_Descriptors_In_Response": "true"}}
        content: bytes = self._port().Get_Workers(**request, _soapheaders=header).content
        return content

    def _read(self, content: bytes) -> Mapping[str, Any]:
        answer = body_of(content, HARDENED, self._config.name)
        if local(answer.tag) == "Fault":
            raise self._refused(answer)
        body = plain(answer)
        if local(answer.tag) != "Get_Workers_Response" or not isinstance(body, Mapping):
            raise Unmappable(f"{self._config.name} answered with {local(answer.tag)}", "Body", code="bad-payload")
        return body

    def _page(self, body: Mapping[str, Any]) -> WorkerPage:
        results, data = body.get("Response_Results") or {}, body.get("Response_Data") or {}
        try:
            return WorkerPage(
                [dict(one) for one in data.get("Worker") or ()],
                int(results.get("Page") or 1),
                int(results["Total_Pages"] or 0),
            )
        except (AttributeError, KeyError, TypeError, ValueError):
            raise Unmappable(
                f"{self._config.name} did not say how many pages there are",
                "Response_Results.Total_Pages",
                code="bad-payload",
            ) from None

    def _port(self) -> Any:
        """The service, made once: reading the description takes some 50 ms."""
        with self._lock:
            if self._service is None:
                given = needed(self._config, "username", "password")
                token = UsernameToken(given["username"], given["password"])  # type: ignore[no-untyped-call]
                client = Client(
                    str(files(__package__) / "human_resources.wsdl"),
                    wsse=token,
                    transport=_Wire(self.http),
                    settings=HARDENED,
                )  # type: ignore[no-untyped-call]
                self._service = client.create_service(BINDING, self._path)  # type: ignore[no-untyped-call]
            return self._service

    def _refused(self, fault: Any) -> TieoutError:
        message, code = self.http.clean(fault.findtext("faultstring") or ""), str(fault.findtext("faultcode") or "")
        said = f"{self._config.name} answered with the fault {code}: {message}"
        if "authentication" in code.lower():
            return Misconfigured(f"{said}; check the credentials of {self._config.name} (username, password)")
        if "validation" in code.lower():
            return Rejected(
                said, code="validation", field=fault.findtext(".//wd:Xpath", None, NAMESPACE), answer={"fault": message}
            )
        return Retriable(said)


def _service(config: SystemConfig) -> str:
    """The path of the SOAP service, as given or as it follows from the tenant."""
    service, tenant = config.options.get("service"), config.options.get("tenant")
    if not service and not tenant:
        raise Misconfigured(
            f"{config.name}: option tenant (or service, the path itself) is not set in the systems file"
        )
    return str(service or f"/ccx/service/{tenant}/Human_Resources/{VERSION}")


class _Wire(Transport):
    """zeep's transport over our client, so that trace context, time limits and error names are the same everywhere."""

    def __init__(self, http: HttpClient) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._http = http

    def post(self, address: str, message: bytes, headers: Mapping[str, str]) -> Any:
        sent = {
            "content-type": "text/xml; charset=utf-8",
            "accept": "text/xml",
            "soapaction": headers.get("SOAPAction", '""'),
        }
        reply = self._http.call("POST", address, message, headers=sent)
        if not reply.ok and not _soap(reply):
            said = reply.body[:200].decode("utf-8", "replace")
            raise self._http.fault(reply, said) or Misconfigured(
                f"{self._http.config.name} answered {reply.status}: {self._http.clean(said)}"
            )
        return SimpleNamespace(
            status_code=reply.status, content=reply.body, headers={"Content-Type": "text/xml"}, encoding="utf-8"
        )


def _soap(reply: Reply) -> bool:
    """Whether an error is a SOAP fault: those come with status 500 and an envelope."""
    return reply.status == 500 and b"Envelope" in reply.body[:400]
