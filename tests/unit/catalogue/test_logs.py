"""Log files and formats as the catalogue says them: faults are sentences, all in one message (C2, N4)."""

from __future__ import annotations

from pathlib import Path

import pytest

from models.catalogue.patterns import Pattern
from tests.unit.catalogue.test_catalogue import loaded, refused

pytestmark = pytest.mark.req("C2")
LOG = """
[[log]]
name = "mule"
files = ["/var/log/mule/*.log*"]
"""


def test_a_source_has_a_format_a_service_and_a_zone(tmp_path: Path) -> None:
    more = 'service = "mulesoft"\nformat = "acme"\nzone = "Europe/Berlin"\nencoding = "cp1252"\nline_kib = 16\n'
    own = "[[format]]\nname = \"acme\"\npattern = '(?P<body>.*)'\nlevels = { A = 21 }\n"
    (given,) = loaded(tmp_path, logs=LOG + more, formats=own).logs
    assert (given.name, given.service, str(given.zone), given.encoding) == (
        "mule",
        "mulesoft",
        "Europe/Berlin",
        "cp1252",
    )
    assert (given.format.name, given.format.levels, given.line_bytes) == ("acme", {"A": 21}, 16_384)
    (plain,) = loaded(tmp_path, logs=LOG).logs
    assert (plain.service, plain.format.name, plain.zone) == ("mule", "json", None)


@pytest.mark.parametrize(
    ("logs", "formats", "said"),
    [
        (LOG + 'format = "acme"\n', None, "log mule: format 'acme' is none of"),
        (LOG + 'inside = "acme"\n', None, "log mule: inside 'acme' is none of"),
        (LOG.replace('"/var', '"var'), None, "'var/log/mule/*.log*' is no absolute path"),
        (LOG + 'zone = "Mars"\n', None, "zone: 'Mars' is no time zone"),
        (LOG + "line_kib = 0\n", None, "line_kib: "),
        (LOG, "[[format]]\nname = \"x\"\npattern = '(?P<body>'\n", "is no regular expression of RE2"),
        (LOG, "[[format]]\nname = \"x\"\npattern = '(.*)'\n", "the pattern needs a group (?P<body>…)"),
        (LOG, '[[format]]\nname = "x"\nbegins = "x"\n', "begins goes with a pattern"),
        (LOG, '[[format]]\nname = "x"\npattern = \'(?P<body>.*)\'\ntime = ["t"]\n', "with a pattern the groups"),
        (LOG, '[[format]]\nname = "x"\nlevels = { A = 25 }\n', "levels.A: "),
    ],
)
def test_what_cannot_work_is_said_at_the_start(tmp_path: Path, logs: str, formats: str | None, said: str) -> None:
    files = {"logs": logs, **({"formats": formats} if formats else {})}
    assert said in refused(tmp_path, **files)


def test_faults_of_both_files_are_in_one_message(tmp_path: Path) -> None:
    said = refused(tmp_path, logs=LOG + 'zone = "Mars"\n', formats='[[format]]\nname = "x"\nbody = ""\n')
    assert "logs.toml: log mule: zone" in said and "formats.toml: format x: body" in said


def test_no_expression_takes_longer_than_its_text_is_long() -> None:
    assert Pattern("(?P<body>(a+)+)b").fields(b"a" * 100_000) is None
