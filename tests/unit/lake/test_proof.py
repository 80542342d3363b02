"""O10: one record proven with Python alone; whatever is changed in the proof, it fails."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from pathlib import Path

import pytest

from models.lake import proof_check
from models.lake.proof import NoProof, Prover
from models.lake.proof_check import NotProven, check
from tests.unit.lake.samples import filled, settings_at, spans


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("proofs")
    filled(settings_at(home), batches=12, rows=23).close()
    return home


@pytest.mark.req("O10", "C5")
def test_every_kind_of_place_is_proven(home: Path) -> None:
    key = (home / "keys" / "audit.pub").read_text()
    prover = Prover(settings_at(home))
    for table, batch, n in (("spans", 1, 0), ("spans", 5, 22), ("records", 8, 6), ("records", 12, 3)):
        row = check(json.loads(json.dumps(prover.prove(table, batch, n))), key)
        assert row.startswith(f"v1|{table}|{batch}|{n}|")
    prover.close()


@pytest.mark.req("O10")
def test_the_checker_needs_nothing_of_ours(home: Path, tmp_path: Path) -> None:
    prover = Prover(settings_at(home))
    (tmp_path / "proof.json").write_text(json.dumps(prover.prove("spans", 6, 9)))
    prover.close()
    key = (home / "keys" / "audit.pub").read_text().strip()
    command = [sys.executable, "-I", "-S", proof_check.__file__, str(tmp_path / "proof.json")]
    proven = subprocess.run([*command, key], capture_output=True, text=True, cwd=tmp_path)
    assert proven.returncode == 0 and "proven: v1|spans|6|9|" in proven.stdout
    other = key.replace("+", "+0", 1)[: len(key)]
    assert subprocess.run([*command, "x" + other[1:]], capture_output=True, text=True, cwd=tmp_path).returncode == 1


def test_a_proof_changed_anywhere_fails(home: Path) -> None:
    key = (home / "keys" / "audit.pub").read_text()
    prover = Prover(settings_at(home))
    proof = prover.prove("spans", 6, 9)
    other = prover.prove("spans", 6, 10)
    prover.close()

    def changed(**parts: object) -> dict:
        return {**copy.deepcopy(proof), **parts}

    flipped = [*proof["batch"]["path"][:-1], "00" * 32]
    forged = [
        changed(row=proof["row"].replace("step", "stop")),
        changed(row=other["row"]),
        changed(batch={**proof["batch"], "index": 10}),
        changed(batch={**proof["batch"], "path": flipped}),
        changed(batch={**proof["batch"], "path": flipped[:-1]}),
        changed(batch={**proof["batch"], "path": [*flipped, "00" * 32]}),
        changed(seal=proof["seal"].replace("|feed", "|evil")),
        changed(log={**proof["log"], "index": proof["log"]["index"] + 1}),
        changed(log={**proof["log"], "size": proof["log"]["size"] + 1}),
        changed(note=proof["note"].replace("last-batch", "last-botch")),
    ]
    for one in forged:
        with pytest.raises(NotProven):
            check(one, key)


def test_what_cannot_be_proven_says_why(home: Path, tmp_path: Path) -> None:
    prover = Prover(settings_at(home))
    for table, batch, n, why in (
        ("spans", 99, 0, "no seal"),
        ("spans", 1, 23, "rows 0 to 22"),
        ("runs", 1, 0, "no sealed table"),
    ):
        with pytest.raises(NoProof, match=why):
            prover.prove(table, batch, n)
    prover.close()
    with pytest.raises(NoProof, match="no audit lake"):
        Prover(settings_at(tmp_path / "nowhere"))
    settings = settings_at(tmp_path / "young")
    writer = filled(settings, batches=4)
    writer.append({"spans": spans(1)}, "otlp", 50)
    young = Prover(settings)
    with pytest.raises(NoProof, match="not under a signed checkpoint yet"):
        young.prove("spans", 5, 0)
    young.close()
    writer.close()
