"""The published names once a module, and a journal for what becomes a case."""

from __future__ import annotations

import pytest

from tests.contract.detectors.published import Schema, schema_of_an_empty_lake
from tests.journals import any_journal, clock, journal, journal_url  # noqa: F401


@pytest.fixture(scope="module")
def schema() -> Schema:
    return schema_of_an_empty_lake()
