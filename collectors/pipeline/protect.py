"""Keeps secrets out of the audit lake: what looks like a credential is replaced before anything is stored (requirement
G3).
"""

from __future__ import annotations

import base64
import re
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.compute as pc

MASK = "***"
_SECRET_KEY = (
    r"(?i)(authorization|passw(or)?d|passphrase|secret|credential|private[-_.]?key|api[-_.]?key|access[-_.]?key"
    r"|(^|[-_.])(set[-_.])?cookies?$|(^|[-_.])token$|(access|refresh|id|auth|bearer|session|csrf|xsrf)[-_.]?token$)"
)
_SECRET_VALUE = r"(?i)^\s*(bearer|basic)\s+[A-Za-z0-9._~+/=-]{16,}\s*$"
_SPOKEN = r"(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{16,}"
_key = re.compile(_SECRET_KEY)
_value = re.compile(_SECRET_VALUE)
_suspicious = re.compile(r"(?i)authorization|passw|passphrase|secret|credential|[-_.]?key|cookie|token|bearer|basic")
_in_text = re.compile(
    rf"(?i:{_SPOKEN.removeprefix('(?i)')})"
    r"|(?i:(?<=[\"'])(?P<key>[^\"']*(?:authorization|password|secret|api[-_.]?key|token|cookie)[^\"']*)"
    r"[\"']\s*:\s*[\"'](?P<value>[^\"']*)(?=[\"']|\Z))"
)


def secret_key(name: str) -> bool:
    """Whether an attribute or field of this name is taken for a credential."""
    return _key.search(name) is not None


def secret_pairs(keys: pa.Array, strings: pa.Array) -> pa.Array | None:
    """Which (key, string value) pairs hide a secret, as a boolean array; None when none does.

    Keys repeat, so the pattern runs over the distinct ones only.
    """
    distinct = keys.dictionary_encode()
    named = pc.match_substring_regex(distinct.dictionary, _SECRET_KEY)
    spoken = pc.fill_null(pc.match_substring_regex(strings, _SECRET_VALUE), False)
    if not pc.any(named).as_py() and not pc.any(spoken).as_py():
        return None
    return pc.or_(pc.take(named, distinct.indices), spoken)


def protected_texts(texts: pa.Array) -> pa.Array:
    """A column of free text (log bodies) with spoken credentials masked."""
    return pc.replace_substring_regex(texts, _SPOKEN, MASK)


def protected(value: Any, key: str = "") -> Any:
    """A JSON-ready value with every secret-looking entry masked, at any depth; {"key", "value"} pairs (OTLP) count as
    entries.
    """
    if key and secret_key(key):
        return MASK
    if isinstance(value, dict):
        if isinstance(value.get("key"), str) and "value" in value and secret_key(value["key"]):
            return {**value, "value": MASK}
        return {name: protected(held, str(name)) for name, held in value.items()}
    if isinstance(value, list):
        return [protected(held) for held in value]
    return MASK if isinstance(value, str) and _value.match(value) else value


def protected_text(text: str) -> str:
    """Free text of unknown format (a refused body) with what looks like a credential masked."""
    return _in_text.sub(_masked, text)


def protected_bytes(raw: bytes) -> str:
    """Bytes of unknown format as text, secrets masked; base64 where they are no UTF-8."""
    masked = protected_text(raw.decode("latin-1")).encode("latin-1")
    try:
        return masked.decode()
    except UnicodeDecodeError:
        return base64.b64encode(masked).decode()


def protected_json(text: str) -> str:
    """JSON text with every secret-looking entry masked; text without a suspicious word is handed back as it is."""
    if not _suspicious.search(text):
        return text
    return orjson.dumps(protected(orjson.loads(text))).decode()


def protected_content(value: Any) -> str:
    """A JSON-ready value as masked text for the quarantine; a note where it nests too deeply to be written."""
    try:
        return orjson.dumps(protected(value), default=str, option=orjson.OPT_NON_STR_KEYS).decode()
    except (RecursionError, TypeError) as error:
        return f"not shown: {error}"


def _masked(found: re.Match[str]) -> str:
    return MASK if found["key"] is None else f'{found["key"]}":"{MASK}'
