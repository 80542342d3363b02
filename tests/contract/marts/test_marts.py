"""Every mart that lies in the room's folder is what its head tells, without a test file of its own."""

from __future__ import annotations

import re
import shutil
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from models.derivation.refresh import rebuild, refresh
from models.lake import answering
from models.lake.connection import connect
from models.lake.publish import publish
from models.marts import definitions
from models.marts.definitions import marts, published, states
from models.marts.reference import reference
from tests.unit.cases.lakes import NOW, Lake
from tests.unit.lake.samples import settings_at

ROOM = Path(definitions.__file__).parent


class Stopped:
    def now(self) -> Any:
        return NOW


def shape(rows: list[dict[str, Any]]) -> dict[str, str]:
    return {row["column_name"]: row["column_type"] for row in rows}


@pytest.mark.req("O8")
def test_each_head_has_the_columns_and_types_that_the_derivation_gives() -> None:
    """O8: also before the first refresh, when a view without rows stands for each."""
    lake = Lake()
    before = {name: shape(lake.rows(f"DESCRIBE {name}")) for name in published()}
    refresh(lake.connection, "EUR", Stopped())
    for name, told in published().items():
        assert list(before[name]) == list(told.kinds)
        assert shape(lake.rows(f"DESCRIBE derived.state.{told.name}")) == before[name], f"bring the head of {name} up"
        assert shape(lake.rows(f"DESCRIBE {name}")) == before[name]


def test_a_mart_of_an_older_release_answers_every_column_until_it_is_derived_again() -> None:
    lake = Lake()
    lake.connection.execute("CREATE TABLE marts.main.mart_replay AS SELECT 'time-to-bill' AS flow")
    publish(lake.connection)
    assert lake.rows("SELECT flow, replays FROM mart_replay") == [{"flow": "time-to-bill", "replays": None}]


def test_each_grain_tells_the_rows_of_a_filled_home_apart(home_0_1_0: Path) -> None:
    settings = settings_at(home_0_1_0)
    rebuild(settings)
    empty = set()
    with closing(connect(settings)) as connection:
        for name, told in published().items():
            keys = ", ".join(told.grain)
            (rows,) = connection.execute(f"SELECT count(*) FROM {name}").fetchone() or (0,)
            twice = connection.execute(f"SELECT {keys} FROM {name} GROUP BY ALL HAVING count(*) > 1").fetchall()
            assert twice == [], f"{name} has several rows for one {keys}"
            empty |= set() if rows else {name}
    newer = {f"mart_state_{name}" for name in ("payment", "leave", "holiday", "forecast", "revenue_target")}
    newer |= {"mart_period", "mart_calendar", "mart_fx_closed"}
    newer |= {name for name in published() if name.startswith("mart_foreign_")}
    assert len(empty - newer) <= 1, "a home whose marts are empty proves nothing"


def test_the_reference_is_current() -> None:
    written = (ROOM / "REFERENCE.md").read_text(encoding="utf-8")
    assert written == reference(), "run `python -m models.marts.reference > models/marts/REFERENCE.md`"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the marts' folder that a test may add to."""
    copy = Path(shutil.copytree(definitions.FOLDER, tmp_path / "sql"))
    monkeypatch.setattr(definitions, "FOLDER", copy)
    return copy


def example() -> str:
    """The mart that the README shows."""
    return re.findall(r"```sql\n(.*?)```", (ROOM / "README.md").read_text(encoding="utf-8"), re.S)[0]


