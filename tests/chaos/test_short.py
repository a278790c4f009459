"""A few faults on real farms, each for some seconds; `make chaos` has all of them at length."""

from __future__ import annotations

from pathlib import Path

import pytest

from chaos.campaign import attempt
from chaos.scenarios import SCENARIOS

SHORT = [name for name, scenario in SCENARIOS.items() if scenario.short]
SEED = 2_026

pytestmark = [pytest.mark.slow, pytest.mark.crash, pytest.mark.timeout(300)]


@pytest.mark.parametrize("name", SHORT)
def test_a_broken_farm_keeps_its_promises(name: str, tmp_path: Path) -> None:
    one = attempt(SCENARIOS[name], SEED, tmp_path / name, brief=True)
    told = [f"{found.promise}: {found.text}" for found in one.violations]
    if told:
        print((one.folder / "farm.log").read_text(errors="replace")[-20_000:])
    assert told == []
