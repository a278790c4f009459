"""Farms whose processes are gone when the test is over."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.farms import Farm, Processes

NewFarm = Callable[..., Farm]


@pytest.fixture
def processes() -> Iterator[Processes]:
    """Where all processes of a test belong."""
    with Processes() as processes:
        yield processes


@pytest.fixture
def new_farm(tmp_path: Path, processes: Processes) -> Iterator[NewFarm]:
    """Starts farms; what they said is shown when the test fails."""
    farms: list[Farm] = []

    def start(**settings: Any) -> Farm:
        farms.append(Farm(tmp_path, processes, **settings))
        return farms[-1]

    yield start
    for farm in farms:
        print(farm.said())


@pytest.fixture
def farm(new_farm: NewFarm) -> Farm:
    """A farm with one worker."""
    return new_farm()