def test_a_mart_is_one_file(folder: Path, tmp_path: Path) -> None:
    """Empty, with its columns and what they mean, before the first refresh; then derived after what it reads."""
    (folder / "mart_late_work.sql").write_text(example(), encoding="utf-8")
    settings = settings_at(tmp_path / "home")
    answers = answering.Answers(settings)
    assert answers.table("SELECT * FROM mart_late_work").schema.names == ["project_key", "items"]
    (said,) = answers.table("SELECT comment FROM duckdb_views() WHERE view_name = 'mart_late_work'").to_pylist()
    assert said["comment"] == "Late work by project. One row per project_key."
    asked = "SELECT comment FROM duckdb_columns() WHERE table_name = 'mart_late_work' AND column_name = 'items'"
    assert answers.table(asked).to_pylist() == [{"comment": "handed in more than a week after the work (items)"}]
    answers._look_again(now=True)
    asked = asked.replace("duckdb_columns()", "information_schema.columns").replace("comment", "COLUMN_COMMENT", 1)
    (said,) = answers.table(asked).to_pylist()
    assert [*said.values()] == ["handed in more than a week after the work (items)"], "also once views are made again"
    answers.close()
    assert "## mart_late_work" in reference()
    order = [one.name for one in marts()]
    assert order.index("mart_work") < order.index("mart_late_work")

    lake = Lake()
    late = {"work_date": "2026-09-01", "submitted_at": "2026-09-20T08:00:00Z", "project_code": "PRJ-1"}
    lake.observe("kantata", "time_entry", "TE-1", hours="8.00", **late)
    refresh(lake.connection, "EUR", Stopped())
    assert lake.rows("SELECT * FROM mart_late_work") == [{"project_key": "PRJ-1", "items": 1}]


def test_a_table_of_the_state_is_one_file(folder: Path) -> None:
    (folder / "state" / "assignment.sql").write_text(
        """/*
Who is planned on which project.

grain: system, system_id
observed: assignment
published: mart_state_assignment

    system     VARCHAR  -  as the installation calls it
    system_id  VARCHAR  -  the system's own id
    key        VARCHAR  -  the assignment's key
    resource   VARCHAR  -  who is planned
*/

-- put: parse the changed assignments
INSERT INTO derived.state.assignment
SELECT system, system_id, key, fields->>'$.resource'
FROM derived.state.fresh
WHERE entity = 'assignment' AND present;
""",
        encoding="utf-8",
    )
    lake = Lake()
    lake.observe("kantata", "assignment", "A-1", resource="E-7")
    lake.observe("kantata", "assignment", "A-2", resource="E-8")
    refresh(lake.connection, "EUR", Stopped())
    lake.observe("kantata", "assignment", "A-1", resource="E-9")
    lake.observe("kantata", "assignment", "A-2", present=False)
    refresh(lake.connection, "EUR", Stopped())
    found = lake.rows("SELECT key, resource FROM mart_state_assignment")
    assert found == [{"key": "A-1", "resource": "E-9"}], "the newest observation, and nothing of what is gone"


def mart(reads: str) -> str:
    return f"""/*
A mart.

grain: key

    key  VARCHAR  -  of a row
*/

-- made: from another
CREATE OR REPLACE TABLE derived.state.{{name}} AS SELECT key FROM derived.state.{reads};
"""


def test_marts_that_read_each_other_are_refused_by_name(folder: Path) -> None:
    for name, reads in (("mart_egg", "mart_hen"), ("mart_hen", "mart_egg")):
        (folder / f"{name}.sql").write_text(mart(reads).replace("{name}", name), encoding="utf-8")
    with pytest.raises(ValueError, match=r"circle.*mart_(egg|hen)"):
        marts()


def test_every_kind_of_object_is_parsed_into_one_table() -> None:
    observed = [kind for one in states() for kind in one.observed]
    assert observed and len(observed) == len(set(observed))


@pytest.mark.req("C4")
def test_an_object_is_one_row_by_its_systems_own_id() -> None:
    """C4: a key may change, and two objects of one system may have one; the id that the system gave does neither. Where
    each version is kept, its place in the lake tells it from the others.
    """
    for one in states():
        versions = {"batch_id", "n"} & set(one.grain)
        assert not versions or "latest" in one.kinds
        grain = set(one.grain) - versions
        assert not one.observed or {"system", "system_id"} <= grain <= {"system", "system_id", "kind"}
