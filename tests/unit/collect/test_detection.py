"""The detectors' process gives its findings back; one that hangs, dies or fails is ended, named, replaced (N4, E9)."""

from __future__ import annotations

import os
import sys
import time
from datetime import date
from decimal import Decimal
from types import MappingProxyType, SimpleNamespace

import pytest

from collectors.detection import Detection
from collectors.detector_process import DetectionFailed, DetectorProcess
from collectors.detectors.turn import CircuitState, Found, Turn
from models.domain.finding import Cause, Finding
from models.leased import Leased

pytestmark = pytest.mark.req("E9", "N4")

_CHILD = """
import os, signal, sys, time
from multiprocessing.connection import Connection
from decimal import Decimal
from collectors.detectors.turn import Found
from models.domain.finding import Cause, Finding
from models.leased import Leased
pipe = Connection(int(sys.argv[-1]))
while True:
    turn = pipe.recv()
    {answer}
"""
FINDS = """
    cause = Cause("open-circuit", "t", "e", "n", "erp")
    found = [Finding(f"open-circuit|{one.system}|{os.getpid()}", cause, "system", one.system) for one in turn.circuits]
    pipe.send(Found({"by-hand": found}, {"GBP": Decimal("1.17")}))
"""
ONCE = """
    if os.path.exists(os.environ["TIEOUT_TEST_MARK"]):
        pipe.send(Found({}, {}))
    else:
        open(os.environ["TIEOUT_TEST_MARK"], "w").write(str(os.getpid()))
        __FIRST__
"""


def child(answer: str) -> list[str]:
    """A detectors' process made by hand."""
    return [sys.executable, "-c", _CHILD.replace("{answer}", answer.strip())]


@pytest.fixture
def process(tmp_path, monkeypatch):
    """Makes processes that end with the test; each does `first` once, and then finds nothing."""
    monkeypatch.setenv("TIEOUT_TEST_MARK", str(tmp_path / "pid"))
    monkeypatch.setenv("PYTHONPATH", os.getcwd())
    made = []

    def make(first: str, limit: float = 60.0) -> DetectorProcess:
        made.append(DetectorProcess(limit, child(ONCE.replace("__FIRST__", first))))
        return made[-1]

    yield make
    for one in made:
        one.stop()


class Journal:
    """A reporter that keeps what it is given."""

    def __init__(self, refusing: bool = False) -> None:
        self.reports: list[tuple] = []
        self.refusing = refusing
        self.cases = self
        self.throttle = SimpleNamespace(circuits=lambda: {"erp": CircuitState("erp", "open", 3, reason="refused")})

    def report_all(self, findings, rates):
        if self.refusing:
            raise OSError("database is locked")
        self.reports.append((findings, rates))


