"""SOAP answers as plain mappings. zeep's own reading gives up on a sequence at its first unknown element; a vendor adds
some with each release, so answers are read by name here, and what the service description does not have is kept apart.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

from lxml import etree
from zeep import Settings
from zeep.exceptions import Error
from zeep.loader import parse_xml

from models.domain.errors import Unmappable

SOAP = "{http://schemas.xmlsoap.org/soap/envelope/}"
SCHEMA = "{http://www.w3.org/2001/XMLSchema}"
MANY = frozenset(
    {"Worker", "ID", "Worker_Job_Data", "Salary_and_Hourly_Data", "Worker_Organization_Data", "Email_Address_Data"}
)
UNKNOWN = "_unknown"
TEXT = "_value_1"


def body_of(content: bytes, settings: Settings, system: str) -> Any:
    """The first element in the body of an envelope. Document types, entities and outside references are refused.

    Raises Unmappable when the content is no SOAP envelope.
    """
    reading: Any = parse_xml
    try:
        envelope = reading(content, None, settings=settings)
    except (Error, etree.XMLSyntaxError, ValueError) as error:
        raise Unmappable(
            f"{system} sent an answer that is no readable XML ({type(error).__name__})", "Envelope", code="bad-payload"
        ) from None
    body = envelope.find(f"{SOAP}Body")
    found = [child for child in body if isinstance(child.tag, str)] if body is not None else []
    if not found:
        raise Unmappable(f"{system} sent XML that is no SOAP envelope", "Envelope", code="bad-payload")
    return found[0]


def plain(element: Any) -> Any:
    """An element as text, or as a mapping of its attributes and children by local name; None when it is empty.

    Names in MANY become lists; children that the service description lacks are named under `_unknown`.
    """
    held: dict[str, Any] = {local(name): value for name, value in element.attrib.items()}
    for child in element.iterchildren(tag=etree.Element):
        name = local(child.tag)
        if name not in described():
            held.setdefault(UNKNOWN, []).append(name)
        elif name in MANY:
            held.setdefault(name, []).append(plain(child))
        else:
            held[name] = plain(child)
    text = (element.text or "").strip()
    if not held:
        return text or None
    return {**held, TEXT: text} if text else held


def local(tag: str) -> str:
    """A name without its namespace."""
    return tag.rsplit("}", 1)[-1]


@cache
def described() -> frozenset[str]:
    """Every element name of the service description that this package ships."""
    tree = etree.fromstring(files(__package__).joinpath("human_resources.wsdl").read_bytes())
    return frozenset(str(element.get("name")) for element in tree.iter(f"{SCHEMA}element"))
