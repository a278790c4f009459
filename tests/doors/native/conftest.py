"""A served farm for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.doors.native.served import Served, served


@pytest.fixture
def farm(tmp_path: Path) -> Iterator[Served]:
    """A farm without jobs and workers."""
    with served(tmp_path) as found:
        yield found


@pytest.fixture
def api(farm: Served) -> Iterator[httpx.Client]:
    """The owner's client."""
    with farm.client() as client:
        yield client
