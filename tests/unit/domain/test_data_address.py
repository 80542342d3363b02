"""The lake's data address has one form, or is refused at the start with what to write instead (A14)."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from models.domain.errors import Misconfigured
from models.lake.places import lake_data
from models.settings import read_settings
from tests.commands import tieout


def place_of(address: str, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("TIEOUT_LAKE_DATA", address)
    return lake_data(read_settings())


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("/srv//lake/./data/", "/srv/lake/data"),
        ("//srv/lake", "/srv/lake"),
        ("/srv/old/../lake", "/srv/lake"),
        ("lake/data/", os.path.abspath("lake/data")),
        ("../lake", os.path.abspath("../lake")),
        ("/srv/a:b", "/srv/a:b"),
        ("file:///srv/lake", "/srv/lake"),
        ("file:////srv//lake/", "/srv/lake"),
        ("file:/srv/lake", "/srv/lake"),
        ("file://localhost/srv/lake", "/srv/lake"),
        ("file:///srv/my%20lake", "/srv/my lake"),
        ("s3://bucket", "s3://bucket"),
        ("s3://bucket//folder/", "s3://bucket/folder"),
    ],
)
def test_an_address_has_one_form(address: str, place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    found = place_of(address, monkeypatch)
    assert found == place
    assert place_of(found, monkeypatch) == place, "that form is its own"


def test_an_empty_address_is_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TIEOUT_HOME", str(tmp_path))
    assert place_of("", monkeypatch) == str(tmp_path / "lake" / "data")


@pytest.mark.parametrize(
    ("address", "instead"),
    [
        ("s3://", "s3://bucket/folder"),
        ("s3:///bucket/folder", "s3://bucket/folder"),
        ("s3:/bucket/folder", "s3://bucket/folder"),
        ("S3://bucket/folder", "s3://bucket/folder"),
        ("s3a://bucket/folder", "s3://bucket/folder"),
        ("s3://bucket/../folder", "s3://bucket/folder"),
        ("s3://bucket/*/x", "without it"),
        ("/srv/lake[1]", "without it"),
        ("file://srv/lake", "file:///srv/lake"),
        ("gs://bucket/folder", "AWS_ENDPOINT_URL"),
        (r"C:\lake", "file:///folder"),
        ("~/lake", os.path.expanduser("~/lake")),
        (" /srv/lake", "/srv/lake"),
    ],
)
def test_one_that_cannot_work_is_refused_with_what_to_write(
    address: str, instead: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(Misconfigured, match="TIEOUT_LAKE_DATA") as refused:
        place_of(address, monkeypatch)
    assert instead in str(refused.value)


@pytest.mark.parametrize("command", ["collect", "doctor"])
def test_it_is_refused_at_the_start(command: str, tmp_path: Path) -> None:
    done = tieout(tmp_path / "home", command, TIEOUT_LAKE_DATA="s3:/bucket/folder")
    assert done.returncode == 2 and "write s3://bucket/folder" in done.stderr, done.stdout + done.stderr