def ended(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def test_circuits_go_with_the_question_and_findings_come_back(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", os.getcwd())
    process, journal = DetectorProcess(60, child(FINDS)), Journal()
    detection = Detection(journal, process, MappingProxyType({"time-to-bill": 60.0}), 3600)
    detection.run()
    detection.run()
    process.stop()
    (first, rates), (second, _) = journal.reports
    assert [one.subject_key for one in first["by-hand"]] == ["erp"] and rates == {"GBP": Decimal("1.17")}
    assert first["by-hand"][0].fingerprint == second["by-hand"][0].fingerprint, "one child answered both"
    assert detection.fault is None


@pytest.mark.finding("C10f")
@pytest.mark.parametrize("first", ["time.sleep(3600)", "os.kill(os.getpid(), signal.SIGSTOP)"])
def test_a_turn_that_hangs_is_ended_and_named_and_the_next_has_a_fresh_child(process, first, tmp_path, monkeypatch):
    monkeypatch.setattr("collectors.detector_process._END_SECONDS", 0.2)
    journal = Journal()
    detection = Detection(journal, process(first, limit=5.0), {}, 3600)
    detection.run()
    assert "longer than 5 s" in detection.fault and "TIEOUT_DETECT_LIMIT_SECONDS" in detection.fault
    assert not journal.reports and ended(int((tmp_path / "pid").read_text()))
    detection.run()
    assert detection.fault is None and journal.reports == [({}, {})]


@pytest.mark.parametrize(
    ("first", "said"),
    [
        ("os._exit(3)", "the detectors' process ended"),
        ("pipe.send('OutOfMemoryException: no room')", "OutOfMemoryException: no room"),
        ("pipe.send_bytes(b'no pickle')", "the detectors' process ended (UnpicklingError"),
        ("pipe.send_bytes(b'cno_such_module\\nName\\n.')", "the detectors' process ended (ModuleNotFoundError"),
    ],
)
def test_whatever_a_child_says_or_not_its_fault_is_named_and_the_next_turn_works(process, first, said):
    asked = process(first)
    with pytest.raises(DetectionFailed) as caught:
        asked.ask(Turn())
    assert said in str(caught.value)
    assert asked.ask(Turn()) == Found({}, {})


def test_a_journal_that_refuses_the_report_shows_and_is_reported_to_again(process):
    journal = Journal(refusing=True)
    detection = Detection(journal, process("pipe.send(Found({}, {}))"), {}, 3600)
    detection.run()
    assert detection.fault == "detectors: OSError: database is locked"
    journal.refusing = False
    detection.run()
    assert detection.fault is None and len(journal.reports) == 1


def test_a_detector_that_failed_is_named_while_the_others_are_reported(process):
    journal = Journal()
    told = "pipe.send(Found({'b': []}, {}, {'a': 'BinderException: no such column'}))"
    detection = Detection(journal, process(told), {}, 3600)
    detection.run()
    assert detection.fault.startswith("detector a failed") and "no such column" in detection.fault
    assert journal.reports == [({"b": []}, {})]


@pytest.mark.req("X18", "O12")
def test_marts_and_each_detector_have_a_pulse_of_their_own(process, monkeypatch):
    """One that fails is told apart from those that look; a report that is refused makes no mart old."""
    journal = Journal()
    told = "pipe.send(Found({}, {}, {'a': 'BinderException: no such column'}, detectors=('a', 'b')))"
    detection = Detection(journal, process(told), {}, 3600)
    detection.run()
    found = {one.part: one.fault for one in detection.beats()}
    assert found == {"marts": None, "detector a": "BinderException: no such column", "detector b": None}
    assert detection.parts()["detection"].startswith("detector a failed")


@pytest.mark.req("X18", "O12")
def test_a_turn_that_does_not_end_is_told_while_it_is_under_way(monkeypatch):
    """Long before its limit, which lets a large installation work."""
    told = []

    def ask(turn):
        detection._since -= 6
        told.append(detection.parts()["detection"])
        return Found({}, {})

    detection = Detection(Journal(), SimpleNamespace(ask=ask), {}, 3600)
    assert detection.parts() == {"detection": None}
    detection.run()
    assert told == ["a turn of the detectors has been under way for 6 s"]
    assert detection.parts() == {"detection": None}


def test_findings_survive_the_pipe_with_their_money(process):
    text = (
        "pipe.send(Found({'a': [Finding('f', Cause('c', 't', 'e', 'n', 'o'), 'x', 'k', Decimal('1.10'), 'EUR')]}, {}))"
    )
    cause = Cause("c", "t", "e", "n", "o")
    assert process(text).ask(Turn()).findings == {"a": [Finding("f", cause, "x", "k", Decimal("1.10"), "EUR")]}


@pytest.mark.finding("C10d")
def test_what_was_reported_is_told_with_the_next_question(monkeypatch):
    """So that findings which stayed as they are cross neither the pipe nor the journal again."""
    monkeypatch.setenv("PYTHONPATH", os.getcwd())
    told = "pipe.send(Found({'a': []} if not turn.reported else {}, {}, {}, {'a': '17'} if not turn.reported else {}))"
    process, journal = DetectorProcess(60, child(told)), Journal(refusing=True)
    detection = Detection(journal, process, {}, 3600)
    detection.run()
    journal.refusing = False
    detection.run()
    detection.run()
    process.stop()
    assert journal.reports == [({"a": []}, {}), ({}, {})], "what the journal refused is not reported yet"


@pytest.mark.req("X12")
def test_the_first_turn_after_a_day_seals_its_control_totals(process):
    class DayEnds:
        """A day has ended, and is sealed by the first turn that brings its totals and figures."""

        def __init__(self):
            self.sealed = []

        def due(self):
            return {} if self.sealed else {"NOV-DE": date(2026, 12, 1)}

        def over(self):
            return date(2026, 11, 30)

        def seal(self, days, totals, figures):
            self.sealed.append((days, totals, figures))

    days = DayEnds()
    found = "Found({}, {}, totals=[{'flow': 'time-to-bill'}] if turn.day else None, figures=[{'day': turn.day}])"
    answered = process(f"pipe.send({found})")
    detection = Detection(Journal(), answered, {}, 3600, days)
    detection.run()
    detection.run()
    assert detection.fault is None
    assert days.sealed == [
        ({"NOV-DE": date(2026, 12, 1)}, [{"flow": "time-to-bill"}], [{"day": date(2026, 11, 30)}])
    ], "and the figures of the days that are over everywhere"


@pytest.mark.req("E8", "E9")
def test_of_several_collectors_one_has_turns_and_who_comes_back_remembers_nothing():
    """E9: what it reported before the other did is no reason to keep quiet: the journal may say otherwise by now."""
    asked, owner = [], ["a"]
    lease = SimpleNamespace(hold=lambda name, who, seconds: owner == [who], release=lambda name, who: None)

    def ask(turn):
        asked.append(dict(turn.reported))
        return Found({}, {}, {}, {"a": "17"}, detectors=("a",))

    child = SimpleNamespace(ask=ask, stop=lambda: None)
    one, other = (
        Detection(Journal(), child, {}, 3600, leased=Leased(lease, "detection", name, 45.0, 0.0)) for name in "ab"
    )
    for collector in (one, one, other):
        collector.run()
    assert asked == [{}, {"a": "17"}] and {beat.fault for beat in other.beats()} == {None}
    owner[:] = ["b"]
    one.run()
    other.run()
    owner[:] = ["a"]
    one.run()
    assert asked[2:] == [{}, {}], "the first one had its turns before the second, and tells all of it again"


@pytest.mark.req("E9")
def test_who_was_suspended_for_longer_than_its_lease_lasts_begins_anew(monkeypatch):
    """Another may have come and gone meanwhile, so that the lease alone tells nothing."""
    lease = SimpleNamespace(hold=lambda name, who, seconds: True, release=lambda name, who: None)
    leased, began = Leased(lease, "detection", "a", 45.0, 10.0), time.monotonic()
    answers = []
    for moment in (0, 5, 15, 59, 105, 106):
        monkeypatch.setattr("models.leased.time.monotonic", lambda moment=moment: began + moment)
        answers.append(leased.ours())
    assert answers == [True, True, True, True, False, True]
