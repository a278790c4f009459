"""What the original's own classes write is read, means the same here, and is written again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from grange.doors.afanasy.binary import messages
from grange.doors.afanasy.binary.types import HEADER_BYTES, Kind, header
from tests.doors.afanasy.proves import message_name, note_message, proves

FILE = Path(__file__).parent / "vectors" / "classes.json"
VECTORS: list[dict[str, Any]] = json.loads(FILE.read_text())["vectors"]
KINDS = sorted({Kind(item["kind"]) for item in VECTORS})


def is_said(shown: Any, said: Any, where: str) -> None:
    """All that is said is shown, and nothing else in its place."""
    if isinstance(said, dict):
        assert set(said) <= set(shown), where
        for name, value in said.items():
            is_said(shown[name], value, f"{where}.{name}")
    elif isinstance(said, list):
        assert len(shown) == len(said), where
        for at, value in enumerate(said):
            is_said(shown[at], value, f"{where}[{at}]")
    else:
        assert shown == said, where


@proves(*(message_name(kind, kind.name) for kind in KINDS))
def test_messages_of_the_original_classes_are_written_again_byte_by_byte() -> None:
    for item in VECTORS:
        message = bytes.fromhex(item["hex"])
        kind = header(message[:HEADER_BYTES]).kind
        found = messages.decode(kind, message[HEADER_BYTES:])
        assert messages.encode(kind, found) == message, item["name"]
        note_message(kind, kind.name)


@pytest.mark.parametrize("item", VECTORS, ids=lambda item: item["name"])
def test_messages_of_the_original_classes_mean_what_those_say(item: dict[str, Any]) -> None:
    message = bytes.fromhex(item["hex"])
    found = messages.decode(Kind(item["kind"]), message[HEADER_BYTES:])
    shown = json.loads(msgspec.json.encode(found))
    assert item["said"]
    is_said(shown, item["said"], item["name"])


def test_kinds_that_were_never_recorded_are_here() -> None:
    lists = {Kind.MONITORS_LIST, Kind.USERS_LIST, Kind.BRANCHES_LIST, Kind.POOLS_LIST}
    blocks = {Kind.BLOCKS_PROGRESS, Kind.BLOCKS_PROPERTIES, Kind.BLOCKS}
    assert {*lists, *blocks, Kind.USER_JOBS_ORDER, Kind.TASK, Kind.TASK_FILES} <= set(KINDS)
