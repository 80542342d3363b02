"""X12, F5: ten years of a real software house's time, out of files into the ERP: every hour once, or an owned
exception.
"""

from __future__ import annotations

import csv
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest

from integrations.contracts import Role, SystemConfig
from tests.acceptance.flows.house import EAGER, House, open_house
from tests.sip import SIP, needs_sip

ROOT = Path(__file__).parents[3]
MAPPING = ROOT / "integrations" / "connectors" / "csv" / "examples" / "sip.toml"
TASKS = (
    "TaskNumber,Summary,Priority,RaisedByID,AssignedToID,AuthorisedByID,StatusCode,ProjectCode,ProjectBreakdownCode,"
    "Category,SubCategory,HoursEstimate,HoursActual,DeveloperID,DeveloperHoursActual,TaskPerformance,"
    "DeveloperPerformance"
)


def run_of_files(folder: Path, tmp_path: Path) -> House:
    """The files as the PSA, the emulator as the ERP, nobody else; the house is returned closed, its journal and ERP
    readable.
    """
    files = SystemConfig(
        "sip",
        "csv",
        Role.PSA,
        "file:///",
        ("NOV-UK",),
        options={"folder": str(folder), "mapping": str(MAPPING), "results": str(tmp_path / "told")},
        policy=EAGER,
    )
    with open_house(tmp_path, {Role.PSA: files, Role.CRM: None, Role.HCM: None, Role.PPM: None}) as house:
        house.open_company("NOV-UK", "GBP")
        house.settle(3)
    return house


def rows_of(folder: Path) -> list[dict[str, str]]:
    text = (folder / "Sip-task-info.csv").read_bytes().decode("utf-8", "replace")
    return list(csv.DictReader(text.splitlines(keepends=True)))


def balance(house: House, rows: list[dict[str, str]]) -> Counter[str]:
    """Each row is posted once with its hours, or a dead letter tells why not; how many of which."""
    net = {fact: hours.quantize(Decimal("0.01")) for fact, hours in house.posted().items()}
    refused = {run["business_key"].rpartition(":")[2] for run in house.runs() if run["state"] in ("dead", "waiting")}
    postings = Counter(external.rsplit("-v", 1)[0] for external in house.erp("timeBill"))
    assert set(postings.values()) <= {1}
    found: Counter[str] = Counter()
    seen: set[str] = set()
    for row in rows:
        fact = f"TE-sip-{row['TaskNumber']}-{row['DeveloperID']}"
        if fact in net and fact not in seen:
            seen.add(fact)
            assert abs(net.pop(fact) - Decimal(row["DeveloperHoursActual"])) <= Decimal("0.01"), fact
            found["posted"] += 1
        else:
            found["excepted"] += 1
    assert net == {}
    assert found["excepted"] == len(refused), (found, refused)
    return found


@needs_sip
@pytest.mark.req("X12", "F5", "S6", "S4")
def test_the_real_files_balance_to_the_hour(tmp_path: Path) -> None:
    rows = rows_of(SIP)
    house = run_of_files(SIP, tmp_path)
    found = balance(house, rows)
    assert found["posted"] + found["excepted"] == len(rows) > 12_000
    assert found["posted"] > 0.99 * len(rows)
    told = (tmp_path / "told" / "time_entry.jsonl").read_text().count('"successful"')
    assert told == found["posted"]


@pytest.mark.req("X12", "F5", "S6", "N4")
def test_a_sample_of_the_same_shape_balances_and_its_bad_rows_are_owned_exceptions(tmp_path: Path) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    good = [
        f'{1000 + n},"Task, number {n}",1,58,58,6,FINISHED,PC{n % 3},PBC{n % 7},'
        f"Development,Bug,7,7,{n % 5},{n % 9}.{25 * (n % 4):02d},0,0"
        for n in range(240)
    ]
    bad = [
        '5000,"Hours of nobody knows what",1,58,58,6,FINISHED,PC1,PBC1,Development,Bug,7,7,1,,0,0',
        good[0],
        '5001,"Hours that are none",1,58,58,6,FINISHED,PC1,PBC1,Development,Bug,7,7,1,seven,0,0',
        '5002,"No developer",1,58,58,6,FINISHED,PC1,PBC1,Development,Bug,7,7,,7,0,0',
    ]
    (folder / "Sip-task-info.csv").write_text("\n".join([TASKS, *good, *bad]) + "\n")
    dates = [f"{1000 + n},02-Nov-04,,{1 + n % 28:02d}-Nov-04" for n in range(240)] + [
        f"{n},02-Nov-04,03-Nov-04," for n in (5000, 5001, 5002)
    ]
    (folder / "est-act-dates.csv").write_text("\n".join(["TaskNumber,EstimateOn,StartedOn,CompletedOn", *dates]) + "\n")
    house = run_of_files(folder, tmp_path)
    dead = [run for run in house.runs() if run["state"] == "dead" and run["business_key"].startswith("time:")]
    assert {(run["flow"], run["error_code"]) for run in dead} == {
        ("intake", "duplicate-row"),
        ("intake", "retyped-field"),
        ("intake", "missing-field"),
    }
    assert house.states("time-to-bill") == {"settled": 240}
    assert sum(house.posted().values()).quantize(Decimal("0.01")) == sum(
        Decimal(f"{n % 9}.{25 * (n % 4):02d}") for n in range(240)
    )
