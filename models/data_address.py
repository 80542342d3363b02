"""The address of the audit lake's data files in the one form that DuckLake compares paths in.

An address that is written in two ways names two places to it, and every living file of one is then an orphan of the
other. So there is one form: an absolute folder, or `s3://bucket/folder`; no end slash, no doubled one, no `file://`.
"""

from __future__ import annotations

import os
import re
from urllib.parse import unquote

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_PATTERN = re.compile(r"[*?\[\]]")


def data_address(given: str) -> str:
    """`given` in that form; an empty one names no place and stays. Raises ValueError, which says what to write instead,
    for one that cannot work.
    """
    if not given:
        return given
    if found := _PATTERN.search(given):
        raise ValueError(f"{found[0]} stands for other characters in a path: name the place without it")
    if given != given.strip() or given.startswith("~"):
        raise ValueError(f"write {os.path.abspath(os.path.expanduser(given.strip()))}: nothing is expanded or cut here")
    scheme = _SCHEME.match(given)
    if scheme is None:
        return _folder(given)
    rest = given[scheme.end() :]
    if scheme[1].lower() == "file":
        return _file(rest)
    if scheme[1].lower() in ("s3", "s3a", "s3n"):
        return _bucket(given, rest)
    raise ValueError(
        "write a folder, file:///folder or s3://bucket/folder; other object storage is reached by its S3 interface, "
        "with AWS_ENDPOINT_URL"
    )


def _folder(path: str) -> str:
    return "/" + os.path.abspath(path).lstrip("/")


def _file(rest: str) -> str:
    path = rest.removeprefix("//localhost") if rest.startswith("//localhost/") else rest
    host = path[2:].partition("/")[0] if path.startswith("//") else ""
    if host or not path.startswith("/"):
        raise ValueError(f"write file:///{path.strip('/')} for a folder of this machine, or mount the other's")
    return _folder(unquote(path))


def _bucket(given: str, rest: str) -> str:
    parts = [part for part in rest.split("/") if part]
    plain = [part for part in parts if part not in (".", "..")]
    one = "s3://" + "/".join(plain or ["bucket", "folder"])
    if plain != parts or not parts or not given.startswith("s3://") or given.startswith("s3:///"):
        raise ValueError(f"write {one}: the bucket's name right after s3://, then folders by their names")
    return one
