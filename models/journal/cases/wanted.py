"""What detectors found, keyed and digested before any transaction begins, so that it holds nobody up."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from models.domain.finding import Finding
from models.domain.fingerprint import finding_id_of
from models.journal.cases.identities import Identities


@dataclass(frozen=True, slots=True)
class Found:
    """One finding with its keys."""

    finding_id: str
    case_id: str
    detector: str
    item: Finding
    digest: str


@dataclass(frozen=True, slots=True)
class Words:
    """Who gives a case its words; `split_from` is the case that it was a part of."""

    detector: str
    item: Finding
    split_from: str | None = None


class Wanted:
    """The open findings of these detectors as they shall be. `digests` says of each detector all that it found."""

    def __init__(
        self, reports: Mapping[str, Sequence[Finding]], identities: Identities, rates: Mapping[str, Decimal]
    ) -> None:
        self.findings: dict[str, Found] = {}
        self.words: dict[str, Words] = {}
        ids, origins = _divided(reports, identities, rates)
        for detector, findings in reports.items():
            for item in findings:
                text = item.case_fingerprint
                self._add(detector, item, ids.get(text) or identities.id_of(text), origins.get(text))
        self.digests = _digests(reports, self.findings.values())

    def _add(self, detector: str, item: Finding, case_id: str, split_from: str | None) -> None:
        finding_id = finding_id_of(case_id, detector, item.subject_entity, item.subject_key)
        self.findings[finding_id] = Found(finding_id, case_id, detector, item, item.digest())
        before = self.words.get(case_id)
        if before is None or (item.cause.root and not before.item.cause.root):
            self.words[case_id] = Words(detector, item, split_from)


def _divided(
    reports: Mapping[str, Sequence[Finding]], identities: Identities, rates: Mapping[str, Decimal]
) -> tuple[dict[str, str], dict[str, str]]:
    """Ids that whole cases of 0.1.0 hand on: the legal entity with the most money goes on with its case, the others'
    cases are split from it.
    """
    money: dict[str, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for item in (one for findings in reports.values() for one in findings if identities.whole):
        if item.fingerprint in identities.whole:
            worth = (item.amount or Decimal(0)) * rates.get(item.currency or "", Decimal(1))
            money[item.fingerprint][item.case_fingerprint] += worth
    ids: dict[str, str] = {}
    origins: dict[str, str] = {}
    for text, parts in money.items():
        heir = max(sorted(parts), key=lambda part: parts[part])
        ids[heir] = identities.whole[text]
        origins |= {part: identities.whole[text] for part in parts if part != heir}
    return ids, origins


def _digests(detectors: Iterable[str], found: Iterable[Found]) -> dict[str, str]:
    lines: dict[str, list[str]] = {detector: [] for detector in detectors}
    for one in found:
        lines[one.detector].append(f"{one.finding_id}{one.digest}")
    return {name: hashlib.sha256("".join(sorted(each)).encode()).hexdigest()[:16] for name, each in lines.items()}
