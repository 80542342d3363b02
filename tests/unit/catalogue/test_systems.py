"""The systems file: every fault in one message, secrets from the environment only (S1, S5, S7, G3)."""

from __future__ import annotations

from pathlib import Path

import pytest

from models.catalogue import Policy, Role, SystemConfig, load_catalogue
from models.domain.errors import Misconfigured
from models.settings import Settings

GOOD = """
[[system]]
name = "netsuite"
vendor = "netsuite"
role = "erp"
base_url = "http://127.0.0.1:${PORT:8600}/netsuite"
legal_entities = ["NOV-DE"]
[system.credentials]
token = "NETSUITE_TOKEN"
[system.options]
folder = "${SYSTEMS_FOLDER}/in"
[system.policy]
rate = 5
concurrency = 2
[system.policy.production]
rate = 1
"""


def settings(tmp_path: Path, environment: str = "sandbox") -> Settings:
    return Settings.model_validate({"systems": tmp_path / "systems.toml", "environment": environment})


def loaded(tmp_path: Path, text: str, environment: str = "sandbox", **variables: str) -> tuple[SystemConfig, ...]:
    (tmp_path / "systems.toml").write_text(text)
    return load_catalogue(settings(tmp_path, environment), variables).systems


@pytest.mark.req("S7", "G3")
def test_a_system_is_read_with_its_environment(tmp_path: Path) -> None:
    """S7: the policy of the environment wins; G3: the secret comes from the environment and shows nowhere."""
    (sandbox,) = loaded(tmp_path, GOOD, NETSUITE_TOKEN="s3cret")
    assert (sandbox.role, sandbox.base_url, sandbox.legal_entities) == (
        Role.ERP,
        "http://127.0.0.1:8600/netsuite",
        ("NOV-DE",),
    )
    assert sandbox.policy == Policy(rate=5.0, concurrency=2) and sandbox.options == {"folder": f"{tmp_path}/in"}
    assert sandbox.credentials == {"token": "s3cret"} and "s3cret" not in repr(sandbox)
    (production,) = loaded(tmp_path, GOOD, "production", NETSUITE_TOKEN="s3cret", PORT="9")
    assert (production.policy.rate, production.base_url) == (1.0, "http://127.0.0.1:9/netsuite")


@pytest.mark.req("G3")
def test_who_connects_to_nothing_needs_no_secret_and_gets_none(tmp_path: Path) -> None:
    (tmp_path / "systems.toml").write_text(GOOD)
    (described,) = load_catalogue(settings(tmp_path)).systems
    assert (described.credentials, described.base_url) == ({}, "http://127.0.0.1:${PORT:8600}/netsuite")
    with pytest.raises(Misconfigured, match="set the environment variables NETSUITE_TOKEN"):
        load_catalogue(settings(tmp_path), {})


@pytest.mark.req("N4")
def test_every_fault_is_told_at_once(tmp_path: Path) -> None:
    """N4: unknown key, wrong role, missing variable, doubled name, unknown policy: one message names them all."""
    text = (
        GOOD
        + """
[[system]]
name = "a"
vendor = "x"
role = "boss"
[[system]]
name = "netsuite"
vendor = "x"
role = "crm"
colour = "red"
[[system]]
vendor = "x"
role = "crm"
[[system]]
name = "p"
vendor = "x"
role = "crm"
base_url = "${NO_DEFAULT}"
[system.policy]
speed = 3
"""
    )
    with pytest.raises(Misconfigured) as refused:
        loaded(tmp_path, text)
    for words in (
        "NETSUITE_TOKEN",
        "NO_DEFAULT",
        "'boss'",
        "unknown key colour: use name, vendor",
        "name missing",
        "policy: unknown key speed: use rate, burst",
        "netsuite is named twice",
    ):
        assert words in str(refused.value)


@pytest.mark.req("S7", "N4")
@pytest.mark.parametrize(
    "line",
    [
        "burst = 0",
        "concurrency = 0",
        "rate = 0",
        "rate = -1.0",
        'rate = "fast"',
        "attempts = 1.5",
        "timeout = 0",
        "rate = inf",
        "rate = nan",
    ],
)
@pytest.mark.parametrize("environment", ["", ".production"])
def test_a_policy_that_would_stop_or_crash_the_engine_is_refused_in_every_environment(
    tmp_path: Path, line: str, environment: str
) -> None:
    head = GOOD.split("[system.policy]")[0]
    with pytest.raises(Misconfigured, match=rf"system netsuite: policy{environment}: {line.split()[0]}"):
        loaded(tmp_path, f"{head}\n[system.policy{environment}]\n{line}\n", NETSUITE_TOKEN="x")


@pytest.mark.req("G3")
def test_a_secret_in_the_place_of_a_variables_name_is_refused_and_not_repeated(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="the name of the environment variable") as refused:
        loaded(tmp_path, GOOD.replace('"NETSUITE_TOKEN"', '"s3cret/with=signs"'))
    assert "s3cret" not in str(refused.value)


@pytest.mark.parametrize(("text", "words"), [("", "has no"), ("[[system", "no TOML"), ("system = 3", "has no")])
def test_a_file_that_is_none(tmp_path: Path, text: str, words: str) -> None:
    """N4: an empty or broken file says so."""
    with pytest.raises(Misconfigured, match=words):
        loaded(tmp_path, text)
    (tmp_path / "systems.toml").unlink()
    with pytest.raises(Misconfigured, match=r"cannot be read.*TIEOUT_SYSTEMS"):
        load_catalogue(settings(tmp_path), {})
