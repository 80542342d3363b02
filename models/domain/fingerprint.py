"""Fingerprints: the text that makes failures with one cause one case (X8, X11).

A fingerprint is readable on purpose, `cause|…|object`, so that a person can say why two failures are together:
`project-missing|erp|PRJ-1012`. A case has the fingerprint of its findings and the legal entity they are of as its last
part, so that no case is of two: `project-missing|erp|PRJ-1012|NOV-DE`, `open-circuit|netsuite|-`.
"""

from __future__ import annotations

import hashlib


def fingerprint(cause: str, *parts: str | None) -> str:
    """The fingerprint of a cause at an object; an unknown part is `-`, a bar inside a part becomes a slash."""
    return "|".join((part or "-").strip().replace("|", "/") for part in (cause, *parts))


def case_fingerprint(text: str, legal_entity: str | None) -> str:
    """The fingerprint of the case that findings of this fingerprint and legal entity belong to."""
    return f"{text}|{fingerprint(legal_entity or '-')}"


def case_id_of(text: str, legal_entity: str | None = None) -> str:
    """The id of the case of these findings: the first 12 hex digits of its fingerprint's SHA-256, the same on every
    rebuild.
    """
    return id_of(case_fingerprint(text, legal_entity))


def id_of(case_text: str) -> str:
    """The id of the case behind a case's whole fingerprint."""
    return hashlib.sha256(case_text.encode()).hexdigest()[:12]


def finding_id_of(case_id: str, detector: str, entity: str, key: str) -> str:
    """The id of one detector's finding about one subject in one case."""
    return hashlib.sha256(f"{case_id}|{detector}|{entity}|{key}".encode()).hexdigest()[:20]
