"""`tieout reread`: lines of log files that a format refused, handed to the collector once more."""

from __future__ import annotations

import base64
import binascii
from contextlib import closing
from pathlib import Path
from typing import Any

import orjson

from app.cli.installation import installation
from app.cli.output import fail
from models.catalogue import load_catalogue
from models.lake.reader import open_reader

REFUSED = """
SELECT quarantine_id, path, content, content_bytes FROM quarantine
WHERE receiver = 'log-files' AND sender = $source AND error_code IN ('json', 'pattern', 'time')
ORDER BY batch_id, n
"""
"""What a mended format may read: a line that is too long, or a file, is not there whole."""


def reread(source: str) -> int:
    """Hand every line on that was refused since the last time; 0, also where there is none.

    Exit 2 for a source that the catalogue does not have.
    """
    settings = installation()
    known = [one.name for one in load_catalogue(settings).logs]
    if source not in known:
        raise fail(f"logs.toml has no source {source!r}: choose {', '.join(known) or 'one that you add there'}", 2)
    folder = settings.home / "log-files" / source
    with closing(open_reader(settings)) as reader:
        rows = [row for row in reader.rows(REFUSED, {"source": source}) if _number(row) > _handed_on(folder)]
    if rows:
        _written(folder / f"{_number(rows[-1]):012d}.again", rows)
    print(f"{len(rows)} lines of {source} are read again" if rows else f"no line of {source} waits in the quarantine")
    return 0


def _number(row: dict[str, Any]) -> int:
    """The batch that refused it: <writer>-<number>-<place>."""
    return int(row["quarantine_id"].rsplit("-", 2)[1])


def _handed_on(folder: Path) -> int:
    return max((int(file.stem) for file in folder.glob("*") if file.suffix in (".again", ".done")), default=0)


def _written(file: Path, rows: list[dict[str, Any]]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = file.with_suffix(".new")
    said = [{"path": row["path"], "line": _raw(row["content"], row["content_bytes"]).decode("latin-1")} for row in rows]
    fresh.write_bytes(b"".join(orjson.dumps(one) + b"\n" for one in said))
    fresh.chmod(0o600)
    fresh.replace(file)


def _raw(content: str, size: int) -> bytes:
    """The refused bytes; the quarantine has those that are no UTF-8 as base64."""
    try:
        raw = base64.b64decode(content, validate=True)
    except (binascii.Error, ValueError):
        return content.encode()
    return raw if len(raw) == size else content.encode()
