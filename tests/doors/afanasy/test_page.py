"""The page about this door: every request on it is sent, and answered as it says."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.doors.afanasy.opened import Opened, opened

PAGE = Path(__file__).parents[3] / "docs" / "doors" / "afanasy.md"
_BLOCK = re.compile(r"^```(json ask|json answer|sh)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ANYTHING = "..."


def exchanges() -> Iterator[tuple[Any, Any]]:
    """Requests of the page in their order, each with its answer; None: there is none."""
    asked: Any = None
    for kind, text in _BLOCK.findall(PAGE.read_text(encoding="utf-8")):
        if kind == "json ask":
            if asked is not None:
                yield asked, None
            asked = json.loads(text)
        elif kind == "json answer":
            yield asked, json.loads(text)
            asked = None
    if asked is not None:
        yield asked, None


def assert_says(found: Any, shown: Any, at: str = "") -> None:
    """What is shown is in what was answered."""
    if shown == ANYTHING:
        return
    if isinstance(shown, dict):
        assert isinstance(found, dict), at
        for key, value in shown.items():
            assert key in found, f"{at}.{key}"
            assert_says(found[key], value, f"{at}.{key}")
    elif isinstance(shown, list):
        assert isinstance(found, list), at
        assert len(found) == len(shown), at
        for place, value in enumerate(shown):
            assert_says(found[place], value, f"{at}[{place}]")
    else:
        assert found == shown, at


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Opened]:
    with opened(tmp_path) as found:
        found.stand.join("r1")
        yield found


def test_every_request_is_answered_as_the_page_says(door: Opened) -> None:
    count = 0
    for asked, shown in exchanges():
        body = json.dumps(asked).encode()
        said = door.say(b"AFANASY %d JSON" % len(body) + body)
        found = json.loads(said.partition(b"JSON")[2]) if said else None
        assert_says(found, shown, json.dumps(asked)[:80])
        count += 1
    assert count > 30


def test_the_jobs_of_afanasys_own_page_are_on_it() -> None:
    jobs = json.loads((Path(__file__).parent / "vectors" / "jobs.json").read_text())
    asked = [request for request, _ in exchanges()]
    assert jobs["minimum"] in asked
    assert jobs["maximum"] in asked


def test_what_is_sent_in_a_shell_is_what_it_says(door: Opened) -> None:
    ((line, _),) = [
        text.split("\n", 1)
        for kind, text in _BLOCK.findall(PAGE.read_text(encoding="utf-8"))
        if kind == "sh"
    ]
    (message,) = re.findall(r"'(.*)'", line)
    assert door.say(message.encode()).startswith(b"AFANASY")
