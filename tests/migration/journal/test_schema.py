"""The journal's schema: a fresh one is a migrated one, on both databases (N2)."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from models.domain.errors import Misconfigured
from models.journal import open_journal
from models.journal.database import open_database
from models.journal.metadata import instant, metadata
from models.journal.migration import alembic_config
from tests.unit.engine.hostile import HandClock


@pytest.mark.req("N2")
def test_fresh_is_migrated(journal_url: str) -> None:
    """N2: the migrations build exactly the tables that the code declares, indexes and types included."""
    journal = open_journal(journal_url, HandClock())
    with journal.engine.begin() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
    journal.close()


@pytest.mark.req("N2", "E8")
def test_an_older_journal_keeps_its_cursors(journal_url: str) -> None:
    """N2: a journal as first published is brought up with what it holds: a stream goes on where it stood."""
    engine = open_database(journal_url)
    with engine.begin() as connection:
        command.upgrade(alembic_config(connection), "0001")
        connection.execute(sa.text("insert into cursor (system, stream, cursor) values ('psa', 'time', '41')"))
    engine.dispose()
    journal = open_journal(journal_url, HandClock())
    assert journal.cursors.get("psa", "time") == "41"
    with journal.engine.begin() as connection:
        assert connection.execute(sa.text("select left_off from cursor")).all() == [(None,)]
    journal.close()


@pytest.mark.req("N2", "E8")
def test_an_older_journal_keeps_what_a_notice_waits_for(journal_url: str) -> None:
    """N2: the notice of a dead run that was due before the upgrade is due after it, under its new name."""
    engine = open_database(journal_url)
    columns = {
        **dict.fromkeys(("run_id", "flow", "business_key", "aggregate", "lane", "lineage_id"), "'a'"),
        **dict.fromkeys(("correlation_id", "trace_id", "event_type", "event_source", "event_id"), "'a'"),
        **dict.fromkeys(("flow_version", "step", "attempt", "claims", "held", "source_version"), "0"),
        **dict.fromkeys(("created_at", "updated_at", "lease_token"), "0"),
        **{"state": "'dead'", "payload": "'{}'", "farewell": "'due'", "farewell_tries": "3", "farewell_at": "7"},
    }
    with engine.begin() as connection:
        command.upgrade(alembic_config(connection), "0002")
        names, values = ", ".join(columns), ", ".join(columns.values())
        connection.execute(sa.text(f"insert into run ({names}) values ({values})"))
    engine.dispose()
    journal = open_journal(journal_url, HandClock())
    (run,) = journal.runs.by_ids(["a"])
    assert (run.notice, run.notice_tries, run.notice_at) == ("due", 3, instant(7))
    assert [run.run_id for run in journal.runs.notices(10)] == ["a"]
    journal.close()


def test_partial_indexes_are_partial(journal_url: str) -> None:
    """A settled run must cost the indexes of open work nothing: alembic does not compare an index's condition."""
    journal = open_journal(journal_url, HandClock())
    with journal.engine.begin() as connection:
        if connection.dialect.name == "sqlite":
            found = connection.execute(
                sa.text(
                    "select name, sql from sqlite_master where type = 'index' and tbl_name = 'run' and sql is not null"
                )
            ).all()
        else:
            found = connection.execute(
                sa.text("select indexname, indexdef from pg_indexes where tablename = 'run'")
            ).all()
    partial = {name for name, sql in found if " WHERE " in sql}
    assert partial == {index.name for index in metadata.tables["run"].indexes}
    journal.close()


def test_opening_again_changes_nothing_and_a_newer_schema_is_refused(tmp_path: Path) -> None:
    """N4: an old release never works on a journal that a newer one migrated."""
    url = f"sqlite:///{tmp_path / 'j.sqlite'}"
    open_journal(url, HandClock()).close()
    journal = open_journal(url, HandClock())
    with journal.engine.begin() as connection:
        connection.execute(sa.text("update alembic_version set version_num = '9999'"))
    journal.close()
    with pytest.raises(Misconfigured, match="run a newer release"):
        open_journal(url, HandClock())


@pytest.mark.parametrize("url", ["mysql://root:secret@host/db", "sqlite://"])
def test_another_database_is_refused_in_words(url: str) -> None:
    """N4: the message says what to give, and no password."""
    with pytest.raises(Misconfigured, match="give sqlite:///") as refused:
        open_journal(url, HandClock())
    assert "secret" not in str(refused.value)
