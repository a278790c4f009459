"""Every request that the Afanasy door knows has a test that proves it."""

from __future__ import annotations

import re

from tools.reference import afanasy_requests as requests

KNOWN = {name for names in requests.groups().values() for name in names}


def test_every_request_is_proved() -> None:
    assert sorted(KNOWN - requests.proofs().keys()) == []


def test_nothing_is_proved_that_the_door_does_not_know() -> None:
    assert sorted(requests.proofs().keys() - KNOWN) == []


def test_the_tables_hold_each_request_once_with_its_tests() -> None:
    text = "\n".join(requests._tables())
    rows = re.findall(r"^\| `([^`]+)` \| \[", text, re.MULTILINE)
    assert sorted(rows) == sorted(KNOWN)
    assert "[a job is deleted](../../tests/doors/afanasy/test_actions_jobs.py)" in text
