"""`tieout bench` runs the checkout's benchmarks; what is installed has none and says where they are."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest

from app.cli.bench import BENCHES, CHECKOUT, bench


def test_figures_are_one_line_of_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert bench("engine", True, 200, "sqlite") == 0
    assert json.loads(capsys.readouterr().out)["runs"] == 200


def test_without_a_checkout_it_says_what_to_do(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        bench("bill", True, 1, "sqlite", checkout=tmp_path)
    assert ended.value.code == 2
    assert "checkout" in capsys.readouterr().err


def test_every_benchmark_is_in_the_checkout_and_none_in_the_package() -> None:
    assert all((CHECKOUT / "tests" / "bench" / f"{what}.py").is_file() for what in BENCHES)
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())
    packages = project["tool"]["setuptools"]["packages"]["find"]["include"]
    assert packages == ["app*", "collectors*", "integrations*", "models*"]
    layers = [CHECKOUT / name.rstrip("*") for name in packages]
    assert [path.relative_to(CHECKOUT) for layer in layers for path in layer.rglob("bench*.py")] == [
        Path("app/cli/bench.py")
    ]
