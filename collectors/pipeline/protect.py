"""Keeps secrets out of the audit lake: what looks like a credential is replaced before anything is stored (requirement
G3): by the name of what holds it here, by its own form in `models.domain.secrets`.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.compute as pc

from collectors.pipeline.hint import hinted
from models.domain.secrets import MASK, SECRET_NAME, masked_bytes, secret_name, without_secrets

PAY_NAME = r"(?i)(^|[-_.])(salary|wages?|compensation|bonus|((cost|pay|hourly|labou?r)[-_.]?rate))$"
"""What a foreign span or log may not tell of a person; the sync's own records hold rates, and readings mask them."""
_FOREIGN_NAME = f"{SECRET_NAME}|{PAY_NAME.removeprefix('(?i)')}"
_foreign = re.compile(_FOREIGN_NAME)
_in_text = re.compile(
    rb"(?i)((?<=[\"'])[^\"'\\]{0,128}(?:authorization|password|secret|api[-_.]?key|token|cookie)[^\"'\\]{0,128}"
    rb"[\"']\s{0,8}:\s{0,8}[\"'])[^\"']+"
)


def foreign_secret(name: str) -> bool:
    """Whether an attribute of a foreign span or log of this name is taken for a credential or for somebody's pay."""
    return _foreign.search(name) is not None


def secret_pairs(keys: pa.Array) -> pa.Array | None:
    """Which attributes of these keys hide a secret, as a boolean array; None when none does.

    Keys repeat, so the pattern runs over the distinct ones only.
    """
    distinct = keys.dictionary_encode()
    named = pc.match_substring_regex(distinct.dictionary, _FOREIGN_NAME)
    return pc.take(named, distinct.indices) if pc.any(named).as_py() else None


def protected(value: Any, key: str = "", secret: Callable[[str], bool] = secret_name) -> Any:
    """A JSON-ready value with every secret-looking entry masked, at any depth; {"key", "value"} pairs (OTLP) count as
    entries. `secret` tells by the name of an entry.
    """
    if key and secret(key):
        return MASK
    if isinstance(value, dict):
        if isinstance(value.get("key"), str) and "value" in value and secret(value["key"]):
            return {**value, "key": _plain(value["key"]), "value": MASK}
        return {_plain(name): protected(held, str(name), secret) for name, held in value.items()}
    if isinstance(value, list):
        return [protected(held, "", secret) for held in value]
    return _plain(value)


def protected_text(text: str) -> str:
    """Free text of unknown format (a refused body) with what looks like a credential masked."""
    return protected_raw(text.encode("utf-8", "surrogatepass")).decode("utf-8", "surrogatepass")


def protected_raw(raw: bytes) -> bytes:
    """The same for bytes of unknown format; what is masked are whole characters of UTF-8."""
    return masked_bytes(_in_text.sub(rb"\1" + MASK.encode(), raw))


def protected_bytes(raw: bytes) -> str:
    """Bytes of unknown format as text, secrets masked; base64 where they are no UTF-8."""
    masked = protected_raw(raw)
    try:
        return masked.decode()
    except UnicodeDecodeError:
        return base64.b64encode(masked).decode()


def protected_json(text: str) -> str:
    """JSON text with every secret-looking entry masked."""
    return orjson.dumps(protected(orjson.loads(text))).decode()


def protected_lines(raw: bytes) -> bytes:
    """NDJSON with every secret-looking entry masked; a line that is no JSON is masked as text."""
    if not any(hinted([raw])):
        return raw
    lines = raw.split(b"\n")
    return b"\n".join(_protected_line(line) if near else line for line, near in zip(lines, hinted(lines), strict=True))


def protected_content(value: Any, secret: Callable[[str], bool] = foreign_secret) -> str:
    """A JSON-ready value as masked text for the quarantine; a note where it nests too deeply to be written."""
    try:
        return orjson.dumps(protected(value, "", secret), default=str, option=orjson.OPT_NON_STR_KEYS).decode()
    except (RecursionError, TypeError) as error:
        return f"not shown: {error}"


def _protected_line(line: bytes) -> bytes:
    try:
        return orjson.dumps(protected(orjson.loads(line)))
    except (ValueError, RecursionError):
        return protected_raw(line)


def _plain(value: Any) -> Any:
    return without_secrets(value) if isinstance(value, str) else value
