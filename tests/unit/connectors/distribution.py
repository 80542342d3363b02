"""A distribution as a package index would install it: a package, and the entry points that name it."""

from __future__ import annotations

from pathlib import Path

from integrations.connectors.directory import GROUP


def installed(site: Path, name: str, vendor: str, package: str, source: str) -> Path:
    """Lay `package` with its source and its entry point into a folder that is on `sys.path`; the package's folder."""
    folder = site / package
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text(source)
    facts = site / f"{name.replace('-', '_')}-1.0.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (facts / "entry_points.txt").write_text(f"[{GROUP}]\n{vendor} = {package}\n")
    return folder
