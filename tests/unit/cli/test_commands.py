"""The command line: exit status 0 done, 1 bad news, 2 wrong use; every expected error is a sentence that says what to
do (O8, N4).
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa

from models.domain.beats import Beat
from models.domain.fingerprint import id_of
from models.journal import Journal, open_journal
from models.presence import COLLECTOR, CONSOLE, ENGINE, addresses, present
from tests.catalogues import packaged
from tests.commands import tieout
from tests.unit.cases.test_cases import entry
from tests.unit.lake.samples import HandClock

TIEOUT = Path(sys.executable).parent / "tieout"


def test_sql_answers_before_anything_has_run(tmp_path: Path) -> None:
    """O8: the published names exist from the first moment of an installation."""
    (tmp_path / "demo.json").write_text("{}")
    done = tieout(tmp_path, "sql", "select count(*) as n from records", "--format", "json")
    assert (done.returncode, json.loads(done.stdout)) == (0, [{"n": 0}])


@pytest.mark.parametrize(
    "statement",
    [
        "delete from spans",
        "update records set flow = 'x'",
        "drop table records",
        "select * from nowhere",
        "attach 'x' as y",
    ],
)
def test_sql_refuses_what_is_no_read_with_a_sentence(tmp_path: Path, statement: str) -> None:
    (tmp_path / "demo.json").write_text("{}")
    done = tieout(tmp_path, "sql", statement)
    assert done.returncode == 2
    assert done.stderr.strip() and "Traceback" not in done.stderr


def test_every_wrong_setting_is_named_in_one_message(tmp_path: Path) -> None:
    """N4: one start, one message, all faults."""
    done = tieout(tmp_path, "verify", TIEOUT_OTLP_PORT="abc", TIEOUT_REPORTING_CURRENCY="euro")
    assert done.returncode == 2
    assert (
        "TIEOUT_OTLP_PORT" in done.stderr
        and "TIEOUT_REPORTING_CURRENCY" in done.stderr
        and "Traceback" not in done.stderr
    )


def test_up_says_which_setting_it_wants(tmp_path: Path) -> None:
    done = tieout(tmp_path, "up")
    assert done.returncode == 2 and "TIEOUT_SYSTEMS" in done.stderr


@pytest.mark.req("N4")
def test_up_names_every_fault_of_a_catalogue_before_anything_starts(tmp_path: Path) -> None:
    """Also the names in entries with faults of their own, and what only the engine knows: vendors, flows, secrets."""
    folder = tmp_path / "catalogue"
    folder.mkdir()
    (folder / "systems.toml").write_text(
        '[[system]]\nname = "n"\nvendor = "netsuit"\nrole = "erq"\n[system.credentials]\ntoken = "ACME_NOPE"\n'
    )
    (folder / "ownership.toml").write_text(
        '[[rule]]\nentity = "customer"\nattributes = ["tax_profile"]\nowners = ["erw"]\nwy = "x"\n'
    )
    (folder / "flows.toml").write_text(
        '[[flow]]\nname = "time-to-bil"\ntitle = "x"\nowner = "nobody-team"\nservice_level_minutes = -1\n'
    )
    done = tieout(tmp_path, "up", TIEOUT_CATALOGUE=str(folder), **free_ports())
    named = ("netsuit", "erq", "ACME_NOPE", "erw", "wy", "why missing", "time-to-bil", "nobody-team", "service_level")
    assert done.returncode == 2
    assert [one for one in named if one not in done.stderr] == []
    assert "Tieout starts" not in done.stdout


@pytest.mark.req("N4", "C3", "S6")
def test_up_names_what_the_collector_lacks_before_anything_starts(tmp_path: Path) -> None:
    """A broker without its address, one with a password in clear, and a port of webhooks that another holds."""
    folder = tmp_path / "catalogue"
    folder.mkdir()
    (folder / "brokers.toml").write_text(
        "".join(
            f'[[broker]]\nname = "{one}"\nurl = "{one.upper()}_URL"\nexchange = "tieout"\n'
            for one in ("rabbit", "hare")
        )
    )
    ports = {"TIEOUT_CATALOGUE": str(folder), **free_ports()}
    without = tieout(tmp_path, "up", **ports)
    clear = tieout(tmp_path, "up", RABBIT_URL="amqp://ada:hidden@broker.acme.com/", **ports)
    (folder / "brokers.toml").unlink()
    (folder / "systems.toml").write_text(
        '[[system]]\nname = "psa"\nvendor = "kantata"\nrole = "psa"\nbase_url = "https://psa.acme.com"\n'
        '[system.credentials]\ntoken = "PSA_TOKEN"\n[system.webhook]\nscheme = "jira"\nsecrets = ["HOOK_SECRET"]\n'
    )
    ports["PSA_TOKEN"] = "t"
    secretless = tieout(tmp_path, "up", **ports)
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = str(other.getsockname()[1])
        held = tieout(tmp_path, "up", HOOK_SECRET="s" * 32, TIEOUT_WEBHOOK_PORT=taken, **ports)
    said = [one.stderr for one in (without, clear, secretless, held)]
    assert "set RABBIT_URL" in said[0] and "set HARE_URL" in said[0], "all at once"
    assert "amqps://" in said[1] and "hidden" not in said[1]
    assert "HOOK_SECRET" in said[2] and "TIEOUT_WEBHOOK_PORT" in said[3] and taken in said[3]
    assert [one.returncode for one in (without, clear, secretless, held)] == [2, 2, 2, 2]
    assert not any("Tieout starts" in one.stdout for one in (without, clear, secretless, held))


def free_ports() -> dict[str, str]:
    with socket.socket() as one, socket.socket() as two, socket.socket() as three:
        names = {"TIEOUT_OTLP_PORT": one, "TIEOUT_CONSOLE_PORT": two, "TIEOUT_SANDBOX_PORT": three}
        for each in names.values():
            each.bind(("127.0.0.1", 0))
        return {"TIEOUT_GRPC": "off", **{name: str(each.getsockname()[1]) for name, each in names.items()}}


def installed(home: Path) -> Journal:
    return open_journal(f"sqlite:///{home / 'journal.sqlite'}", HandClock())


@pytest.mark.finding("A15")
@pytest.mark.req("N4", "E4")
@pytest.mark.parametrize(
    "words",
    [
        ("verify",),
        ("sql", "select 1"),
        ("rebuild",),
        ("senders", "list"),
        ("explain", "billing_readiness"),
        ("trace", "PRJ-1"),
        ("cases",),
        ("replay", "x", "--preview"),
        ("pause", "time-to-bill", "--reason", "x"),
        ("cancel", "x", "--reason", "x"),
    ],
)
def test_where_there_is_no_installation_no_answer_comforts_and_nothing_is_made(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    home = tmp_path / "var"
    done = tieout(home, *words)
    assert done.returncode == 2 and "no installation" in done.stderr and "TIEOUT_HOME" in done.stderr
    assert not home.exists()


@pytest.mark.req("N4")
def test_a_folder_that_is_no_home_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    """A mistyped home that happens to exist, empty or with a stranger's file."""
    (tmp_path / "letter.txt").touch()
    for words in (("verify",), ("rebuild",)):
        done = tieout(tmp_path, *words)
        assert done.returncode == 2 and "no installation" in done.stderr
    assert [one.name for one in tmp_path.iterdir()] == ["letter.txt"]


