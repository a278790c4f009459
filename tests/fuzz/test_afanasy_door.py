"""Bytes that no client would send to Afanasy's port: the door answers the next one as ever."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from grange.doors.afanasy.binary.types import Kind, framed
from tests.doors.afanasy.opened import Opened, opened
from tests.doors.afanasy.recorded import all_recorded
from tests.fuzz.target import damage
from tests.fuzz.targets.afanasy_door import BROKEN, JOBS, REQUESTS, sent
from tests.fuzz.test_parsers import EXAMPLES

ASKED = {"get": {"type": "jobs"}}


def recorded() -> list[bytes]:
    """Requests that real clients have sent."""
    found: list[bytes] = []
    for item in all_recorded():
        said = item["input"]
        if isinstance(said, dict) and "request_hex" in said:
            found.append(bytes.fromhex(said["request_hex"]))
        elif isinstance(said, dict) and said.keys() & {"get", "action", "job", "monitor"}:
            body = sent(said)
            found.append(b"AFANASY %d JSON" % len(body) + body)
            found.append(framed(Kind.JSON_BINARY, body))
    found += [framed(Kind.JSON_BINARY, sent(JOBS[name])) for name in ("minimum", "maximum")]
    return found


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opened]:
    folder: Path = tmp_path_factory.mktemp("farm")
    with opened(folder) as found:
        yield found


def test_whatever_comes_the_next_one_is_answered(
    door: Opened, caplog: pytest.LogCaptureFixture
) -> None:
    real = recorded()
    valid = st.sampled_from([*REQUESTS, *BROKEN, *real])
    damaged = st.builds(damage, valid, st.integers(0, 2**32 - 1), st.integers(1, 4))

    @settings(
        max_examples=4 * EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.explicit, Phase.generate, Phase.shrink),
    )
    @given(st.one_of(st.binary(max_size=200), valid, damaged))
    def holds(data: bytes) -> None:
        caplog.clear()
        door.say(data, end=True)
        assert [record for record in caplog.records if record.exc_info] == []

    holds()
    assert "jobs" in door.text(ASKED)
    assert door.door._listener._budget.held == 0


def test_many_requests_leave_nothing_behind(door: Opened) -> None:
    listener = door.door._listener
    for data in recorded():
        door.say(data, end=True)
    assert "jobs" in door.text(ASKED)
    assert listener._budget.held == 0
    assert not listener._reading
