"""A farm behind the door's answers, for each test one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.doors.afanasy.stand import Stand, standing


@pytest.fixture
def stand(tmp_path: Path) -> Iterator[Stand]:
    """A farm without jobs and workers."""
    with standing(tmp_path) as found:
        yield found
