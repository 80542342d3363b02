"""Tables of a test are tiny: a second thread only costs (a derivation of a few rows 1.3 s of processor time, with two
threads 2.1).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import duckdb
import pytest

from models.lake import connection

AS_THEY_ARE = ("tests/bench/", "tests/fault/", "tests/unit/lake/", "tests/contract/lake/")


@pytest.fixture(scope="module", autouse=True)
def engines_have_one_thread(request: pytest.FixtureRequest) -> Iterator[None]:
    """Those of this process, but where the engine itself is looked at."""
    made = connection.plain_engine

    def with_one(spill: str, **asked: Any) -> duckdb.DuckDBPyConnection:
        return made(spill, **asked | {"threads": 1})

    with pytest.MonkeyPatch.context() as patch:
        if not request.node.nodeid.startswith(AS_THEY_ARE):
            patch.setattr(connection, "plain_engine", with_one)
        yield
