"""A served farm for each file of tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.doors.native.served import Served, served


@pytest.fixture(scope="module")
def farm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A farm over plain HTTP."""
    with served(tmp_path_factory.mktemp("farm")) as found:
        yield found
