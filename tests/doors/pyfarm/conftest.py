"""A served farm for each file of tests; each test makes the jobs that it looks at."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from tests.doors.native.served import Served, served


@pytest.fixture(scope="module")
def farm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A farm over plain HTTP."""
    with served(tmp_path_factory.mktemp("farm")) as found:
        yield found


@pytest.fixture
def api(farm: Served) -> Iterator[httpx.Client]:
    """The owner's client."""
    with farm.client() as client:
        yield client
