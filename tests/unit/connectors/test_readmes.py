"""Each vendor's README says what the code needs of the vendor: it is what somebody who connects one goes by."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

import integrations.connectors

HOME = Path(integrations.connectors.__path__[0])
VENDORS = sorted(path.parent.name for path in HOME.glob("*/__init__.py"))
SECTIONS = ("## Smallest permissions", "## Limits of this connector")
CUSTOM = re.compile(r"\b(\w+__c|cust(?:entity|body|col)_\w+)\b")
CALLED = re.compile(r"(?:credentials|options)(?:\.get\(|\[)\"(\w+)\"")


def sources(vendor: str) -> str:
    folder = HOME / vendor
    return "\n".join(path.read_text() for path in sorted([*folder.glob("*.py"), *folder.glob("*.sql")]))


def readme(vendor: str) -> str:
    return (HOME / vendor / "README.md").read_text()


@pytest.mark.parametrize("vendor", VENDORS)
def test_it_says_how_to_connect(vendor: str) -> None:
    """Its first TOML is a system of this vendor, with every credential and option that the code reads."""
    text = readme(vendor)
    [system] = tomllib.loads(text.partition("```toml\n")[2].partition("```")[0])["system"]
    assert system["vendor"] == vendor and {"name", "role"} <= set(system)
    assert [one for one in CALLED.findall(sources(vendor)) if one not in text] == []
    assert [one for one in SECTIONS if one not in text] == []


@pytest.mark.parametrize("vendor", VENDORS)
def test_it_names_every_custom_field(vendor: str) -> None:
    """Those the code reads or writes, and no others before the wire facts."""
    named = set(CUSTOM.findall(readme(vendor).partition("## Wire facts")[0]))
    used = set(CUSTOM.findall(sources(vendor)))
    assert used - named == set()
    assert {one for one in named - used if one != "Einstein_Score__c"} == set()


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            yield node.module or ""
        elif isinstance(node, ast.Import):
            yield from (name.name for name in node.names)


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_connector_knows_no_other(vendor: str) -> None:
    """S4: what two vendors share stands beside their folders."""
    others = tuple(f"integrations.connectors.{one}" for one in VENDORS if one != vendor)
    met = [name for path in (HOME / vendor).glob("*.py") for name in imports(path)]
    assert any(name.startswith("integrations.") for name in met)
    assert [name for name in met if name.startswith(others)] == []