def test_an_installation_without_a_lake_is_not_whole(tmp_path: Path) -> None:
    installed(tmp_path)
    done = tieout(tmp_path, "verify")
    assert done.returncode == 2 and "nothing to verify" in done.stderr and not (tmp_path / "lake").exists()


@pytest.mark.req("O8")
def test_the_release_is_said() -> None:
    done = subprocess.run([str(TIEOUT), "--version"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and re.fullmatch(r"tieout \d+\.\d+\.\d+\n", done.stdout)


@pytest.mark.req("E4")
def test_a_run_that_never_was_is_wrong_use_and_no_request(tmp_path: Path) -> None:
    journal = installed(tmp_path)
    done = tieout(tmp_path, "replay", "nope", "--preview")
    assert done.returncode == 2 and "there is no run nope" in done.stderr
    assert journal.requests.recent() == []


@pytest.mark.req("E4", "X8")
def test_a_resolved_case_is_not_replayed_by_its_id(tmp_path: Path) -> None:
    journal = installed(tmp_path)
    journal.cases.report("late", [entry(1)])
    journal.cases.report("late", [])
    done = tieout(tmp_path, "replay", "--case", id_of(entry(1).case_fingerprint))
    assert done.returncode == 2 and "is resolved" in done.stderr


@pytest.mark.req("N4")
@pytest.mark.parametrize("words", [("demo",), ("demo", "--fresh")])
def test_a_home_that_runs_is_left_alone_whatever_ports_are_asked_for(tmp_path: Path, words: tuple[str, ...]) -> None:
    (tmp_path / "demo.json").write_text("{}")
    with open(tmp_path / "lock", "a") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        done = tieout(tmp_path, *words, **free_ports())
    assert done.returncode == 2 and "in use" in done.stderr and (tmp_path / "demo.json").exists()


def test_demo_keeps_away_from_another_installation(tmp_path: Path) -> None:
    (tmp_path / "journal.sqlite").write_bytes(b"")
    done = tieout(tmp_path, "demo", "--fresh", **free_ports())
    assert done.returncode == 2 and "refusing" in done.stderr
    assert (tmp_path / "journal.sqlite").exists()


def test_a_port_in_use_is_named(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        done = tieout(tmp_path / "home", "demo", **{**free_ports(), "TIEOUT_OTLP_PORT": str(other.getsockname()[1])})
    assert done.returncode == 2 and "TIEOUT_OTLP_PORT" in done.stderr


@pytest.mark.parametrize(
    "words",
    [
        ("replay",),
        ("replay", "--case", "nothing"),
        ("replay", "x", "--set", "no-equals"),
        ("replay", "x", "--from", "middle"),
        ("replay", "x", "--plan", "0" * 64),
        ("bench", "everything"),
    ],
)
def test_wrong_use_is_status_2(tmp_path: Path, words: tuple[str, ...]) -> None:
    installed(tmp_path)
    done = tieout(tmp_path, *words)
    assert done.returncode == 2, done.stderr
    assert done.stderr.strip() and "Traceback" not in done.stderr and "no installation" not in done.stderr


def test_fresh_never_clears_a_home_whose_ports_are_taken(tmp_path: Path) -> None:
    """A running demonstration keeps its home."""
    (tmp_path / "demo.json").write_text("{}")
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        done = tieout(
            tmp_path, "demo", "--fresh", **{**free_ports(), "TIEOUT_SANDBOX_PORT": str(other.getsockname()[1])}
        )
    assert done.returncode == 2 and (tmp_path / "demo.json").exists()


def test_an_unknown_key_has_no_trace(tmp_path: Path) -> None:
    installed(tmp_path)
    done = tieout(tmp_path, "trace", "PRJ-0000")
    assert done.returncode == 1 and "PRJ-0000" in done.stderr


def test_doctor_looks_at_an_empty_place_without_a_stack(tmp_path: Path) -> None:
    done = tieout(tmp_path / "none", "doctor")
    assert done.returncode == 1 and "MEND" in done.stdout and "Traceback" not in done.stderr


@pytest.mark.req("G4", "N4")
def test_doctor_says_which_catalogue_holds_and_what_is_wrong_with_it(tmp_path: Path) -> None:
    """G4: its digest, and whether it is the one that the engine last started with; N4: every fault of it."""
    folder, home = tmp_path / "catalogue", tmp_path / "var"
    folder.mkdir()
    home.mkdir()
    journal = installed(home)
    journal.catalogues.record(packaged())
    said = tieout(home, "doctor").stdout
    assert f"ok    catalogue as packaged, digest {packaged().digest[:12]}: 0 systems, 5 flows" in said
    assert "last started with" not in said
    (folder / "installation.toml").write_text('reporting_currency = "CHF"\n')
    said = tieout(home, "doctor", TIEOUT_CATALOGUE=str(folder)).stdout
    assert f"; the engine last started with {packaged().digest[:12]}: set TIEOUT_CATALOGUE" in said
    (folder / "installation.toml").write_text('reporting_currency = "francs"\n')
    (folder / "flows.toml").write_text('[[flow]]\nname = "x"\n')
    done = tieout(home, "doctor", TIEOUT_CATALOGUE=str(folder))
    assert done.returncode == 1
    assert re.search(
        r"(?s)MEND  the catalogue needs mending:\n- .*reporting_currency: .*\n- .*flow x: title missing", done.stdout
    )
    journal.close()


@pytest.mark.finding("U16e")
@pytest.mark.req("X18")
def test_doctor_asks_the_processes_of_this_home(tmp_path: Path) -> None:
    """Not whoever listens at the default ports: an engine of this home shows, a collector that is missing does too."""
    installed(tmp_path).close()
    handle = present(tmp_path / "run", ENGINE)
    done = tieout(tmp_path, "doctor")
    os.close(handle)
    assert done.returncode == 1 and "MEND  the collector is not running" in done.stdout
    assert "the engine is not running" not in done.stdout and "collector answers" not in done.stdout


@pytest.mark.req("X18")
def test_doctor_says_since_when_an_engine_is_dead_and_which_part_of_a_collector_is_stuck(tmp_path: Path) -> None:
    journal = installed(tmp_path)
    journal.heartbeats.tell("host:1", ENGINE, [Beat("worker", 0.0, 60.0)])
    late = [Beat("commit", 70.0, 12.0, "batch 3: disk full"), Beat("feed", 0.0, 55.0)]
    journal.heartbeats.tell("abc", COLLECTOR, late)
    with journal.engine.begin() as connection:  # however long a busy machine takes to ask, this was told just now
        ahead = (
            "update heartbeat set told_at = told_at + 600000000, well_at = well_at + 600000000 where role = 'collect'"
        )
        connection.execute(sa.text(ahead))
    handle = present(tmp_path / "run", COLLECTOR)
    done = tieout(tmp_path, "doctor")
    os.close(handle)
    journal.close()
    assert done.returncode == 1
    assert re.search(r"MEND  the engine is not running since \d{4}-.* UTC: .*`tieout up`", done.stdout)
    assert re.search(r"MEND  the collector cannot write into the audit lake .* \(batch 3: disk full\)", done.stdout)
    assert re.search(r"ok    last heard: collect \d+ s ago, engine \d+ s ago", done.stdout)


@pytest.mark.finding("U16e")
@pytest.mark.req("X18")
def test_doctor_asks_where_this_homes_processes_listen_and_nobody_at_the_ports_of_its_own_settings(
    tmp_path: Path,
) -> None:
    """Another installation answers at the ports that this shell names; this home's console said where it listens, and
    hangs there.
    """
    installed(tmp_path).close()
    with socket.socket() as mine, socket.socket() as others:
        for each in (mine, others):
            each.bind(("127.0.0.1", 0))
        others.listen()
        ports = {name: str(others.getsockname()[1]) for name in ("TIEOUT_OTLP_PORT", "TIEOUT_CONSOLE_PORT")}
        address = f"http://127.0.0.1:{mine.getsockname()[1]}"
        handle = present(tmp_path / "run", CONSOLE, address)
        done = tieout(tmp_path, "doctor", **ports)
        os.close(handle)
        others.settimeout(0.1)
        with pytest.raises(TimeoutError):
            others.accept()
    assert f"MEND  console does not answer at {address}/healthz" in done.stdout
    assert ports["TIEOUT_OTLP_PORT"] not in done.stdout
    assert addresses(tmp_path / "run", CONSOLE) == []


@pytest.mark.req("X18")
def test_doctor_names_a_stream_that_is_not_read_and_why(tmp_path: Path) -> None:
    """X18: a stream that fails for minutes is named with its reason; one that is read is counted."""
    home = tmp_path / "var"
    home.mkdir()
    journal = installed(home)
    journal.cursors.register([("psa", "time"), ("crm", "accounts")])
    journal.cursors.fail("psa", "time", "bad-payload", "the answer is not JSON")
    with journal.engine.begin() as connection:
        connection.execute(sa.text("update cursor set failed_at = failed_at - 600000000 where system = 'psa'"))
    said = tieout(home, "doctor").stdout
    assert "MEND  time of psa: never read; bad-payload: the answer is not JSON" in said
    assert "accounts of crm" not in said
    journal.close()
