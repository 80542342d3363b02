"""Cases: reported by detectors, worked on by people, read by the console (X8, X9)."""

from models.journal.cases.filter import CaseFilter
from models.journal.cases.reading import CaseGroup, CasePage

__all__ = ["CaseFilter", "CaseGroup", "CasePage"]
