"""Whom to tell is data of the catalogue; what cannot work is refused, with what to do and without any secret (X10)."""

from __future__ import annotations

from datetime import time
from pathlib import Path

import pytest

from models.catalogue import load_catalogue
from models.domain.audience import Audience
from models.domain.errors import Misconfigured
from models.settings import Settings

pytestmark = pytest.mark.req("X10")
ROAD = '[[road]]\nname = "hook"\nwebhook = "https://hooks.acme.example/"\nsecret = "ACME_SECRET"\n'


def faults(folder: Path, audience: str, road: str = ROAD) -> str:
    (folder / "roads.toml").write_text(road)
    (folder / "audiences.toml").write_text(f'[[audience]]\nname = "ops"\n{audience}')
    with pytest.raises(Misconfigured) as refusal:
        load_catalogue(Settings(catalogue=folder))
    return str(refusal.value)


@pytest.mark.parametrize(
    ("audience", "said"),
    [
        ('roads = ["mail"]', "audience ops: roads 'mail' is none of hook: correct it, or add it to roads.toml"),
        ("amount = 10", "amount and currency go together"),
        ('amount = 10\ncurrency = "USD"', "currency USD is not the reporting currency EUR: give the amount in EUR"),
        ("rings = false", "nothing would ever be told"),
        ('flows = ["no-flow"]', "flows 'no-flow' is none of"),
        ('causes = ["no-cause"]', "'no-cause' is no cause: `tieout explain` lists them"),
        ('digest = "25:00"', "'25:00' is no time of day"),
        ('zone = "Mars/Base"', "is no time zone"),
        ("cap = 0", "cap: Input should be greater than or equal to 1"),
    ],
)
def test_an_audience_that_cannot_work_is_refused(tmp_path: Path, audience: str, said: str) -> None:
    assert said in faults(tmp_path, audience)


@pytest.mark.parametrize(
    ("road", "said"),
    [
        ('secret = "whsec_c3VwZXIgc2VjcmV0IGluIGEgZmlsZQ=="', "secret: give the name of the environment variable"),
        ('urls = "mailtos://me:t0psecret@acme.example"', "urls: give the name of the environment variable"),
        ('webhook = "http://hooks.acme.example/"\nsecret = "A"', "webhook: "),
        ('webhook = "https://hooks.acme.example/"', "give webhook and secret, or urls"),
        ('webhook = "https://hooks.acme.example/"\nsecret = "A"\nurls = "B"', "give webhook and secret, or urls"),
    ],
)
def test_a_road_that_cannot_work_is_refused_and_a_secret_in_it_not_repeated(
    tmp_path: Path, road: str, said: str
) -> None:
    told = faults(tmp_path, "pulse = true", f'[[road]]\nname = "hook"\n{road}\n')
    assert said in told and "c3VwZXI" not in told and "t0psecret" not in told


def test_quiet_hours_may_pass_midnight() -> None:
    night, noon = (Audience("a", (), quiet=span) for span in ((time(19), time(7)), (time(12), time(13))))
    assert [night.rests(time(hour)) for hour in (18, 19, 0, 6, 7)] == [False, True, True, True, False]
    assert [noon.rests(time(hour)) for hour in (11, 12, 13)] == [False, True, False]
