"""A farm whose invariants hold when a test is over."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from grange.core.check import faults
from grange.core.farm import Farm


@pytest.fixture
def farm() -> Iterator[Farm]:
    farm = Farm()
    yield farm
    assert list(faults(farm.state)) == []
